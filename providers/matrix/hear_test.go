package matrix

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/secret"
	"github.com/bellhop-chat/bellhop/providers"
)

// FuzzHear feeds what strangers write, and what their servers make of it.
func FuzzHear(f *testing.F) {
	for _, raw := range []string{
		`{"type":"m.room.message","event_id":"$1","sender":"@a:b","content":{"msgtype":"m.text","body":"!discourse watch"}}`,
		`{"type":"m.room.message","event_id":"$1","sender":"@a:b","content":{"msgtype":"m.text","body":"> <@a:b> x\n\nBell Hop: y","formatted_body":"<mx-reply>x</mx-reply><a href=\"https://matrix.to/#/@bellhop:example.org\">Bell Hop</a>: y","m.relates_to":{"m.in_reply_to":{"event_id":"$0"}}}}`,
		`{"type":"m.room.message","event_id":"$1","sender":"@a:b","content":{"msgtype":"m.text","body":"* [x](https://matrix.to/#/@bellhop:example.org)","m.new_content":{"msgtype":"m.text","body":"x"},"m.relates_to":{"rel_type":"m.replace","event_id":"$0"}}}`,
		`{"type":"m.room.message","event_id":"$1","sender":"@a:b","content":{"msgtype":"m.file","body":"a","filename":"b","info":{"size":1e300}}}`,
		`{"type":"m.reaction","event_id":"$1","sender":"@a:b","content":{"m.relates_to":{"rel_type":"m.annotation","event_id":"$0","key":"1\ufe0f\u20e3"}}}`,
		`{"type":"m.room.redaction","event_id":"$1","sender":"@a:b","redacts":"$0","content":{}}`,
		`{"type":"m.room.member","event_id":"$1","sender":"@a:b","state_key":"@c:d","content":{"membership":"leave"},"unsigned":{"prev_content":{"membership":"join"}}}`,
		`{"type":"m.room.create","event_id":"$1","sender":"@a:b","state_key":"","content":{},"origin_server_ts":1e18}`,
		`{"type":"m.room.encrypted","event_id":"$1","sender":"@bellhop:example.org","content":{}}`,
		`{"type":"x"}`, `[]`, ``,
	} {
		f.Add([]byte(raw))
	}
	c, err := New(Config{
		HomeserverURL: "https://matrix.example", Token: secret.New("t"), UserID: "@bellhop:example.org", MsgType: "m.notice",
	}, providers.Env{System: "matrix"})
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, raw []byte) {
		l := &listening{c: c, atlas: newAtlas(), reactions: newReactions(), name: "Bell Hop"}
		v := &visit{l: l, f: l.atlas.room("!room:example.org")}
		v.f.joined = 2
		v.arrived([]json.RawMessage{raw})
		n, err := decode(raw)
		if err != nil {
			valid(t, v.unreadable(raw, err))
			return
		}
		v.learn(&n)
		v.f.moved(n.member())
		v.early(&n)
		for range 2 { // a redaction may meet what it takes back
			if e := v.translate(&n); e != nil {
				valid(t, e)
				heedful(t, &n, e)
			}
		}
	})
}

func valid(t *testing.T, e *hub.Event) {
	t.Helper()
	e.Source = "matrix"
	require.NoError(t, e.Validate())
	_, err := json.Marshal(e)
	require.NoError(t, err)
	require.False(t, e.Time.After(time.Now().Add(25*time.Hour)))
}

// heedful requires that nobody but a person, saying something new, commands us.
func heedful(t *testing.T, n *native, e *hub.Event) {
	t.Helper()
	var c hub.Chatter
	if e.Type.Family() != "chat" {
		return
	}
	require.NoError(t, json.Unmarshal(e.Data, &c))
	if c.Line != "" {
		require.True(t, c.ForUs)
	}
	if c.ForUs {
		require.Equal(t, hub.ChatMessagePosted, e.Type)
		require.False(t, c.From.Bot)
		require.NotEqual(t, "@bellhop:example.org", n.Sender)
	}
	require.False(t, strings.Contains(c.Reaction, "\ufe0e"))
}

func TestGapKeepsOrder(t *testing.T) {
	g := gap{pages: []gapPage{
		{from: "t4", events: []json.RawMessage{[]byte("4"), []byte("3")}},
		{from: "t2", events: []json.RawMessage{[]byte("2"), []byte("1")}},
	}}
	var got []string
	require.NoError(t, g.each(t.Context(), func(_, events []json.RawMessage) error {
		for _, e := range events {
			got = append(got, string(e))
		}
		return nil
	}))
	require.True(t, slices.Equal([]string{"1", "2", "3", "4"}, got), got)
}

func TestReactionsAreForgotten(t *testing.T) {
	r := newReactions()
	r.remember("$first", reaction{ref: "$x"})
	for i := range maxReactions {
		r.remember("$"+hub.Digest(string(rune(i))), reaction{})
	}
	_, known := r.find("$first")
	require.False(t, known)
	require.Len(t, r.known, len(r.order))
	require.LessOrEqual(t, len(r.order), maxReactions)
}

func TestUnmarked(t *testing.T) {
	for html, want := range map[string]string{
		"<p>a &lt; <em>b</em></p><p>c<br>d</p>":                       "a < b\n\nc\nd",
		"<ul><li>a</li><li>b</li></ul><p>c</p>":                       "• a\n• b\n\nc",
		`<a href="https://x.example/?a=1&amp;b=2">x</a>`:              "x (https://x.example/?a=1&b=2)",
		`<a href="https://x.example">https://x.example</a>`:           "https://x.example",
		"<pre><code>a\n\tb</code></pre><hr><h3>c</h3>":                "a\n\tb\n\nc",
		"<table><thead><tr><th>a</th><th>b</th></tr></thead></table>": "a b",
	} {
		require.Equal(t, want, unmarked(html), html)
	}
}
