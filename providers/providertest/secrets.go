package providertest

import (
	"context"
	"fmt"
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers"
)

// secrets drives a provider into every fault and looks for its secrets in all
// that it says: errors, logs, and itself when someone prints it.
func (c Case) secrets(t *testing.T) {
	if len(c.Secrets) == 0 {
		t.Skip("there are none")
	}
	var said Transcript
	said.listen(t)
	for _, f := range c.allFaults() {
		b := c.open(t)
		b.platform.Script(f.Step)
		_, err := b.send(t, b.post("secret", text("hello")))
		said.note(b.Provider, err)
	}
	for _, ch := range c.changes(c.open(t).Describe().Can) {
		for _, f := range ch.faults {
			b := c.open(t)
			ref := b.mustSend(t, "said", text("hello")).Ref
			b.platform.Script(f.Step)
			said.note(b.Provider, b.change(t, ch, ref))
		}
	}
	for _, url := range []string{closedURL(c.Platform(t)), refusing(t)} {
		p := c.Open(t, url)
		said.note(p, p.Check(t.Context()))
		to := hub.Chat{System: p.Describe().ID, ID: c.Chat}
		_, err := p.Send(t.Context(), providers.Post{Key: "n1", To: to, Message: text("hello")})
		said.note(p, err)
		said.list(t.Context(), p)
		for _, ch := range c.changes(p.Describe().Can) {
			ref := c.open(t).mustSend(t, "said", text("hello")).Ref
			said.note(p, ch.do(t.Context(), editorOf(p), to, ref))
		}
	}
	for _, s := range c.Secrets {
		require.NotEmpty(t, s)
		for _, form := range []string{s, url.QueryEscape(s), url.PathEscape(s)} {
			before, after, leaked := strings.Cut(said.String(), form)
			require.False(t, leaked, "a secret surfaced: …%s[here]%s…", tail(before), after[:min(len(after), 80)])
		}
	}
}

// closedURL is an address that refuses connections.
func closedURL(h http.Handler) string {
	server := httptest.NewServer(h)
	server.Close()
	return server.URL
}

// refusing is a platform that refuses everything and quotes what it was given,
// as some do.
func refusing(t *testing.T) string {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusUnauthorized)
		quoted := r.URL.String() + " " + r.Header.Get("Authorization")
		_, _ = fmt.Fprintf(w, `{"ok":false,"error":%[1]q,"description":%[1]q,"message":%[1]q,"errcode":"M_UNKNOWN_TOKEN"}`, quoted)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// listen makes s the default log until the test ends. Package log has to be put
// back too: slog redirects it, and does not undo that.
func (s *Transcript) listen(t *testing.T) {
	logger, out, flags := slog.Default(), log.Writer(), log.Flags()
	t.Cleanup(func() {
		slog.SetDefault(logger)
		log.SetOutput(out)
		log.SetFlags(flags)
	})
	slog.SetDefault(slog.New(slog.NewTextHandler(s, &slog.HandlerOptions{Level: slog.LevelDebug})))
}

func (s *Transcript) note(p providers.Provider, err error) {
	_, _ = fmt.Fprintf(s, "%v\n%+v\n%#v\n%v\n%+v\n%#v\n", p, p, p, err, err, err)
	slog.New(slog.NewJSONHandler(s, nil)).Info("said", "provider", p, "err", err)
	slog.Info("said", "provider", p, "err", err)
}

func (s *Transcript) list(ctx context.Context, p providers.Provider) {
	if lister, ok := providers.As[providers.ChatLister](p); ok {
		_, err := lister.Chats(ctx, "")
		s.note(p, err)
	}
}
