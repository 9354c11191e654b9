package console_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers"
	"github.com/bellhop-chat/bellhop/providers/console"
	"github.com/bellhop-chat/bellhop/providers/providertest"
)

func open(store hub.ConsoleStore, rooms ...string) *console.Client {
	return console.New("console", store, slog.New(slog.DiscardHandler), rooms...)
}

// anna looks at the pages.
var anna = hub.User{ID: "anna", Name: "anna", Full: "Anna Bauer"}

// pagesOf are the console's pages with nobody at the door.
func pagesOf(c *console.Client) *http.ServeMux {
	mux := http.NewServeMux()
	c.Routes(mux, func(next http.Handler) http.Handler { return next }, func(context.Context) hub.User { return anna }, nil)
	return mux
}

func get(t *testing.T, c *console.Client, path string) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	pagesOf(c).ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil))
	return w
}

func send(t *testing.T, c *console.Client, room, key, text string) hub.Receipt {
	t.Helper()
	receipt, err := c.Send(t.Context(), providers.Post{Key: key, To: hub.Chat{System: "console", ID: room}, Message: hub.Message{Text: text}})
	require.NoError(t, err)
	return receipt
}

// chat is the console as the suite's platform: what a reader of the room's page
// sees is what was sent.
type chat struct {
	providertest.Recorder
	store  memory
	client *console.Client
}

func newChat(t *testing.T) *chat {
	p := &chat{}
	p.client = console.New("console", &p.store, slog.Default(), "lobby")
	p.store.fail = func() error {
		if _, scripted := p.Next(); scripted {
			return errors.New("disk full")
		}
		return nil
	}
	p.store.stored = func(post hub.ConsolePost) {
		p.RecordOnce(providertest.Sent{
			Chat: post.Chat.ID, Key: post.Key, Root: string(post.Root), Ref: strconv.FormatInt(post.Seq, 10),
			Text: p.shown(t, post.Seq), Raw: p.source(t, post.Seq),
		})
	}
	p.store.revised = func(post hub.ConsolePost) {
		ref, said := strconv.FormatInt(post.Seq, 10), p.shown(t, post.Seq)
		if post.Gone {
			require.Equal(t, "This message was removed.", said)
			require.True(t, p.Recorder.Retract(ref))
			return
		}
		require.True(t, p.Edit(ref, said, p.source(t, post.Seq)))
	}
	return p
}

// shown is what the page shows of a message.
func (p *chat) shown(t *testing.T, seq int64) string {
	t.Helper()
	return textOf(find(t, get(t, p.client, "/console/lobby").Body.String(), seq))
}

// source is the page's HTML of a message.
func (p *chat) source(t *testing.T, seq int64) json.RawMessage {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, html.Render(&b, find(t, get(t, p.client, "/console/lobby").Body.String(), seq)))
	raw, err := json.Marshal(b.String())
	require.NoError(t, err)
	return raw
}

// read is what a browser makes of a message.
func read(s providertest.Sent) (r providertest.Reading, err error) {
	var page string
	if err := json.Unmarshal(s.Raw, &page); err != nil {
		return r, err
	}
	doc, err := html.Parse(strings.NewReader(page))
	if err != nil {
		return r, err
	}
	for n := range doc.Descendants() {
		switch {
		case n.DataAtom == atom.A:
			r.Links = append(r.Links, attr(n, "href"))
		case n.DataAtom == atom.Img:
			r.Images = append(r.Images, attr(n, "src"))
		case n.DataAtom == atom.Pre && n.FirstChild != nil && n.FirstChild.FirstChild != nil:
			r.Code = append(r.Code, n.FirstChild.FirstChild.Data)
		}
	}
	return r, nil
}

func (p *chat) ServeHTTP(http.ResponseWriter, *http.Request) {}

// Retract takes a message out of the database.
func (p *chat) Retract(ref string) bool {
	seq, err := strconv.ParseInt(ref, 10, 64)
	return err == nil && p.store.ReviseConsolePost(context.Background(), hub.Chat{System: "console", ID: "lobby"}, seq, nil) == nil
}

