package admin

import (
	"cmp"
	"context"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/alexedwards/argon2id"

	"github.com/bellhop-chat/bellhop/hub"
)

// The lengths of a password. It is digested whatever it holds; the upper bound
// keeps what is digested small.
const (
	shortestPassword = 10  // characters
	longestPassword  = 256 // bytes
)

// hardness is what a guess costs:
// https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html#argon2id
var hardness = &argon2id.Params{Memory: 19 * 1024, Iterations: 2, Parallelism: 1, SaltLength: 16, KeyLength: 32}

// passwordProblem says what is wrong with a new password, "" for nothing.
func passwordProblem(password string, a *hub.Account) string {
	switch {
	case utf8.RuneCountInString(password) < shortestPassword:
		return fmt.Sprintf("has fewer than %d characters", shortestPassword)
	case len(password) > longestPassword:
		return fmt.Sprintf("is longer than %d bytes", longestPassword)
	case strings.EqualFold(password, a.Login) || a.Email != "" && strings.EqualFold(password, a.Email):
		return "is the name"
	}
	return ""
}

// hash makes the digest of a password.
func (s *Server) hash(ctx context.Context, password string) (string, error) {
	leave, err := s.gate.enter(ctx)
	if err != nil {
		return "", err
	}
	defer leave()
	return argon2id.CreateHash(password, hardness)
}

// nobody is the digest that the password of nobody is compared with, so that it
// takes as long as that of somebody.
var nobody = sync.OnceValues(func() (string, error) { return argon2id.CreateHash(random(), hardness) })

// fits reports whether a password is that of an account; a may be nil.
func (s *Server) fits(ctx context.Context, a *hub.Account, password string) (bool, error) {
	none, err := nobody()
	if err != nil {
		return false, err
	}
	digest := none
	if a != nil {
		digest = cmp.Or(a.Password, none)
	}
	leave, err := s.gate.enter(ctx)
	if err != nil {
		return false, err
	}
	defer leave()
	if len(password) > longestPassword {
		password = ""
	}
	same, err := argon2id.ComparePasswordAndHash(password, digest)
	return same && a != nil && a.Password != "" && !a.Disabled, err
}

// gate bounds how many passwords are digested at a time: each takes 19 MiB.
type gate chan struct{}

const (
	gateWidth    = 2
	gatePatience = 5 * time.Second
)

// enter waits until there is room.
func (g gate) enter(ctx context.Context) (leave func(), err error) {
	ctx, cancel := context.WithTimeout(ctx, gatePatience)
	defer cancel()
	select {
	case g <- struct{}{}:
		return func() { <-g }, nil
	case <-ctx.Done():
		return nil, hub.Errorf(hub.CodeUnavailable, "too many sign in at the moment; try again in a minute")
	}
}

// How often may be guessed before one has to wait: a minute at first, then twice
// as long each time.
const (
	freeTries        = 5 // of one name
	freeAddressTries = 20
	firstWait        = time.Minute
	longestWait      = time.Hour
	triesForgotten   = 24 * time.Hour
	mostTries        = 20_000 // that are kept
)

const (
	nameTries    = "name:"
	addressTries = "address:"
)

// waitAfter is how long has to be waited after so many tries that failed.
func waitAfter(key string, t hub.Tries) time.Duration {
	free := freeTries
	if strings.HasPrefix(key, addressTries) {
		free = freeAddressTries
	}
	if t.Failed < free {
		return 0
	}
	if doubled := t.Failed - free; doubled < 6 {
		return firstWait << doubled
	}
	return longestWait
}

// tryKeys are what tries are counted under: digests, as a name that is typed may
// be a password.
func tryKeys(login, address string) []string {
	if at, err := netip.ParseAddr(address); err == nil && at.Is6() && !at.Is4In6() {
		if network, err := at.Prefix(64); err == nil { // which one customer has
			address = network.String()
		}
	}
	return []string{nameTries + hub.Digest(nameTries, strings.ToLower(login)), addressTries + hub.Digest(addressTries, address)}
}

// waitError is that one has to wait before the next try.
type waitError struct{ left time.Duration }

func (e *waitError) Error() string {
	return fmt.Sprintf("too many tries that failed: wait %s, then try again", rounded(e.left))
}

// rounded is never less than what is left.
func rounded(left time.Duration) time.Duration {
	unit := time.Second
	if left > 2*time.Minute {
		unit = time.Minute
	}
	return (left + unit - 1).Truncate(unit)
}

// prove finds out whether a password is that of login, and counts the try. The
// account is nil if it is not; left is how many tries there are before one has to
// wait. It takes as long for a name that nobody has.
func (s *Server) prove(ctx context.Context, login, password, address string) (a *hub.Account, left int, err error) {
	keys := tryKeys(login, address)
	tries, blocked, err := s.Tries.Try(ctx, keys, s.Now(), triesForgotten, waitAfter)
	if err != nil {
		return nil, 0, err
	}
	if blocked > 0 {
		return nil, 0, &waitError{blocked}
	}
	if a, err = s.Accounts.FindLogin(ctx, login); err != nil {
		return nil, 0, err
	}
	ok, err := s.fits(ctx, a, password)
	if err != nil {
		return nil, 0, err
	}
	if !ok {
		if err := s.Tries.PruneTries(ctx, s.Now().Add(-triesForgotten), mostTries); err != nil {
			s.Log.WarnContext(ctx, "old tries to sign in could not be forgotten", "err", err)
		}
		s.Log.WarnContext(ctx, "login refused", "from", address, "failed", tries[0].Failed)
		return nil, max(0, freeTries-tries[0].Failed), nil
	}
	return a, 0, s.Tries.Succeed(ctx, keys[1:], keys[:1])
}
