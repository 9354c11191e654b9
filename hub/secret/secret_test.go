package secret_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub/secret"
)

const plain = "xoxb-must-not-surface"

// holder keeps a Value where fmt cannot call its methods.
type holder struct {
	Open   secret.Value
	hidden secret.Value
	many   []secret.Value
}

func TestValueNeverPrints(t *testing.T) {
	v := secret.New(plain)
	h := holder{Open: v, hidden: v, many: []secret.Value{v}}
	var out bytes.Buffer
	for _, x := range []any{v, &v, h, &h, []holder{h}, map[string]any{"v": v, "h": h}, fmt.Errorf("with %v", v)} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			fmt.Fprintf(&out, verb, x)
		}
		slog.New(slog.NewTextHandler(&out, nil)).Info("said", "x", x)
		slog.New(slog.NewJSONHandler(&out, nil)).Info("said", "x", x)
		require.NoError(t, json.NewEncoder(&out).Encode(x))
	}
	require.NotContains(t, out.String(), plain)
	require.NotContains(t, out.String(), fmt.Sprintf("%x", plain))
	require.Contains(t, out.String(), secret.Mark)
}

func TestValueReveals(t *testing.T) {
	require.Equal(t, plain, secret.New(plain).Reveal())
	require.False(t, secret.New(plain).Empty())
	for _, empty := range []secret.Value{{}, secret.New("")} {
		require.True(t, empty.Empty())
		require.Empty(t, empty.Reveal())
		require.Empty(t, empty.String())
	}
	var v secret.Value
	require.NoError(t, v.UnmarshalText([]byte(plain)))
	require.Equal(t, plain, v.Reveal())
}

func TestRedact(t *testing.T) {
	text := secret.Redact("token "+plain+" refused, "+plain, secret.New(plain), secret.Value{})
	require.Equal(t, "token [secret] refused, [secret]", text)
}
