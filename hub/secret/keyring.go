package secret

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
)

// ShortestKey is how many characters a key has at least: 32 random bytes in hex
// or base64 are more.
const ShortestKey = 32

// Keyring seals secrets so that they can be stored. It seals with one key, and
// opens also what an earlier one has sealed.
//
// The seal is AES-256-GCM with a random nonce each. What a secret is for is bound
// to it: sealed for one place it does not open in another. A random nonce is safe
// for 2^32 secrets of one key, which nobody has:
// https://nvlpubs.nist.gov/nistpubs/Legacy/SP/nistspecialpublication800-38d.pdf (8.3)
type Keyring struct {
	current, previous *sealer
}

type sealer struct {
	id   string
	aead cipher.AEAD
}

// NewKeyring makes a Keyring of one key or two: the one that seals, and the one
// before, which may be empty.
func NewKeyring(current, previous Value) (*Keyring, error) {
	if n := len(current.Reveal()); n < ShortestKey {
		return nil, fmt.Errorf("it has %d characters, at least %d are needed; `openssl rand -base64 32` makes one", n, ShortestKey)
	}
	k := &Keyring{}
	var err error
	if k.current, err = newSealer(current); err == nil && !previous.Empty() {
		k.previous, err = newSealer(previous)
	}
	return k, err
}

func newSealer(v Value) (*sealer, error) {
	key, err := hkdf.Key(sha256.New, []byte(v.Reveal()), nil, "bellhop: seal of stored secrets", 32)
	if err != nil {
		return nil, err
	}
	id, err := hkdf.Key(sha256.New, []byte(v.Reveal()), nil, "bellhop: name of the key", 4)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	return &sealer{hex.EncodeToString(id), aead}, err
}

// ID names the key that seals. It tells nothing else of it.
func (k *Keyring) ID() string { return k.current.id }

// WrongKeyError is that a secret was sealed with a key that is not here.
type WrongKeyError struct {
	Sealed string   // the id of the key that it was sealed with
	Have   []string // of those that are here
}

func (e *WrongKeyError) Error() string {
	return fmt.Sprintf("it was sealed with the key %s, and the key here is %v", e.Sealed, e.Have)
}

// Seal makes a text of v that only Open reads, with the same words for what it is
// for.
func (k *Keyring) Seal(v Value, purpose ...string) string {
	return base64.RawStdEncoding.EncodeToString(k.current.aead.Seal(nil, nil, []byte(v.Reveal()), bound(purpose))) //nolint:gosec // G407: this AEAD makes the nonce itself
}

// Open is what was sealed by the key called id.
func (k *Keyring) Open(id, sealed string, purpose ...string) (Value, error) {
	s := k.current
	if k.previous != nil && id == k.previous.id {
		s = k.previous
	}
	if id != s.id {
		have := []string{k.current.id}
		if k.previous != nil {
			have = append(have, k.previous.id)
		}
		return Value{}, &WrongKeyError{id, have}
	}
	data, err := base64.RawStdEncoding.DecodeString(sealed)
	if err != nil {
		return Value{}, errors.New("it is no sealed secret")
	}
	plain, err := s.aead.Open(nil, nil, data, bound(purpose))
	if err != nil {
		return Value{}, errors.New("it does not open: it was changed, or sealed for something else")
	}
	return New(string(plain)), nil
}

// bound are words that none other make: each follows its length.
func bound(words []string) []byte {
	var b []byte
	for _, w := range words {
		b = binary.AppendUvarint(b, uint64(len(w)))
		b = append(b, w...)
	}
	return b
}

// shortestShown is how long a secret must be for its end to be shown.
const shortestShown = 12

// Ends are the last four characters of a long secret, by which people tell it
// from another.
func (v Value) Ends() string {
	s := v.Reveal()
	if len(s) < shortestShown {
		return ""
	}
	end := s[len(s)-4:]
	for _, c := range []byte(end) {
		if c <= ' ' || c > '~' { // not in the middle of a character
			return ""
		}
	}
	return end
}
