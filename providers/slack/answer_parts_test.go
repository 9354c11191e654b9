package slack_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers"
	"github.com/bellhop-chat/bellhop/providers/slack/slacktest"
)

// An answer of several messages of which one is refused for the pace is tried
// again by who asked for it (hub/listen), who must not make people see the first
// ones twice.
func TestPartsOfAnAnswerAreShownOnce(t *testing.T) {
	workspace := slacktest.New(token)
	var posts atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/chat.postMessage") && posts.Add(1) == 3 {
			rw.Header().Set("Retry-After", "1")
			rw.WriteHeader(http.StatusTooManyRequests)
			return
		}
		workspace.ServeHTTP(rw, r)
	}))
	t.Cleanup(server.Close)
	answerer, ok := providers.As[providers.Answerer](openListening(t, server.URL))
	require.True(t, ok)
	command := &hub.Command{Context: hub.CommandContext{
		System: "slack-acme", User: hub.User{ID: "U1"}, Channel: hub.Channel{ID: slacktest.Support},
	}}
	var text strings.Builder
	for i := range 3_500 {
		fmt.Fprintf(&text, "words%05d ", i)
	}
	reply := hub.Reply{OK: &hub.OK{Text: text.String(), Public: true}} // five messages
	var r hub.Receipt
	for try := range 4 { // as hub/listen does
		var err error
		if r, err = answerer.Answer(t.Context(), command, reply); err == nil {
			break
		}
		t.Logf("attempt %d: %s", try+1, err)
	}
	sent := map[string]int{}
	for _, s := range workspace.Sent() {
		sent[s.Text]++
	}
	for text, times := range sent {
		require.Equal(t, 1, times, "%.40q…", text)
	}
	require.Contains(t, r.Note, "only 2 of 5")
}

// What keeps one thread from taking replies must not silence its channel.
func TestAThreadThatTakesNoRepliesIsNoChannelThatIsGone(t *testing.T) {
	for _, code := range []string{"restricted_action_thread_locked", "restricted_action_non_threadable_channel"} {
		workspace := slacktest.New(token)
		server := httptest.NewServer(workspace)
		t.Cleanup(server.Close)
		workspace.Script(said(code))
		_, err := open(t, server.URL).Send(t.Context(), providers.Post{
			Key: "n1", To: hub.Chat{ID: slacktest.Support}, Message: hub.Message{Text: "a reply"}, Root: "C1/1503435956.000247",
		})
		require.Equal(t, hub.FaultRejected, providers.FaultOf(err), code)
	}
}
