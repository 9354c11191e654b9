package main

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
)

// metadata is where clouds tell their machines' credentials to whoever asks:
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html
const metadata = "http://169.254.169.254/latest/meta-data/iam/security-credentials/"

// inside plays a server in the hub's own network, which is none of the addresses
// that the configuration names.
func inside(t *testing.T) (address string, calls *atomic.Int64) {
	t.Helper()
	calls = &atomic.Int64{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		calls.Add(1)
		_, _ = w.Write([]byte(`{"version":"https://jsonfeed.org/version/1.1","title":"Inside","items":[]}`))
	}))
	t.Cleanup(s.Close)
	return s.URL, calls
}

// redirecting is a feed that leads to what it is set to.
func redirecting(t *testing.T, to string) (feed string) {
	t.Helper()
	s := httptest.NewServer(http.RedirectHandler(to, http.StatusTemporaryRedirect))
	t.Cleanup(s.Close)
	return s.URL
}

func (p *program) sources() map[hub.Source]hub.SourceStatus {
	p.t.Helper()
	var list struct{ Items []hub.SourceStatus }
	p.api("GET", "/api/v1/sources", "", "", &list)
	all := map[hub.Source]hub.SourceStatus{}
	for _, s := range list.Items {
		all[s.Source] = s
	}
	return all
}

// TestFaultRedirect has platforms and feeds lead the hub to the cloud's metadata
// and to a server of its own network: it goes to neither, says so without a
// secret, and delivers when the platforms are well.
func TestFaultRedirect(t *testing.T) {
	t.Parallel()
	secret, called := inside(t)
	feeds := "[sources.stolen]\nkind = \"feed\"\nurl = \"" + redirecting(t, metadata) + "\"\n" +
		"[sources.local]\nkind = \"feed\"\nurl = \"" + redirecting(t, secret) + "\"\n"
	w := newTroubled(t)
	s := w.serve(each + feeds)
	w.every(s, 2)
	for name, g := range w.gates {
		lead := [2]string{metadata, secret + "/latest/" + slackToken} // by room
		g.has(func(c call) answer {
			if c.act != callSend || c.nth > 1 {
				return nil
			}
			to := lead[0]
			if c.chat == faultRooms[name][1] {
				to = lead[1]
			}
			return func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
				http.Redirect(w, r, to, http.StatusTemporaryRedirect) // which keeps the method and the body
			}
		})
	}
	load := newPoster(s)
	mark := load.mark()
	event, err := load.send(t.Context(), mark)
	require.NoError(t, err)
	marks := []string{mark}
	w.owedAll(2, marks, 0)
	for _, d := range s.deliveries(url.Values{"event": {string(event)}}) {
		var told struct{ History []hub.Attempt }
		s.api("GET", "/api/v1/deliveries/"+url.PathEscape(string(d.ID)), "", "", &told)
		require.NotEmpty(t, told.History)
		require.Regexp(t, "redirects|307", told.History[0].Reason, "%s %s", d.System, d.Chat.ID)
		require.NotContains(t, told.History[0].Reason, slackToken)
	}
	require.Eventually(t, func() bool {
		sources := s.sources()
		return sources["stolen"].State == "error" && sources["local"].State == "error"
	}, patience, 50*time.Millisecond, "a feed that leads inside is in no trouble")
	require.Contains(t, s.sources()["stolen"].Reason, "a link-local address")
	require.Contains(t, s.sources()["local"].Reason, "a loopback address")
	require.Zero(t, called.Load(), "somebody was led inside")
	for _, g := range w.gates {
		g.has(nil)
	}
	s.steady(load, 2*len(w.gates))
	s.letters(0)
	s.stop()

	s = w.serve(each + feeds + "[outbound]\nallow = [\"127.0.0.0/8\"]\n")
	require.Eventually(t, func() bool { return s.sources()["local"].State == "ok" }, patience, 50*time.Millisecond, "it is allowed now")
	require.Positive(t, called.Load())
	require.Contains(t, s.sources()["stolen"].Reason, "a link-local address")
}
