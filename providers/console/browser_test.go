package console_test

import (
	"context"
	"iter"
	"net"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers/console"
	"github.com/bellhop-chat/bellhop/providers/providertest"
	"github.com/bellhop-chat/bellhop/web"
)

// tab is a real browser showing the console.
type tab struct {
	ctx      context.Context
	url      string
	messages iter.Seq2[chromedp.ConsoleMessage, error]
}

func newTab(t *testing.T, url string) *tab {
	t.Helper()
	path, err := exec.LookPath("chromium")
	require.NoError(t, err, "the tests look at pages in Chromium: run make deps")
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.WindowSize(1200, 800),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true), chromedp.UserDataDir(t.TempDir()))
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewExecAllocator(ctx, options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	return &tab{ctx: ctx, url: url, messages: chromedp.Console(ctx)}
}

// requireContent requires that the browser has complained of nothing, such as a
// breach of the policy or a mistake in the script.
func (b *tab) requireContent(t *testing.T) {
	t.Helper()
	_, err := chromedp.Run(b.ctx, chromedp.Evaluate[any](`console.log("that is all")`))
	require.NoError(t, err)
	for m, err := range b.messages {
		require.NoError(t, err)
		if m.Text == "that is all" {
			return
		}
		require.NotContains(t, []chromedp.ConsoleType{chromedp.ConsoleError, chromedp.ConsoleException}, m.Type, "%s", m.Text)
	}
}

func (b *tab) open(t *testing.T, path string) {
	t.Helper()
	require.NoError(t, chromedp.Do(b.ctx, chromedp.Navigate(b.url+path)))
}

// sees waits until the page makes expression true.
func (b *tab) sees(t *testing.T, expression string) {
	t.Helper()
	require.Eventually(t, func() bool {
		is, err := chromedp.Run(b.ctx, chromedp.Evaluate[bool]("Boolean("+expression+")"))
		return err == nil && is
	}, 20*time.Second, 50*time.Millisecond, expression)
}

func (b *tab) press(t *testing.T, keys string) {
	t.Helper()
	require.NoError(t, chromedp.Do(b.ctx, chromedp.KeyEvent(keys)))
}

// focus gives an element the focus, which a change of the page may not take.
func (b *tab) focus(t *testing.T, selector string) {
	t.Helper()
	b.sees(t, `(document.querySelector("`+selector+`").focus(), document.activeElement.matches("`+selector+`"))`)
}

func (b *tab) click(t *testing.T, selector string) {
	t.Helper()
	require.NoError(t, chromedp.Do(b.ctx, chromedp.Click(selector)))
}

const isLive = `document.getElementById("live-text").textContent === "Live"`

func withFiles(c *console.Client) http.Handler {
	mux := pagesOf(c)
	mux.Handle("GET /static/", web.Static())
	return mux
}

func TestBrowser(t *testing.T) {
	c := open(&memory{}, "dev", "ops")
	server := httptest.NewServer(withFiles(c))
	t.Cleanup(func() { c.Close(); server.CloseClientConnections(); server.Close() })
	b := newTab(t, server.URL)
	b.open(t, "/console")
	b.sees(t, `location.pathname === "/console/dev" && document.getElementById("empty")`)
	b.sees(t, isLive)

	root := to("dev", "")
	root.Message = providertest.Messages()["new-topic"]
	receipt, err := c.Send(t.Context(), root)
	require.NoError(t, err)
	b.sees(t, `document.querySelector("#posts > .day + #m1.say .title") && !document.getElementById("empty")`)
	b.sees(t, `getComputedStyle(document.querySelector(".dot rect")).fill === "rgb(0, 136, 204)"`)

	reply := to("dev", "the answer")
	reply.Key, reply.Root = "n2", receipt.Ref
	_, err = c.Send(t.Context(), reply)
	require.NoError(t, err)
	b.sees(t, `document.querySelector("#m1 .thread-log > #m2") && document.querySelector("#m1 summary").innerText.trim() === "1 reply"`)
	b.sees(t, `!document.getElementById("m2").checkVisibility() && !document.querySelector("#m2 .stray")`)
	b.click(t, "#m1 summary")
	b.sees(t, `document.getElementById("m2").checkVisibility()`)

	send(t, c, "ops", "n3", "elsewhere")
	send(t, c, "night", "n4", "a room that was not there")
	b.sees(t, `[...document.querySelectorAll("#rooms .side-link")].map(a => a.innerText.replace(/\s+/g, " ").trim()).join() === "# dev,# night 1 new,# ops 1 new"`)
	b.press(t, "jj")
	b.sees(t, `document.activeElement.pathname === "/console/ops"`)
	b.press(t, kb.ArrowUp)
	b.sees(t, `document.activeElement.pathname === "/console/night"`)
	b.press(t, kb.Enter)
	b.sees(t, `location.pathname === "/console/night" && document.querySelector('[data-room=night] .count').hidden`)
	b.sees(t, `!document.querySelector('[data-room=ops] .count').hidden`)

	b.click(t, "input[name=theme][value=dark]")
	b.sees(t, `document.documentElement.dataset.theme === "dark"`)
	b.open(t, "/console/ops")
	b.sees(t, `document.documentElement.dataset.theme === "dark" && document.querySelector("input[value=dark]").checked`)
	b.requireContent(t)
}

