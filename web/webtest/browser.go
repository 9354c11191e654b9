// Package webtest looks at pages as their readers do: in a real browser, with
// the rules for accessible pages.
package webtest

import (
	"context"
	"fmt"
	"iter"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"
)

// A page may take a minute to become as it should be: machines that test much at once
// are slow. The minute is counted in looks, since one that stood still did nothing for
// the page meanwhile.
const (
	lookEvery = 50 * time.Millisecond
	mostLooks = 1200
)

// Tab is a browser that shows pages of one server.
type Tab struct {
	Ctx      context.Context // for what Tab has no word for
	url      string
	messages iter.Seq2[chromedp.ConsoleMessage, error]
	looked   bool // axe has been in one of its pages
}

// Open opens a tab that knows nothing of other tests, in the one browser that the
// package's tests share: to start one takes two seconds. The tab ends with the
// test, which has eight minutes for all that it does with it.
func Open(t *testing.T, url string) *Tab {
	t.Helper()
	one, err := browser()
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(one, 8*time.Minute)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx, chromedp.WithNewBrowserContext())
	t.Cleanup(cancel)
	b := &Tab{Ctx: ctx, url: url, messages: chromedp.Console(ctx)}
	b.answerQuestions(t)
	return b
}

// answerQuestions says yes to each box that a page opens, which nothing gets past,
// and has the test fail for it: no test wants one.
func (b *Tab) answerQuestions(t *testing.T) {
	var asked atomic.Pointer[string]
	questions := chromedp.Events(b.Ctx, page.JavascriptDialogOpening)
	go func() {
		for q, err := range questions {
			if err != nil {
				return
			}
			said := fmt.Sprintf("%s: %q at %s", q.Type, q.Message, q.URL)
			asked.Store(&said)
			_, _ = chromedp.Call(b.Ctx, page.HandleJavaScriptDialog, page.HandleJavaScriptDialogParams{Accept: true})
		}
	}()
	t.Cleanup(func() {
		if said := asked.Load(); said != nil {
			t.Errorf("a page asked: %s", *said)
		}
	})
}

// stop ends the browser, if there is one.
var stop = func() {}

// browser is the browser, which the first test that asks for it starts.
var browser = sync.OnceValues(func() (context.Context, error) {
	path, err := exec.LookPath("chromium")
	if err != nil {
		return nil, fmt.Errorf("the tests look at pages in Chromium: run make deps: %w", err)
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.WindowSize(1200, 800),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true))
	all, ended := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, end := chromedp.NewContext(all)
	stop = func() { end(); ended() }
	return ctx, chromedp.Do(ctx)
})

// Main runs the tests of a package and ends the browser behind them.
func Main(m *testing.M) (code int) {
	defer func() { stop() }()
	return m.Run()
}

// left are what htmx says of a request whose page was left before it was answered:
// https://htmx.org/events/#htmx:sendError
var left = []string{"htmx:afterRequest", "htmx:sendError", "htmx:sendAbort"}

// Content requires that the browser has complained of nothing, such as a breach
// of the policy or a mistake in a script.
func (b *Tab) Content(t *testing.T) {
	t.Helper()
	b.run(t, `console.log("that is all")`)
	for m, err := range b.messages {
		require.NoError(t, err)
		if m.Text == "that is all" {
			return
		}
		if b.looked && strings.HasPrefix(m.Text, "Applying inline style violates") {
			continue // that was axe: call Content before Accessible to see the page's own
		}
		if event, _, isEvent := strings.Cut(m.Text, ","); isEvent && slices.Contains(left, event) {
			continue
		}
		require.NotContains(t, []chromedp.ConsoleType{chromedp.ConsoleError, chromedp.ConsoleException}, m.Type, "%s", m.Text)
	}
}

// Go opens the page at a path.
func (b *Tab) Go(t *testing.T, path string) {
	t.Helper()
	require.NoError(t, chromedp.Do(b.Ctx, chromedp.Navigate(b.url+path)))
}

// Sees waits until the page makes expression true.
func (b *Tab) Sees(t *testing.T, expression string) {
	t.Helper()
	b.await(t, expression, func() bool {
		is, err := chromedp.Run(b.Ctx, chromedp.Evaluate[bool]("Boolean(("+expression+"))"))
		return err == nil && is
	})
}

// Says waits until the page's main part holds text.
func (b *Tab) Says(t *testing.T, text string) {
	t.Helper()
	b.await(t, text, func() bool {
		said, err := chromedp.Run(b.Ctx, chromedp.Evaluate[string](`document.querySelector("main")?.innerText ?? ""`))
		return err == nil && contains(said, text)
	})
}

// await looks until is reports true. what names it.
func (b *Tab) await(t *testing.T, what string, is func() bool) {
	t.Helper()
	look := time.NewTicker(lookEvery)
	defer look.Stop()
	for range mostLooks {
		if is() {
			return
		}
		select {
		case <-look.C:
		case <-b.Ctx.Done():
			require.FailNow(t, what, "the test's time with the browser is over: %v", b.Ctx.Err())
		}
	}
	require.FailNow(t, what, "is not so. The page says:\n%s", b.Text(t, "main"))
}

// Text is what the first element that matches shows.
func (b *Tab) Text(t *testing.T, selector string) string {
	t.Helper()
	said, err := chromedp.Run(b.Ctx, chromedp.Evaluate[string](`document.querySelector(`+quote(selector)+`)?.innerText ?? ""`))
	require.NoError(t, err)
	return said
}

// loaded waits until the page's scripts hear keys and clicks.
func (b *Tab) loaded(t *testing.T) {
	t.Helper()
	b.Sees(t, `document.readyState === "complete"`)
}

// Press types keys; those of package kb are special ones.
func (b *Tab) Press(t *testing.T, keys string) {
	t.Helper()
	b.loaded(t)
	require.NoError(t, chromedp.Do(b.Ctx, chromedp.KeyEvent(keys)))
}

// Sends presses Enter in a form, and waits until the page that answers is there:
// what the old one says is not mistaken for it.
func (b *Tab) Sends(t *testing.T) {
	t.Helper()
	b.run(t, `window.isOld = true`)
	b.Press(t, kb.Enter)
	b.Sees(t, `!window.isOld && document.readyState === "complete"`)
}

// Focus gives an element the focus, which a change of the page may not take.
func (b *Tab) Focus(t *testing.T, selector string) {
	t.Helper()
	at := `document.querySelector(` + quote(selector) + `)`
	b.Sees(t, `(`+at+`?.focus(), document.activeElement === `+at+`)`)
}

// Fill puts text into a field, in place of what stood there, as typing does.
func (b *Tab) Fill(t *testing.T, selector, text string) {
	t.Helper()
	b.Focus(t, selector)
	b.run(t, `document.activeElement?.select?.()`)
	b.Press(t, text)
}

// run runs a script whose value nobody asks for.
func (b *Tab) run(t *testing.T, script string) {
	t.Helper()
	_, err := chromedp.Run(b.Ctx, chromedp.Evaluate[any](script))
	require.NoError(t, err)
}

// Click presses the first element that matches, which must be in view.
func (b *Tab) Click(t *testing.T, selector string) {
	t.Helper()
	b.loaded(t)
	b.Sees(t, `document.querySelector(`+quote(selector)+`)?.checkVisibility()`)
	require.NoError(t, chromedp.Do(b.Ctx, chromedp.Click(selector)))
}
