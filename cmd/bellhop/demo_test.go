package main

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// browser opens Chromium, which the tests need as a user does.
func browser(t *testing.T) context.Context {
	t.Helper()
	path, err := exec.LookPath("chromium")
	require.NoError(t, err, "the tests look at pages in Chromium: run make deps")
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.WindowSize(1200, 900),
		chromedp.UserDataDir(t.TempDir()), chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true),
	)
	allocator, stop := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(stop)
	ctx, cancel := chromedp.NewContext(allocator)
	t.Cleanup(cancel)
	ctx, cancelTime := context.WithTimeout(ctx, time.Minute)
	t.Cleanup(cancelTime)
	return ctx
}

// text is what a person reads in the room.
func text(t *testing.T, ctx context.Context) string {
	t.Helper()
	said, err := chromedp.Run(ctx, chromedp.Evaluate[string](`document.querySelector("main").innerText`))
	require.NoError(t, err)
	return said
}

func sees(t *testing.T, ctx context.Context, words string) {
	t.Helper()
	require.Eventually(t, func() bool {
		said, err := chromedp.Run(ctx, chromedp.Evaluate[string](`document.querySelector("main")?.innerText ?? ""`))
		return err == nil && strings.Contains(said, words)
	}, 30*time.Second, 50*time.Millisecond, words)
}

// TestDemoInABrowser does what the README tells a newcomer to do: run the demo,
// open the address, watch messages arrive, press Ctrl-C.
func TestDemoInABrowser(t *testing.T) {
	temp := t.TempDir()
	demo := launch(t, []string{"TMPDIR=" + temp}, "demo", "--pace", "4")
	address := "http" + demo.awaits("http")

	ctx := browser(t)
	require.NoError(t, chromedp.Do(ctx, chromedp.Navigate(address)))
	sees(t, ctx, "No network after 4.2 on Raspberry Pi 5")
	sees(t, ctx, "Printer queue stays empty") // arrives while the page is open
	sees(t, ctx, "only since the weekend")    // a message that stands there changes
	sees(t, ctx, "· solved")
	title, err := chromedp.Run(ctx, chromedp.Title())
	require.NoError(t, err)
	require.Contains(t, title, "support")
	said := text(t, ctx)
	require.Contains(t, said, "Support › Networking")
	require.NotContains(t, said, "For moderators only")
	require.NotContains(t, said, "Half price", "spam that was deleted is struck")
	require.NotContains(t, said, "4.2.1 is out", "that is for the other room")

	require.NoError(t, chromedp.Do(ctx, chromedp.Click(`a[href="/console/news"]`)))
	sees(t, ctx, "Kestrel 4.2.1 is out")
	sees(t, ctx, "Security: update the backup plugin")
	demo.awaits("has said everything")
	require.Less(t, demo.stop(), 2*time.Second, "Ctrl-C ends it at once")
	left, err := os.ReadDir(temp)
	require.NoError(t, err)
	require.Empty(t, left, "nothing is left behind")
}