// TestBrowserShowsChanges edits and retracts messages while the page is open.
func TestBrowserShowsChanges(t *testing.T) {
	c := open(&memory{}, "dev")
	server := httptest.NewServer(withFiles(c))
	t.Cleanup(func() { c.Close(); server.CloseClientConnections(); server.Close() })
	root := send(t, c, "dev", "n1", "the question")
	reply := to("dev", "the answer")
	reply.Key, reply.Root = "n2", root.Ref
	answer, err := c.Send(t.Context(), reply)
	require.NoError(t, err)
	last := send(t, c, "dev", "n3", "the last")
	b := newTab(t, server.URL)
	b.open(t, "/console/dev")
	b.sees(t, isLive+` && !document.querySelector(".edited")`)
	b.click(t, "#m1 summary")
	b.focus(t, "#m1 > div > p .when")

	topic := to("dev", "")
	topic.Message = providertest.Messages()["new-topic"]
	topic.Message.Card.Struck = true
	_, err = c.Edit(t.Context(), topic, root.Ref)
	require.NoError(t, err)
	b.sees(t, `document.querySelector("#posts > #m1 s > .title") && !document.getElementById("m1").innerText.includes("the question")`)
	b.sees(t, `getComputedStyle(document.querySelector("#m1 s")).textDecorationLine === "line-through"`)
	b.sees(t, `document.querySelector("#m1 > div > p .edited").innerText.startsWith("edited ") && document.querySelector("#m1 .edited time").title`)
	b.sees(t, `document.getElementById("m2").checkVisibility() && document.querySelector("#m1 .replies-count").innerText === "1 reply"`)
	b.sees(t, `document.activeElement.matches("#m1 > div > p .when")`)

	_, err = c.Edit(t.Context(), to("dev", "a better answer"), answer.Ref)
	require.NoError(t, err)
	b.sees(t, `document.querySelector("#m1 .thread-log > #m2 .body").innerText === "a better answer" && !document.querySelector("#m2 .stray")`)
	b.focus(t, "#m1 summary")
	require.NoError(t, c.Retract(t.Context(), topic.To, root.Ref))
	require.NoError(t, c.Retract(t.Context(), topic.To, last.Ref))
	b.sees(t, `document.querySelector("#m1.is-gone > div > .body").innerText === "This message was removed."`)
	b.sees(t, `document.querySelector("#m1 .thread-below[open] #m2").checkVisibility() && document.querySelector("#m3.is-gone .edited").innerText.startsWith("removed ")`)
	b.sees(t, `document.activeElement.matches("#m1 summary")`)
	b.sees(t, `[...document.querySelectorAll(".say")].map(s => s.id).join() === "m1,m2,m3" && document.getElementById("room-count").innerText === "3 messages"`)

	b.open(t, "/console/dev")
	b.sees(t, isLive+` && document.querySelectorAll(".is-gone").length === 2 && document.querySelector("#m2 .edited")`)
	send(t, c, "dev", "n4", "one more")
	b.sees(t, `document.querySelector("#posts > .say:last-child .body").innerText === "one more" && document.getElementById("room-count").innerText === "4 messages"`)
	b.requireContent(t)
}

func TestBrowserOpensTheFirstRoom(t *testing.T) {
	c := open(&memory{})
	server := httptest.NewServer(withFiles(c))
	t.Cleanup(func() { c.Close(); server.CloseClientConnections(); server.Close() })
	b := newTab(t, server.URL)
	b.open(t, "/console")
	b.sees(t, `document.getElementById("welcome")`)
	b.sees(t, isLive)
	send(t, c, "support", "n1", "hello")
	b.sees(t, `location.pathname === "/console/support" && document.getElementById("m1")`)
	b.requireContent(t)
}

func TestBrowserAfterRestart(t *testing.T) {
	store := &memory{}
	c := open(store, "dev")
	server := httptest.NewServer(withFiles(c))
	address := server.Listener.Addr().String()
	b := newTab(t, server.URL)
	send(t, c, "dev", "n1", "before")
	b.open(t, "/console/dev")
	b.sees(t, isLive)
	c.Close()
	server.CloseClientConnections()
	server.Close()
	b.sees(t, `!document.getElementById("lost").hidden`)

	require.NoError(t, store.AppendConsolePost(t.Context(), &hub.ConsolePost{
		Chat: hub.Chat{System: "console", ID: "dev"}, Message: hub.Message{Text: "while it was away"},
	}))
	listener, err := net.Listen("tcp", address)
	require.NoError(t, err)
	again := open(store, "dev")
	server = &httptest.Server{Listener: listener, Config: &http.Server{Handler: withFiles(again)}}
	server.Start()
	t.Cleanup(func() { again.Close(); server.CloseClientConnections(); server.Close() })
	b.sees(t, isLive+` && document.getElementById("lost").hidden`)
	send(t, again, "dev", "n2", "after")
	b.sees(t, `[...document.querySelectorAll(".say")].map(s => s.id).join() === "m1,m2,m3"`)
}
