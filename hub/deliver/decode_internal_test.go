package deliver

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers"
)

// TestDecodeSharesMessages holds that what one event says to many chats is read once,
// and that what is said later is kept in place of what was said long ago.
func TestDecodeSharesMessages(t *testing.T) {
	t.Parallel()
	var d decoder
	read := func(chat, title string) *hub.Notification {
		n := hub.Notification{
			Version: 1, ID: hub.NotificationID("n-" + chat), Chat: hub.Chat{System: "slack", ID: chat}, Again: 3,
			Message: hub.Message{Text: "<b>&", Card: &hub.Card{Title: title, Tags: []hub.Label{{Name: "go"}}}, Thread: "meta/topic/1"},
		}
		body, err := json.Marshal(n)
		require.NoError(t, err)
		got, err := d.decode(whole(body))
		require.NoError(t, err)
		require.Equal(t, &n, got)
		return got
	}
	first := read("a", "one").Message.Card
	require.Same(t, first, read("b", "one").Message.Card)
	require.NotSame(t, first, read("b", "two").Message.Card)
	for i := range 3 {
		read("c", fmt.Sprint(i)+strings.Repeat("x", mostDecoded*2/3))
	}
	require.NotSame(t, first, read("a", "one").Message.Card)
	require.LessOrEqual(t, len(d.young)+len(d.old), 3)
}

func TestDecodeRefuses(t *testing.T) {
	t.Parallel()
	var d decoder
	for body, rejected := range map[string]bool{
		`{"v":1,"id":"n1","message":{"card":7}}`:       true,
		`{"v":1,"id":"n1","message":{"text":"x"`:       true,
		`{"v":1,"id":"n1","message":null}`:             false,
		`{"v":1,"id":"n1"}`:                            false,
		`{"id":"n1","id":"n1","message":{"text":"x"}}`: false, // as other languages may write it
	} {
		n, err := d.decode(whole([]byte(body)))
		require.Equal(t, hub.NotificationID("n1"), n.ID, body)
		if rejected {
			require.Equal(t, hub.FaultRejected, providers.FaultOf(err), body)
		} else {
			require.NoError(t, err, body)
		}
	}
	twice, err := d.decode(whole([]byte(`{"v":1,"id":"n1","message":{"text":"x"},"message":{"thread":"t"}}`)))
	require.NoError(t, err)
	require.Equal(t, hub.Message{Thread: "t"}, twice.Message, "the last one counts, and is kept as it is")
	n, err := d.decode(whole([]byte(`{"v":99,"id":"n1","message":{"text":"x"}}`)))
	require.True(t, errors.Is(err, errTooNew))
	require.Equal(t, "x", n.Message.Text)
}

// FuzzDecode reads what may be on the bus with a decoder that knows some messages, with
// one that knows none, and as lanes keep it, by itself and with another: they agree.
func FuzzDecode(f *testing.F) {
	const known, empty = `{"text":"x","card":{"title":"t"}}`, `{}`
	for _, body := range []string{
		`{"v":1,"id":"n1","system":"slack","chat":"C1","message":` + known + `}`,
		`{"v":1,"id":"n1","message":` + empty + `,"again":2}`,
		`{"v":1,"message":` + empty + `,"id":"n1","message":` + known + `}`,
		`{"v":1,"id":"n1","other":{"a":1,"message":` + known + `}}`,
		`{"v":1,"id":",\"message\":{}"}`,
		`{"v":1,"id":"n1","message":` + known + `} `,
		`{,"message":{}}`,
		`[1,"message":{}}`,
	} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var knows, fresh decoder
		for _, m := range []string{known, empty, "null"} {
			_, err := knows.decode(whole([]byte(`{"v":1,"id":"n0","message":` + m + `}`)))
			require.NoError(t, err)
		}
		want, wantErr := fresh.decode(whole(body))
		got, err := knows.decode(whole(body))
		require.Equal(t, wantErr == nil, err == nil, "%v, %v", wantErr, err)
		if err == nil {
			require.Equal(t, want, got)
		}
		kept := newBodies(1 << 20)
		for range 2 {
			b, ok := kept.keep(body)
			require.True(t, ok)
			require.Equal(t, string(body), string(b.all()))
			got, err := knows.decode(b)
			require.Equal(t, wantErr == nil, err == nil, "%v, %v", wantErr, err)
			if err == nil {
				require.Equal(t, want, got)
			}
		}
	})
}
