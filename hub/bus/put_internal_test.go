package bus

import (
	"encoding/json"
	"testing"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"
)

func TestPlainAck(t *testing.T) {
	ack, ok := plainAck([]byte(`{"stream":"EVENTS","seq":18446744073709551615}`))
	require.True(t, ok)
	require.Equal(t, Ack{Seq: 1<<64 - 1}, ack)
	for _, other := range []string{
		``, `{}`, `{"stream":"","seq":7}`, `{"stream":"EVENTS","seq":}`, `{"stream":"EVENTS","seq":-7}`, `{"stream":"EVENTS","seq":7`,
		`{"stream":"EVENTS","seq":7,"duplicate": true}`, `{"stream":"EVENTS","domain":"leaf","seq":7}`, `{"stream":"a\"b","seq":7}`,
		`{"error":{"code":503},"stream":"EVENTS","seq":7}`, `{"stream":"EVENTS","seq":18446744073709551616}`,
	} {
		_, ok := plainAck([]byte(other))
		require.False(t, ok, other)
	}
}

func TestParseAck(t *testing.T) {
	ack, err := parseAck([]byte(`{"stream":"EVENTS","domain":"leaf","seq":7,"duplicate": true}`))
	require.NoError(t, err)
	require.Equal(t, Ack{Seq: 7, Duplicate: true}, ack)
	_, err = parseAck([]byte(`{"error":{"code":400,"err_code":10077,"description":"maximum messages exceeded"},"stream":"NOTIFY","seq":0}`))
	require.True(t, isAPI(err, 10077))
	for _, bad := range []string{``, `{}`, `{"seq":7}`, `[]`} {
		_, err = parseAck([]byte(bad))
		require.ErrorIs(t, err, jetstream.ErrInvalidJSAck, bad)
	}
}

// What is read by hand is what the library would read.
func FuzzPlainAck(f *testing.F) {
	f.Add([]byte(`{"stream":"EVENTS","seq":7}`))
	f.Add([]byte(`{"stream":"EVENTS","seq":007}`))
	f.Add([]byte(`{"stream":"E","seq":7,"seq":8}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		ack, ok := plainAck(data)
		if !ok || !json.Valid(data) {
			return
		}
		want, err := parseAck(data)
		require.NoError(t, err)
		require.Equal(t, want, ack)
	})
}
