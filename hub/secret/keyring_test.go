package secret_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub/secret"
)

var (
	oldKey = secret.New(strings.Repeat("old key ", 5))
	newKey = secret.New(strings.Repeat("new key ", 5))
)

func ring(t *testing.T, current, previous secret.Value) *secret.Keyring {
	t.Helper()
	k, err := secret.NewKeyring(current, previous)
	require.NoError(t, err)
	return k
}

func TestSeal(t *testing.T) {
	k := ring(t, newKey, secret.Value{})
	sealed := k.Seal(secret.New(plain), "source", "meta", "secret")
	require.NotContains(t, sealed, plain)
	require.NotEqual(t, sealed, k.Seal(secret.New(plain), "source", "meta", "secret"), "each has a nonce of its own")
	opened, err := k.Open(k.ID(), sealed, "source", "meta", "secret")
	require.NoError(t, err)
	require.Equal(t, plain, opened.Reveal())
	for _, other := range [][]string{{"source", "meta", "api_key"}, {"source", "met", "asecret"}, {"source", "meta"}, {"source", "meta", "secret", ""}, nil} {
		_, err := k.Open(k.ID(), sealed, other...)
		require.ErrorContains(t, err, "sealed for something else", other)
	}
	for _, torn := range []string{"", "!", sealed[:len(sealed)-4], "A" + sealed[1:]} {
		if torn == sealed {
			continue
		}
		_, err := k.Open(k.ID(), torn, "source", "meta", "secret")
		require.Error(t, err)
		require.NotContains(t, err.Error(), plain)
	}
}

func TestKeyIsChanged(t *testing.T) {
	before := ring(t, oldKey, secret.Value{})
	sealed := before.Seal(secret.New(plain), "x")
	alone := ring(t, newKey, secret.Value{})
	require.NotEqual(t, before.ID(), alone.ID())
	_, err := alone.Open(before.ID(), sealed, "x")
	var wrong *secret.WrongKeyError
	require.ErrorAs(t, err, &wrong)
	require.Equal(t, before.ID(), wrong.Sealed)
	require.Equal(t, []string{alone.ID()}, wrong.Have)
	both := ring(t, newKey, oldKey)
	opened, err := both.Open(before.ID(), sealed, "x")
	require.NoError(t, err)
	require.Equal(t, plain, opened.Reveal())
	require.Equal(t, alone.ID(), both.ID(), "it seals with the new one")
}

func TestKeyThatIsTooShort(t *testing.T) {
	_, err := secret.NewKeyring(secret.New("short"), secret.Value{})
	require.ErrorContains(t, err, "5 characters, at least 32")
}

func TestEnds(t *testing.T) {
	for text, want := range map[string]string{
		"": "", "elevenchars": "", "twelve chars": "hars", "xoxb-0123456789abcdef9f3c": "9f3c", "ends in a ü": "", "a long one, ends in ü": "", "ends in blank ": "",
	} {
		require.Equal(t, want, secret.New(text).Ends(), text)
	}
}

func FuzzOpen(f *testing.F) {
	k, err := secret.NewKeyring(newKey, oldKey)
	require.NoError(f, err)
	f.Add(k.ID(), k.Seal(secret.New(plain), "a"))
	f.Add("", "")
	f.Fuzz(func(t *testing.T, id, sealed string) {
		v, err := k.Open(id, sealed, "b")
		require.Error(t, err, "nothing was ever sealed for this")
		require.True(t, v.Empty())
	})
}