func TestContract(t *testing.T) {
	var platform *chat
	providertest.Run(t, providertest.Case{
		Rooms:    func(*testing.T, providertest.Platform) providertest.Rooms { return providertest.Rooms{Unknown: "!!!"} },
		Platform: func(t *testing.T) providertest.Platform { platform = newChat(t); return platform },
		Open:     func(*testing.T, string) providers.Provider { return platform.client },
		Chat:     "lobby",
		Local:    true,
		Read:     read,
		Faults:   []providertest.FaultCase{{Name: "database down", Want: hub.FaultTemporary}},
	})
}

// find is the body of a post on a page.
func find(t *testing.T, page string, seq int64) *html.Node {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(page))
	require.NoError(t, err)
	id := "m" + strconv.FormatInt(seq, 10)
	for n := range doc.Descendants() {
		if attr(n, "id") != id {
			continue
		}
		for part := range n.Descendants() {
			if attr(part, "class") == "body" {
				return part
			}
		}
	}
	require.Failf(t, "not on the page", "message %d", seq)
	return nil
}

func attr(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

func textOf(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode && strings.TrimSpace(d.Data) != "" {
			b.WriteString(d.Data)
		}
	}
	return strings.TrimSpace(b.String())
}

func TestSendRefuses(t *testing.T) {
	invalid := &memory{fail: func() error { return hub.Errorf(hub.CodeInvalid, "key: longer than 1000 bytes") }}
	for name, c := range map[string]struct {
		store *memory
		post  providers.Post
		want  hub.Fault
		words string
	}{
		"no room":     {post: to("", "hello"), want: hub.FaultChatGone, words: "1 to 64 letters"},
		"not a name":  {post: to("a/b", "hello"), want: hub.FaultChatGone, words: `"a/b"`},
		"no message":  {post: to("lobby", " \n"), want: hub.FaultRejected, words: "neither a text nor a card"},
		"by database": {store: invalid, post: to("lobby", "hello"), want: hub.FaultRejected, words: "longer than 1000"},
	} {
		t.Run(name, func(t *testing.T) {
			store := c.store
			if store == nil {
				store = &memory{}
			}
			_, err := open(store).Send(t.Context(), c.post)
			require.ErrorContains(t, err, c.words)
			require.Equal(t, c.want, providers.FaultOf(err))
			require.Empty(t, store.posts)
		})
	}
}

func TestEditRefuses(t *testing.T) {
	invalid := errors.New("disk full")
	for name, c := range map[string]struct {
		fail  error
		post  providers.Post
		ref   hub.MessageRef
		want  hub.Fault
		words string
	}{
		"no room":      {post: to("", "hello"), ref: "1", want: hub.FaultChatGone, words: "1 to 64 letters"},
		"no message":   {post: to("lobby", " \n"), ref: "1", want: hub.FaultRejected, words: "neither a text nor a card"},
		"another room": {post: to("dev", "hello"), ref: "1", want: hub.FaultRejected, words: "no message 1"},
		"foreign ref":  {post: to("lobby", "hello"), ref: "1712345678.000100", want: hub.FaultRejected, words: "none of the console's"},
		"by database":  {fail: invalid, post: to("lobby", "hello"), ref: "1", want: hub.FaultTemporary, words: "disk full"},
	} {
		t.Run(name, func(t *testing.T) {
			store := &memory{}
			client := open(store)
			send(t, client, "lobby", "n0", "as it was")
			store.fail = func() error { return c.fail }
			_, err := client.Edit(t.Context(), c.post, c.ref)
			require.ErrorContains(t, err, c.words)
			require.Equal(t, c.want, providers.FaultOf(err))
			require.Equal(t, "as it was", store.posts[0].Message.Text)
		})
	}
}

func TestLongEditIsNoted(t *testing.T) {
	c := open(&memory{})
	ref := send(t, c, "lobby", "n1", "short").Ref
	receipt, err := c.Edit(t.Context(), to("#Lobby", strings.Repeat("word ", 10_000)), ref)
	require.NoError(t, err)
	require.Equal(t, hub.Receipt{Ref: ref, Note: "shown up to 40000 characters"}, receipt)
}

