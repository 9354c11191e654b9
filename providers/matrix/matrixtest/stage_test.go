package matrixtest_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/providers/matrix/matrixtest"
)

const (
	anna = "@anna:example.org"
	room = "!general:example.org"
	v3   = "/_matrix/client/v3"
)

// ask makes a request as the account does.
func ask(t *testing.T, base, method, path, body string) (int, map[string]any, error) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, base+v3+path, strings.NewReader(body))
	require.NoError(t, err)
	r.Header.Set("Authorization", "Bearer secret")
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, nil, err
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	var said map[string]any
	require.NoError(t, json.Unmarshal(raw, &said), "%s", raw)
	return res.StatusCode, said, nil
}

func open(t *testing.T) (*matrixtest.Platform, string) {
	p := matrixtest.New("secret", "@bot:example.org")
	server := httptest.NewServer(p)
	t.Cleanup(func() {
		p.Break()
		server.Close()
	})
	return p, server.URL
}

// A wait that is cut ends without an answer, and one that is not, with what is
// new.
func TestBreak(t *testing.T) {
	p, base := open(t)
	waiting := func() chan error {
		ended := make(chan error)
		since := p.Now()
		go func() {
			_, said, err := ask(t, base, http.MethodGet, "/sync?timeout=20000&since="+since, "")
			if err == nil && said["next_batch"] == since {
				err = io.ErrNoProgress
			}
			ended <- err
		}()
		return ended
	}
	ended := waiting()
	for cut := false; !cut; { // as soon as it waits
		p.Break()
		select {
		case err := <-ended:
			require.Error(t, err)
			require.NotErrorIs(t, err, io.ErrNoProgress)
			cut = true
		default:
		}
	}
	ended = waiting()
	p.Post(room, anna, "m.room.message", map[string]any{"msgtype": "m.text", "body": "hello"})
	require.NoError(t, <-ended)
}

func TestPlatformIsStrict(t *testing.T) {
	p, base := open(t)
	ref := p.Post(room, anna, "m.room.message", map[string]any{"msgtype": "m.text", "body": "hello"})
	reaction := `{"m.relates_to":{"rel_type":"m.annotation","event_id":"` + ref + `","key":"1"}}`
	for _, c := range []struct{ method, path, body, want string }{
		{http.MethodGet, "/sync?timeout=0", "", ""},
		{http.MethodGet, "/sync?timeout=soon", "", "M_UNKNOWN"},
		{http.MethodGet, "/sync?timeout=0&since=s1", "", ""},
		{http.MethodGet, "/sync?timeout=0&since=s999", "", "M_UNKNOWN"},
		{http.MethodGet, "/sync?timeout=0&since=t1", "", "M_UNKNOWN"},
		{http.MethodGet, "/sync?timeout=0&filter=x", "", "M_INVALID_PARAM"},
		{http.MethodGet, "/rooms/" + room + "/messages?dir=b&from=t1&limit=10&filter=%7B%7D", "", ""},
		{http.MethodGet, "/rooms/" + room + "/messages?dir=b&from=x&limit=10&filter=%7B%7D", "", "M_INVALID_PARAM"},
		{http.MethodGet, "/rooms/!none:example.org/messages?dir=b&from=t1&limit=10&filter=%7B%7D", "", "M_FORBIDDEN"},
		{http.MethodPut, "/rooms/" + room + "/send/m.reaction/1", reaction, ""},
		{http.MethodPut, "/rooms/" + room + "/send/m.reaction/1", reaction, ""},
		{http.MethodPut, "/rooms/" + room + "/send/m.reaction/2", reaction, "M_DUPLICATE_ANNOTATION"},
		{http.MethodPut, "/rooms/" + room + "/send/m.reaction/3", `{}`, "M_BAD_JSON"},
		{http.MethodPost, "/rooms/!none:example.org/join", `{}`, "M_FORBIDDEN"},
		{http.MethodGet, "/rooms/" + room + "/event/" + url.PathEscape(ref), "", ""},
		{http.MethodGet, "/rooms/" + room + "/event/$none", "", "M_NOT_FOUND"},
		{http.MethodGet, "/user/@bot:example.org/account_data/m.direct", "", "M_NOT_FOUND"},
		{http.MethodGet, "/profile/@bot:example.org/displayname", "", "M_NOT_FOUND"},
	} {
		_, said, err := ask(t, base, c.method, c.path, c.body)
		require.NoError(t, err)
		code, _ := said["errcode"].(string)
		require.Equal(t, c.want, code, "%s %s", c.path, c.body)
	}
	require.Equal(t, []string{"1"}, p.Reactions(ref, "@bot:example.org"))
	p.Forget()
	_, said, err := ask(t, base, http.MethodGet, "/sync?timeout=0&since=s1", "")
	require.NoError(t, err)
	require.Equal(t, "M_UNKNOWN", said["errcode"])
}
