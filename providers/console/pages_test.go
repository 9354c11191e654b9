package console_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers"
)

const policy = "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; connect-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

func TestEveryPageIsProtected(t *testing.T) {
	c := open(&memory{}, "support")
	down := open(&memory{down: errors.New("no such file")})
	for path, c := range map[string]struct {
		*httptest.ResponseRecorder
		status int
	}{
		"room":      {get(t, c, "/console/support"), 200},
		"welcome":   {get(t, open(&memory{}), "/console"), 200},
		"not found": {get(t, c, "/console/a%2Fb"), 404},
		"down":      {get(t, down, "/console/support"), 503},
	} {
		t.Run(path, func(t *testing.T) {
			require.Equal(t, c.status, c.Code)
			require.Equal(t, policy, c.Header().Get("Content-Security-Policy"))
			require.Equal(t, "nosniff", c.Header().Get("X-Content-Type-Options"))
			require.Equal(t, "same-origin", c.Header().Get("Referrer-Policy"))
			require.Equal(t, "no-store", c.Header().Get("Cache-Control"))
			require.Equal(t, "text/html; charset=utf-8", c.Header().Get("Content-Type"))
			require.NotRegexp(t, `<style|style=|<script>|\son[a-z]+=`, c.Body.String(), "the policy forbids what is inline")
		})
	}
}

func TestGuardStandsBeforeEveryPage(t *testing.T) {
	mux := http.NewServeMux()
	open(&memory{}, "support").Routes(mux, func(http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) })
	}, func(context.Context) hub.User { return hub.User{} }, nil)
	for _, path := range []string{"/console", "/console/support", "/console/support/events", "/console/-/events"} {
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil))
		require.Equal(t, http.StatusUnauthorized, w.Code, path)
	}
	for _, what := range []string{"messages", "actions", "forms"} {
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/console/support/"+what, strings.NewReader("id=1&text=x")))
		require.Equal(t, http.StatusUnauthorized, w.Code, what)
	}
}

func TestFirstPage(t *testing.T) {
	c := open(&memory{})
	require.Contains(t, get(t, c, "/console").Body.String(), "bellhop send console support")

	send(t, c, "dev", "n1", "hello")
	w := get(t, c, "/console")
	require.Equal(t, http.StatusSeeOther, w.Code)
	require.Equal(t, "/console/dev", w.Header().Get("Location"))
}

func TestEmptyRoomSaysHowToGoOn(t *testing.T) {
	body := get(t, open(&memory{}, "dev"), "/console/dev").Body.String()
	require.Contains(t, body, "No messages here yet")
	require.Contains(t, body, "bellhop subs add console dev c/support")
}

func TestOneAddressPerRoom(t *testing.T) {
	w := get(t, open(&memory{}), "/console/%23Support")
	require.Equal(t, http.StatusSeeOther, w.Code)
	require.Equal(t, "/console/support", w.Header().Get("Location"))
}

func TestRepliesStandBelowTheirRoot(t *testing.T) {
	c := open(&memory{})
	root := send(t, c, "dev", "n1", "the question")
	send(t, c, "dev", "n2", "something else")
	reply := to("dev", "the answer")
	reply.Key, reply.Root = "n3", root.Ref
	_, err := c.Send(t.Context(), reply)
	require.NoError(t, err)

	body := get(t, c, "/console/dev").Body.String()
	question, answer, other := strings.Index(body, "the question"), strings.Index(body, "the answer"), strings.Index(body, "something else")
	require.True(t, question < answer && answer < other, "the answer belongs below its question")
	require.Contains(t, body, ">1 reply<")
	require.NotContains(t, body, "Reply to an earlier message")
}

func TestRepliesStayBelowARemovedRoot(t *testing.T) {
	c := open(&memory{})
	root := send(t, c, "dev", "n1", "the question")
	reply := to("dev", "the answer")
	reply.Key, reply.Root = "n2", root.Ref
	_, err := c.Send(t.Context(), reply)
	require.NoError(t, err)
	require.NoError(t, c.Retract(t.Context(), reply.To, root.Ref))

	body := get(t, c, "/console/dev").Body.String()
	require.NotContains(t, body, "the question")
	removed, answer := strings.Index(body, "This message was removed."), strings.Index(body, "the answer")
	require.True(t, 0 < removed && removed < answer)
	require.Contains(t, body, ">1 reply<")
	require.Contains(t, body, `data-after="2"`, "from where the newest message stands: the page holds the change already")
}

func TestReplyWhoseRootIsNotShown(t *testing.T) {
	c := open(&memory{})
	root := send(t, c, "dev", "n0", "the question")
	for i := range 100 {
		send(t, c, "dev", fmt.Sprintf("m%d", i), "noise")
	}
	reply := to("dev", "the answer")
	reply.Root = root.Ref
	_, err := c.Send(t.Context(), reply)
	require.NoError(t, err)

	body := get(t, c, "/console/dev").Body.String()
	require.Contains(t, body, `<a href="/console/dev?before=2#m1">Reply to an earlier message</a>`)
	require.Contains(t, get(t, c, "/console/dev?before=2").Body.String(), "the question")
}

func TestOlderMessages(t *testing.T) {
	c := open(&memory{})
	for i := 1; i <= 250; i++ {
		send(t, c, "dev", fmt.Sprintf("m%d", i), fmt.Sprintf("message %d.", i))
	}
	seen := 0
	for path := "/console/dev"; path != ""; {
		body := get(t, c, path).Body.String()
		seen += strings.Count(body, "<article")
		require.Equal(t, path == "/console/dev", strings.Contains(body, "data-events=\"/console/dev/events\""), "only the newest page changes")
		path = ""
		if _, rest, ok := strings.Cut(body, `href="/console/dev?before=`); ok {
			seq, _, _ := strings.Cut(rest, `"`)
			path = "/console/dev?before=" + seq
		}
	}
	require.Equal(t, 250, seen, "each message stands on one page")
}

func TestRoomsAreListedWithTheirMessages(t *testing.T) {
	c := open(&memory{}, "support")
	send(t, c, "dev", "n1", "one")
	send(t, c, "dev", "n2", "two")
	body := get(t, c, "/console/support").Body.String()
	require.Contains(t, body, `<li data-room="dev" data-posts="2"><a class="room-link" href="/console/dev">`)
	require.Contains(t, body, `<li data-room="support" data-posts="0"><a class="room-link" href="/console/support" aria-current="page">`)
	require.Contains(t, body, `data-after="2"`, "the stream goes on after the newest post of all rooms")
}

func TestOtherSystemsAreNotShown(t *testing.T) {
	store := &memory{}
	require.NoError(t, store.AppendConsolePost(t.Context(), &hub.ConsolePost{
		Chat: hub.Chat{System: "other", ID: "dev"}, Key: "n1", Message: hub.Message{Text: "not yours"},
	}))
	c := open(store, "dev")
	require.NotContains(t, get(t, c, "/console/dev").Body.String(), "not yours")
	chats, err := c.Chats(t.Context(), "")
	require.NoError(t, err)
	require.Equal(t, []providers.ChatInfo{{Chat: hub.Chat{System: "console", ID: "dev"}, Name: "#dev"}}, chats)
}
