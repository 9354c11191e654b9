package server

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/bellhop-chat/bellhop/hub/config"
	"github.com/bellhop-chat/bellhop/hub/secret"
)

// keys finds the key that seals stored secrets: that of the configuration, or one
// that is made at first need and kept in the data directory.
type keys struct {
	config *config.Config

	mu   sync.Mutex
	ring *secret.Keyring
}

// errNoKey is that none is there, and none was to be made.
var errNoKey = errors.New("there is no key")

func (k *keys) path() string { return filepath.Join(k.config.Server.DataDir, "secret.key") }

// keyIsKept reports whether the data directory has a key.
func keyIsKept(c *config.Config) bool {
	_, err := os.Stat((&keys{config: c}).path())
	return err == nil
}

// get finds the key. Where there is none it makes one, or says errNoKey.
func (k *keys) get(mayMake bool) (*secret.Keyring, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.ring != nil {
		return k.ring, nil
	}
	c := &k.config.Server
	kept, err := k.read()
	if err != nil {
		return nil, err
	}
	current, previous := c.SecretKey, c.PreviousSecretKey
	switch {
	case !current.Empty() && previous.Empty(): // it may have been used before the other was set
		previous = kept
	case current.Empty() && !kept.Empty():
		current = kept
	case current.Empty() && mayMake:
		if current, err = k.create(); err != nil {
			return nil, err
		}
	}
	if current.Empty() {
		return nil, errNoKey
	}
	k.ring, err = secret.NewKeyring(current, previous)
	if err != nil {
		return nil, fmt.Errorf("the key in %s: %w", k.where(), err)
	}
	return k.ring, nil
}

// where is where the key comes from, in words.
func (k *keys) where() string {
	if !k.config.Server.SecretKey.Empty() {
		return "server.secret_key"
	}
	return k.path()
}

func (k *keys) read() (secret.Value, error) {
	text, err := os.ReadFile(k.path())
	switch {
	case errors.Is(err, os.ErrNotExist):
		return secret.Value{}, nil
	case err != nil:
		return secret.Value{}, fmt.Errorf("read the key of stored secrets: %w", err)
	case strings.TrimSpace(string(text)) == "":
		return secret.Value{}, fmt.Errorf("%s is empty: it held the key of the stored secrets. Put it back from a backup, or remove the file if nothing was sealed with it", k.path())
	}
	return secret.New(strings.TrimSpace(string(text))), nil
}

// create makes a key and keeps it. Of two processes that do so at once, both take
// the one that is kept first.
func (k *keys) create() (secret.Value, error) {
	var random [32]byte
	_, _ = rand.Read(random[:]) // never fails: https://pkg.go.dev/crypto/rand#Read
	if err := os.MkdirAll(k.config.Server.DataDir, 0o700); err != nil {
		return secret.Value{}, fmt.Errorf("make the data directory: %w", err)
	}
	text := base64.StdEncoding.EncodeToString(random[:])
	half, err := os.CreateTemp(k.config.Server.DataDir, ".secret-*") // 0600
	if err == nil {
		defer func() { _ = os.Remove(half.Name()) }()
		_, err = half.WriteString(text + "\n")
		err = errors.Join(err, half.Sync(), half.Close())
	}
	if err == nil {
		err = os.Link(half.Name(), k.path()) // whole, or not at all
	}
	if errors.Is(err, os.ErrExist) {
		return k.read()
	}
	if err != nil {
		return secret.Value{}, fmt.Errorf("keep the key of stored secrets that was made: %w", err)
	}
	return secret.New(text), nil
}

// wrongKey puts into words that stored secrets cannot be opened.
func (k *keys) wrongKey(what string, err error) error {
	const mend = "Put the right key back (server.secret_key, or the file), or name it in server.previous_secret_key if you have changed it. " +
		`If it is lost, docs/operations.md says under "The secret key" how to begin anew`
	if wrong, ok := errors.AsType[*secret.WrongKeyError](err); ok {
		return fmt.Errorf("the secrets of %s were sealed with the key %s, but the key in %s is %s. %s", what, wrong.Sealed, k.where(), strings.Join(wrong.Have, ", "), mend)
	}
	if errors.Is(err, errNoKey) {
		return fmt.Errorf("the secrets of %s are sealed, and the key is neither in server.secret_key nor in %s. %s", what, k.path(), mend)
	}
	return fmt.Errorf("the secrets of %s cannot be opened: %w. %s", what, err, mend)
}
