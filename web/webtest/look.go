package webtest

import (
	_ "embed"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// axe is the engine that tests pages against WCAG, MPL-2.0:
// https://github.com/dequelabs/axe-core
//
//go:embed axe.min.js
var axe string

// The sizes of a desk's window and of a phone's.
const (
	Wide, High         = 1440, 900
	Narrow, NarrowHigh = 400, 860
)

// Theme shows pages as a reader who prefers "light" or "dark" sees them.
func (b *Tab) Theme(t *testing.T, theme string) {
	t.Helper()
	_, err := chromedp.Call(b.Ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: theme}, {Name: "prefers-reduced-motion", Value: "reduce"},
	}})
	require.NoError(t, err)
}

// Size makes the window that large, in CSS pixels.
func (b *Tab) Size(t *testing.T, width, height int64) {
	t.Helper()
	require.NoError(t, chromedp.Do(b.Ctx, chromedp.EmulateViewport(width, height)))
}

// violation is a rule that a page breaks, as axe tells it.
type violation struct {
	ID    string `json:"id"`
	Help  string `json:"help"`
	Nodes []struct {
		HTML    string `json:"html"`
		Summary string `json:"failureSummary"`
	} `json:"nodes"`
}

// Accessible requires that the page breaks no rule of WCAG 2.2, levels A and AA,
// that a machine can test: https://www.w3.org/TR/WCAG22/
func (b *Tab) Accessible(t *testing.T, name string) {
	t.Helper()
	b.looked = true
	b.run(t, axe+";null")
	found, err := chromedp.Run(b.Ctx, chromedp.Evaluate[string](
		`axe.run(document, {runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"], resultTypes: ["violations"]}).then(r => JSON.stringify(r.violations))`,
		chromedp.EvalAwaitPromise))
	require.NoError(t, err)
	var broken []violation
	require.NoError(t, json.Unmarshal([]byte(found), &broken))
	var said strings.Builder
	for _, v := range broken {
		said.WriteString("\n" + v.ID + ": " + v.Help)
		for _, n := range v.Nodes {
			said.WriteString("\n  " + n.HTML + "\n    " + strings.ReplaceAll(n.Summary, "\n", "\n    "))
		}
	}
	require.Empty(t, broken, "%s: %s", name, said.String())
}

// Shot keeps a picture of the whole page under the name, if BELLHOP_SCREENSHOTS
// names a folder.
func (b *Tab) Shot(t *testing.T, name string) {
	t.Helper()
	folder := os.Getenv("BELLHOP_SCREENSHOTS")
	if folder == "" {
		return
	}
	quality := int64(85)
	picture, err := chromedp.Call(b.Ctx, page.CaptureScreenshot, page.CaptureScreenshotParams{Format: page.CaptureScreenshotFormatWebp, Quality: &quality})
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(folder, name+".webp"), picture.Data, 0o600))
}

// Look shows a page wide and narrow, light and dark: each must be accessible and
// fit its width. The four pictures are made and kept if BELLHOP_SCREENSHOTS names
// a folder; else it is looked at in each theme and each size once.
func (b *Tab) Look(t *testing.T, name, path string) {
	t.Helper()
	b.views(t, name, func() {
		b.Go(t, path)
		b.Sees(t, `document.readyState === "complete" && document.querySelector("main")`)
	})
}

// LookHere is Look for the page that is open, which an address alone does not show.
func (b *Tab) LookHere(t *testing.T, name string) {
	t.Helper()
	b.views(t, name, func() {})
	b.Theme(t, "light")
	b.Size(t, Wide, High)
}

func (b *Tab) views(t *testing.T, name string, show func()) {
	t.Helper()
	all := os.Getenv("BELLHOP_SCREENSHOTS") != ""
	for i, theme := range []string{"light", "dark"} {
		b.Theme(t, theme)
		for j, size := range []struct {
			name       string
			wide, high int64
		}{{"wide", Wide, High}, {"narrow", Narrow, NarrowHigh}} {
			if !all && i != j {
				continue
			}
			b.Size(t, size.wide, size.high)
			show()
			b.Accessible(t, name+" "+size.name+" "+theme)
			b.Sees(t, `document.documentElement.scrollWidth <= innerWidth`)
			b.Shot(t, name+"-"+size.name+"-"+theme)
		}
	}
}

// contains ignores how lines are broken.
func contains(said, text string) bool {
	return strings.Contains(strings.Join(strings.Fields(said), " "), strings.Join(strings.Fields(text), " "))
}

func quote(s string) string {
	q, _ := json.Marshal(s) // a string always can be
	return string(q)
}
