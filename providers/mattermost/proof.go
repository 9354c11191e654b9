package mattermost

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/mattermost/mattermost/server/public/model"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/secret"
)

// Mattermost signs none of its callbacks as a whole. What proves them:
//
// A slash command and an outgoing webhook carry the token that the server made
// for them.
//
// The context of a button is known to the server and to us: clients get posts
// without it, or encrypted by the server. A mark in it (sealer) ties the hub's
// token to the channel. Who pressed is told by the trigger id, which the server
// signs for that user and moment, with a key whose public half is in the
// client's configuration:
// https://github.com/mattermost/mattermost/blob/master/server/channels/app/integration_action.go
//
// A dialog's state goes to the client of the person for whom it is opened, who
// could send it here by other ways than the server and in another's name: so the
// mark in it is tied to that person.

// freshness is how old a trigger id may be, or how far ahead its clock.
const freshness = 5 * time.Minute

// sealer makes and checks marks that only who knows the bot's token can make.
type sealer struct{ key []byte }

func newSealer(token secret.Value, system hub.System) sealer {
	mac := hmac.New(sha256.New, []byte(token.Reveal()))
	mac.Write([]byte("bellhop callbacks of " + system))
	return sealer{mac.Sum(nil)}
}

// String keeps fmt from printing the key.
func (sealer) String() string { return secret.Mark }

// GoString is String.
func (sealer) GoString() string { return secret.Mark }

// seal is the mark of parts: 128 bits.
func (s sealer) seal(parts ...string) string {
	mac := hmac.New(sha256.New, s.key)
	for _, p := range parts {
		fmt.Fprintf(mac, "%d:%s", len(p), p)
	}
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil)[:16])
}

func (s sealer) sealed(mark string, parts ...string) bool {
	return hmac.Equal([]byte(mark), []byte(s.seal(parts...)))
}

// oneOf compares a token with each that is right, in the same time for all.
func oneOf(right []string, token string) bool {
	found := 0
	for _, r := range right {
		found |= subtle.ConstantTimeCompare([]byte(r), []byte(token))
	}
	return found == 1 && token != ""
}

// trigger is what a trigger id says: "client's id:user:milliseconds:signature"
// in base64.
type trigger struct {
	ID        string
	User      string
	At        time.Time
	signed    string
	signature []byte
}

func parseTrigger(id string) (trigger, error) {
	raw, err := base64.StdEncoding.DecodeString(id)
	if err != nil {
		return trigger{}, errors.New("the trigger id is not base64")
	}
	parts := strings.Split(string(raw), ":")
	if len(parts) != 4 {
		return trigger{}, errors.New("the trigger id has not its four parts")
	}
	millis, err := strconv.ParseInt(parts[2], 10, 64)
	if err != nil {
		return trigger{}, errors.New("the trigger id has no time")
	}
	signature, err := base64.StdEncoding.DecodeString(parts[3])
	if err != nil {
		return trigger{}, errors.New("the trigger id's signature is not base64")
	}
	return trigger{
		ID: parts[0], User: parts[1], At: time.UnixMilli(millis),
		signed: strings.Join(parts[:3], ":") + ":", signature: signature,
	}, nil
}

// fits says whether a trigger is user's and new.
func (t trigger) fits(user string, now time.Time) error {
	switch age := now.Sub(t.At).Abs(); {
	case t.User != user:
		return errors.New("the trigger id is another user's")
	case age > freshness:
		return fmt.Errorf("the trigger id is %s old", age.Round(time.Second))
	}
	return nil
}

// signingKey is the server's public key, asked for once an hour.
type signingKey struct {
	mu    sync.Mutex
	key   *ecdsa.PublicKey // nil: the server publishes none
	since time.Time
}

const keyLife = time.Hour

// errNoKey is that the server could not be asked for its key.
var errNoKey = errors.New("the server's signing key is not known")

// genuine checks a trigger's signature. A server that publishes no key leaves
// the trigger unproved: what is sealed in the context is all there is then.
func (c *Client) genuine(ctx context.Context, t trigger) error {
	key, fresh, err := c.publicKey(ctx, keyLife)
	if err != nil {
		return err
	}
	if key == nil || verified(key, t) {
		return nil
	}
	if !fresh { // it may be a new one by now
		if key, _, err = c.publicKey(ctx, 10*time.Second); err != nil {
			return err
		}
		if key == nil || verified(key, t) {
			return nil
		}
	}
	return errors.New("the trigger id is not signed by the server")
}

func verified(key *ecdsa.PublicKey, t trigger) bool {
	sum := crypto.SHA256.New()
	sum.Write([]byte(t.signed))
	return ecdsa.VerifyASN1(key, sum.Sum(nil), t.signature)
}

// publicKey is the server's key, at most so old; fresh is that it was asked for
// just now.
func (c *Client) publicKey(ctx context.Context, life time.Duration) (key *ecdsa.PublicKey, fresh bool, err error) {
	c.signing.mu.Lock()
	defer c.signing.mu.Unlock()
	if !c.signing.since.IsZero() && time.Since(c.signing.since) < life {
		return c.signing.key, false, nil
	}
	key, err = c.askKey(ctx)
	if err != nil {
		if !c.signing.since.IsZero() {
			return c.signing.key, false, nil
		}
		return nil, false, fmt.Errorf("%w: %w", errNoKey, err)
	}
	c.signing.key, c.signing.since = key, time.Now()
	return key, true, nil
}

// askKey reads it from the client's configuration. Old servers insist on the
// format: https://developers.mattermost.com/api-documentation/#/operations/GetClientConfig
func (c *Client) askKey(ctx context.Context) (*ecdsa.PublicKey, error) {
	answer, err := c.api.DoAPIGet(ctx, "/config/client?format=old", "")
	if err != nil {
		return nil, c.judge("config/client", model.BuildResponse(answer), err)
	}
	defer answer.Body.Close()
	var config struct{ AsymmetricSigningPublicKey string }
	if err := json.NewDecoder(answer.Body).Decode(&config); err != nil {
		return nil, c.judge("config/client", model.BuildResponse(answer), err)
	}
	if config.AsymmetricSigningPublicKey == "" {
		return nil, nil //nolint:nilnil // there is none
	}
	der, err := base64.StdEncoding.DecodeString(config.AsymmetricSigningPublicKey)
	if err != nil {
		return nil, errors.New("the server's signing key is not base64")
	}
	key, err := x509.ParsePKIXPublicKey(der)
	if err != nil {
		return nil, errors.New("the server's signing key cannot be read")
	}
	public, ok := key.(*ecdsa.PublicKey)
	if !ok {
		return nil, fmt.Errorf("the server's signing key is a %T", key)
	}
	return public, nil
}