func TestPreview(t *testing.T) {
	preview := console.Kind(&memory{}).Preview
	for name, m := range providertest.Messages() {
		got := preview(m)
		require.Equal(t, "console", got.Kind)
		require.Contains(t, article(t, m), got.Markup, "%s: a preview is what a page shows", name)
		require.NotEmpty(t, got.Plain)
	}
	topic := providertest.Messages()["new-topic"]
	topic.Card.Struck, topic.Text = true, "See **this**:"
	require.Equal(t, "See this:\n\nNew topic: ~Printer does not start~\nAlice Moreau in Support\nprinter, needs-triage", preview(topic).Plain)
	require.Contains(t, preview(topic).Markup, "<s><a")
	reply := providertest.Messages()["reply"]
	require.Contains(t, preview(reply).Plain, "> the third-floor printer only says E-42\n\nThat is the paper tray.")
	topic.Actions = []hub.Action{{Label: "Mute topic", Token: "t1"}}
	require.Contains(t, preview(topic).Markup, `data-press="t1">Mute topic</button>`)
	require.Equal(t, hub.Rendered{Kind: "console"}, preview(hub.Message{}))
}

func to(room, text string) providers.Post {
	return providers.Post{Key: "n1", To: hub.Chat{System: "console", ID: room}, Message: hub.Message{Text: text}}
}

func TestCheckAsksTheDatabase(t *testing.T) {
	err := open(&memory{down: errors.New("no such file")}).Check(t.Context())
	require.ErrorContains(t, err, "no such file")
	require.Equal(t, hub.FaultTemporary, providers.FaultOf(err))
}

func TestForeignRoot(t *testing.T) {
	store := &memory{}
	p := to("lobby", "hello")
	p.Root = "1712345678.000100" // of a Slack that this system was before
	receipt, err := open(store).Send(t.Context(), p)
	require.NoError(t, err)
	require.Contains(t, receipt.Note, "outside its thread")
	require.Empty(t, store.posts[0].Root)
}

func TestLongMessageIsNoted(t *testing.T) {
	receipt := send(t, open(&memory{}), "lobby", "n1", strings.Repeat("word ", 10_000))
	require.Equal(t, "shown up to 40000 characters", receipt.Note)
}

func TestRoomNames(t *testing.T) {
	for name, want := range map[string]string{
		"support": "support", "#Support": "support", " # Support  Desk ": "support-desk", "v1.2_beta": "v1.2_beta",
		"поддержка": "поддержка", "हिन्दी": "हिन्दी", strings.Repeat("ü", 64): strings.Repeat("ü", 64),
	} {
		store := &memory{}
		send(t, open(store), name, "n1", "hello")
		require.Equal(t, want, store.posts[0].Chat.ID, "%q", name)
	}
	for _, name := range []string{"", "#", "..", "-", "a/b", "a\x00b", "a\xff", "<b>", "a?b", strings.Repeat("ü", 65)} {
		_, err := open(&memory{}).Send(t.Context(), to(name, "hello"))
		require.Equal(t, hub.FaultChatGone, providers.FaultOf(err), "%q", name)
	}
}

func TestChats(t *testing.T) {
	c := open(&memory{}, "#Dev", "support", "dev")
	send(t, c, "my-support", "n1", "hello")
	names := func(query string) (names []string) {
		chats, err := c.Chats(t.Context(), query)
		require.NoError(t, err)
		for _, chat := range chats {
			require.Equal(t, hub.System("console"), chat.System)
			names = append(names, chat.Name)
		}
		return names
	}
	require.Equal(t, []string{"#dev", "#my-support", "#support"}, names(""))
	require.Equal(t, []string{"#support", "#my-support"}, names("#Supp"))
	require.Empty(t, names("nothing"))
}

func TestKind(t *testing.T) {
	kind := console.Kind(&memory{})
	require.Equal(t, "console", kind.Name)
	config, ok := kind.Config().(*console.Config)
	require.True(t, ok)
	require.Empty(t, config.Problems())

	config.Rooms = []string{"support", "a/b"}
	require.Contains(t, config.Problems()["rooms"], `"a/b"`)

	config.Rooms = []string{"support", "dev"}
	p, err := kind.Open(config, providers.Env{System: "house", Log: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	require.Equal(t, hub.System("house"), p.Describe().ID)
	c, ok := providers.As[*console.Client](p)
	require.True(t, ok)
	require.Equal(t, "/console/support", get(t, c, "/console").Header().Get("Location"), "the first of the configuration")
}

func TestSendAfterClose(t *testing.T) {
	c := open(&memory{})
	c.Close()
	c.Close()
	_, err := c.Send(context.Background(), to("lobby", "a worker may finish what it has in hand"))
	require.NoError(t, err)
}
