package console_test

import (
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"

	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers/console"
	"github.com/bellhop-chat/bellhop/providers/providertest"
	"github.com/bellhop-chat/bellhop/web"
	"github.com/bellhop-chat/bellhop/web/webtest"
)

func TestMain(m *testing.M) { os.Exit(webtest.Main(m)) }

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
	b := webtest.Open(t, server.URL)
	b.Go(t, "/console")
	b.Sees(t, `location.pathname === "/console/dev" && document.getElementById("empty")`)
	b.Sees(t, isLive)

	root := to("dev", "")
	root.Message = providertest.Messages()["new-topic"]
	receipt, err := c.Send(t.Context(), root)
	require.NoError(t, err)
	b.Sees(t, `document.querySelector("#posts > .day + #m1.say .title") && !document.getElementById("empty")`)
	b.Sees(t, `getComputedStyle(document.querySelector(".dot rect")).fill === "rgb(0, 136, 204)"`)

	reply := to("dev", "the answer")
	reply.Key, reply.Root = "n2", receipt.Ref
	_, err = c.Send(t.Context(), reply)
	require.NoError(t, err)
	b.Sees(t, `document.querySelector("#m1 .thread-log > #m2") && document.querySelector("#m1 summary").innerText.trim() === "1 reply"`)
	b.Sees(t, `!document.getElementById("m2").checkVisibility() && !document.querySelector("#m2 .stray")`)
	b.Click(t, "#m1 summary")
	b.Sees(t, `document.getElementById("m2").checkVisibility()`)

	send(t, c, "ops", "n3", "elsewhere")
	send(t, c, "night", "n4", "a room that was not there")
	b.Sees(t, `[...document.querySelectorAll("#rooms .room-link")].map(a => a.innerText.replace(/\s+/g, " ").trim()).join() === "# dev,# night 1 new,# ops 1 new"`)
	b.Press(t, "jj")
	b.Sees(t, `document.activeElement.pathname === "/console/ops"`)
	b.Press(t, kb.ArrowUp)
	b.Sees(t, `document.activeElement.pathname === "/console/night"`)
	b.Press(t, kb.Enter)
	b.Sees(t, `location.pathname === "/console/night" && document.querySelector('[data-room=night] .count').hidden`)
	b.Sees(t, `!document.querySelector('[data-room=ops] .count').hidden`)

	b.Click(t, "input[name=theme][value=dark]")
	b.Sees(t, `document.documentElement.dataset.theme === "dark"`)
	b.Go(t, "/console/ops")
	b.Sees(t, `document.documentElement.dataset.theme === "dark" && document.querySelector("input[value=dark]").checked`)
	b.Content(t)
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
	b := webtest.Open(t, server.URL)
	b.Go(t, "/console/dev")
	b.Sees(t, isLive+` && !document.querySelector(".edited")`)
	b.Click(t, "#m1 summary")
	b.Focus(t, "#m1 > div > p .when")

	topic := to("dev", "")
	topic.Message = providertest.Messages()["new-topic"]
	topic.Message.Card.Struck = true
	_, err = c.Edit(t.Context(), topic, root.Ref)
	require.NoError(t, err)
	b.Sees(t, `document.querySelector("#posts > #m1 s > .title") && !document.getElementById("m1").innerText.includes("the question")`)
	b.Sees(t, `getComputedStyle(document.querySelector("#m1 s")).textDecorationLine === "line-through"`)
	b.Sees(t, `document.querySelector("#m1 > div > p .edited").innerText.startsWith("edited ") && document.querySelector("#m1 .edited time").title`)
	b.Sees(t, `document.getElementById("m2").checkVisibility() && document.querySelector("#m1 .replies-count").innerText === "1 reply"`)
	b.Sees(t, `document.activeElement.matches("#m1 > div > p .when")`)

	_, err = c.Edit(t.Context(), to("dev", "a better answer"), answer.Ref)
	require.NoError(t, err)
	b.Sees(t, `document.querySelector("#m1 .thread-log > #m2 .body").innerText === "a better answer" && !document.querySelector("#m2 .stray")`)
	b.Focus(t, "#m1 summary")
	require.NoError(t, c.Retract(t.Context(), topic.To, root.Ref))
	require.NoError(t, c.Retract(t.Context(), topic.To, last.Ref))
	b.Sees(t, `document.querySelector("#m1.is-gone > div > .body").innerText === "This message was removed."`)
	b.Sees(t, `document.querySelector("#m1 .thread-below[open] #m2").checkVisibility() && document.querySelector("#m3.is-gone .edited").innerText.startsWith("removed ")`)
	b.Sees(t, `document.activeElement.matches("#m1 summary")`)
	b.Sees(t, `[...document.querySelectorAll(".say")].map(s => s.id).join() === "m1,m2,m3" && document.getElementById("room-count").innerText === "3 messages"`)

	b.Go(t, "/console/dev")
	b.Sees(t, isLive+` && document.querySelectorAll(".is-gone").length === 2 && document.querySelector("#m2 .edited")`)
	send(t, c, "dev", "n4", "one more")
	b.Sees(t, `document.querySelector("#posts > .say:last-child .body").innerText === "one more" && document.getElementById("room-count").innerText === "4 messages"`)
	b.Content(t)
}

func TestBrowserOpensTheFirstRoom(t *testing.T) {
	c := open(&memory{})
	server := httptest.NewServer(withFiles(c))
	t.Cleanup(func() { c.Close(); server.CloseClientConnections(); server.Close() })
	b := webtest.Open(t, server.URL)
	b.Go(t, "/console")
	b.Sees(t, `document.getElementById("welcome")`)
	b.Sees(t, isLive)
	send(t, c, "support", "n1", "hello")
	b.Sees(t, `location.pathname === "/console/support" && document.getElementById("m1")`)
	b.Content(t)
}

func TestBrowserAfterRestart(t *testing.T) {
	store := &memory{}
	c := open(store, "dev")
	server := httptest.NewServer(withFiles(c))
	address := server.Listener.Addr().String()
	b := webtest.Open(t, server.URL)
	send(t, c, "dev", "n1", "before")
	b.Go(t, "/console/dev")
	b.Sees(t, isLive)
	c.Close()
	server.CloseClientConnections()
	server.Close()
	b.Sees(t, `!document.getElementById("lost").hidden`)

	require.NoError(t, store.AppendConsolePost(t.Context(), &hub.ConsolePost{
		Chat: hub.Chat{System: "console", ID: "dev"}, Message: hub.Message{Text: "while it was away"},
	}))
	listener, err := net.Listen("tcp", address)
	require.NoError(t, err)
	again := open(store, "dev")
	server = &httptest.Server{Listener: listener, Config: &http.Server{Handler: withFiles(again)}}
	server.Start()
	t.Cleanup(func() { again.Close(); server.CloseClientConnections(); server.Close() })
	b.Sees(t, isLive+` && document.getElementById("lost").hidden`)
	send(t, again, "dev", "n2", "after")
	b.Sees(t, `[...document.querySelectorAll(".say")].map(s => s.id).join() === "m1,m2,m3"`)
}
