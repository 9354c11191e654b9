package mattermost

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/secret"
	"github.com/bellhop-chat/bellhop/providers"
)

// nobody answers no request.
type nobody struct{}

func (nobody) RoundTrip(*http.Request) (*http.Response, error) { return nil, errors.New("nobody") }

func alone() *Client {
	c := New(&Config{URL: "http://127.0.0.1:1", Token: secret.New("a token of ours"), CommandToken: secret.New("commandtokencommandtoken01")},
		providers.Env{System: "mm", HTTP: &http.Client{Transport: nobody{}}, Callback: "https://bellhop.example.com/chat/mm/"})
	c.known.me = hub.User{ID: "bellhopbellhopbellhopbell1", Name: "bellhop", Bot: true}
	return c
}

// FuzzNative holds that nothing the server says crashes us or makes an event that
// is none.
func FuzzNative(f *testing.F) {
	for _, seed := range []string{
		`{"event":"posted","data":{"post":"{\"id\":\"aaaaaaaaaaaaaaaaaaaaaaaaaa\",\"message\":\"@bellhop x\",\"user_id\":\"u\",\"create_at\":1}","mentions":"[\"x\"]","channel_type":"D"},"seq":3}`,
		`{"event":"posted","data":{"post":{"id":"aaaaaaaaaaaaaaaaaaaaaaaaaa","props":{"from_bot":true},"file_ids":["x"]}}}`,
		`{"event":"post_edited","data":{"post":"{}"}}`, `{"event":"post_deleted","data":{"post":"null"}}`,
		`{"event":"reaction_added","data":{"reaction":"{\"post_id\":\"aaaaaaaaaaaaaaaaaaaaaaaaaa\",\"emoji_name\":\"one\"}"}}`,
		`{"event":"user_updated","data":{"user":{"id":"x"}}}`, `{"event":"user_removed","data":{"remover_id":"x"},"broadcast":{"user_id":"y"}}`,
		`{"event":"hello","data":{"connection_id":7}}`, `{"event":"","status":"OK"}`, `{"event":"x","data":[1]}`, `[]`, ``, `{"event":"new_user","data":null}`,
	} {
		f.Add([]byte(seed))
	}
	c := alone()
	f.Fuzz(func(t *testing.T, raw []byte) {
		frame, err := parseFrame(raw)
		if err != nil {
			return
		}
		told, ok := c.translate(context.Background(), &frame, "connection/1")
		if !ok {
			return
		}
		e := told.event
		e.Source = "mm"
		require.NoError(t, e.Validate())
		require.True(t, json.Valid(e.Data), "%s", e.Data)
		var said hub.Chatter
		if e.Type != hub.HubSignalUnsupported {
			require.NoError(t, json.Unmarshal(e.Data, &said))
		}
		require.False(t, said.From.Bot && (said.ForUs || said.Line != ""), "a bot commands us")
	})
}

// refusing is an ear that nothing may reach.
type refusing struct{ t *testing.T }

func (r refusing) Hear(_ context.Context, e *hub.Event) error {
	require.FailNow(r.t, "heard", "%+v", e)
	return nil
}

func (r refusing) Do(_ context.Context, c *hub.Command) (hub.Reply, bool) {
	require.FailNow(r.t, "done", "%+v", c)
	return hub.Reply{}, false
}

func (refusing) Place(context.Context, string) ([]byte, error)  { return nil, nil }
func (refusing) SetPlace(context.Context, string, []byte) error { return nil }

// FuzzReceive holds that what nothing proves does nothing.
func FuzzReceive(f *testing.F) {
	for _, path := range []string{"command", "action", "dialog", "outgoing", "x"} {
		for _, body := range []string{"", "{}", "null", "token=x&text=y", "%zz", `{"context":{"mark":""},"trigger_id":"eDp5Ojc6"}`, `{"state":"a.b.c.d.e"}`, `{"token":"","post_id":"x"}`} {
			f.Add(path, "application/json", []byte(body))
			f.Add(path, "application/x-www-form-urlencoded", []byte(body))
		}
	}
	c := alone()
	f.Fuzz(func(t *testing.T, path, kind string, body []byte) {
		r := c.Receive(context.Background(), path, &providers.Request{
			Method: http.MethodPost, Header: http.Header{"Content-Type": {kind}}, Body: body,
		}, refusing{t})
		require.GreaterOrEqual(t, r.Status, 400)
		require.NotContains(t, string(r.Body), "a token of ours")
	})
}

// FuzzFrames holds that a server's bytes are read as frames or refused.
func FuzzFrames(f *testing.F) {
	for _, seed := range []string{"\x81\x02hi", "\x01\x01h\x80\x01i", "\x89\x00", "\x88\x02\x03\xe8", "\x81\x7e\x00\x03abc", "\x81\x7f\x00\x00\x00\x00\x00\x00\x00\x01a", "\x81\xff\xff", "\xf1\x00", "\x81\x7f\xff\xff\xff\xff\xff\xff\xff\xff"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		in := bytes.NewReader(raw)
		for {
			_, op, payload, err := readFrame(in, 1024)
			if err != nil {
				return
			}
			require.LessOrEqual(t, len(payload), 1024)
			require.Less(t, op, byte(16))
		}
	})
}

func TestNothingPrintsTheKey(t *testing.T) {
	c := alone()
	key := string(c.sealer.key)
	require.Len(t, key, 32)
	for _, printed := range []string{c.sealer.String(), c.sealer.GoString(), c.String(), c.GoString()} {
		require.NotContains(t, printed, key)
	}
}

func TestVersions(t *testing.T) {
	for text, want := range map[string]version{
		"11.2.0.11.2.0.abc.true": {11, 2}, "9.5.0": {9, 5}, "11.10": {11, 10}, "": {}, "x.y": {}, "0.1.2": {}, "dev": {},
	} {
		got, ok := parseVersion(text)
		require.Equal(t, want.major > 0, ok, text)
		if ok {
			require.Equal(t, want, got)
		}
	}
	require.True(t, version{11, 10}.has(version{11, 9}))
	require.True(t, version{12, 0}.has(version{11, 10}))
	require.False(t, version{10, 20}.has(version{11, 0}))
}
