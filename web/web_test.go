package web_test

import (
	"bytes"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/web"
)

func get(t *testing.T, path string, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	web.Static().ServeHTTP(w, r)
	return w
}

func TestStaticFilesAreServed(t *testing.T) {
	types := map[string]string{"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8", "svg": "image/svg+xml"}
	served := 0
	err := fs.WalkDir(os.DirFS("static"), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		served++
		want, err := os.ReadFile("static/" + name)
		require.NoError(t, err)
		w := get(t, "/static/"+name)
		require.Equal(t, http.StatusOK, w.Code, name)
		require.True(t, bytes.Equal(want, w.Body.Bytes()), name)
		require.Equal(t, types[name[strings.LastIndexByte(name, '.')+1:]], w.Header().Get("Content-Type"), name)
		require.Equal(t, "nosniff", w.Header().Get("X-Content-Type-Options"))
		require.Equal(t, "no-cache", w.Header().Get("Cache-Control"), "unless asked for by version")
		require.Equal(t, http.StatusNotModified, get(t, "/static/"+name, "If-None-Match", w.Header().Get("ETag")).Code)
		return nil
	})
	require.NoError(t, err)
	require.Greater(t, served, 5)
}

func TestStaticHoldsNothingElse(t *testing.T) {
	for _, path := range []string{"/static/", "/static/none.css", "/static/../templates/pane/login.html", "/static/vendor"} {
		require.Equal(t, http.StatusNotFound, get(t, path).Code, path)
	}
}

var linked = regexp.MustCompile(`(?:href|src)="(/static/[^"#]+)`)

func TestPagesLinkToFilesThatBrowsersMayKeep(t *testing.T) {
	w := httptest.NewRecorder()
	web.Render(w, web.English(), http.StatusOK, "problem.html", web.Problem{})
	kept := 0
	for _, link := range linked.FindAllStringSubmatch(w.Body.String(), -1) {
		answer := get(t, link[1])
		require.Equal(t, http.StatusOK, answer.Code, link[1])
		if strings.Contains(link[1], "?v=") {
			kept++
			require.Equal(t, "public, max-age=31536000, immutable", answer.Header().Get("Cache-Control"), link[1])
		}
	}
	require.GreaterOrEqual(t, kept, 4)
	require.Equal(t, "no-cache", get(t, "/static/pane.css?v=0").Header().Get("Cache-Control"), "an older version is not this one")
}

var used = regexp.MustCompile(`(?:template "icon" "|icons\.svg#)([a-z-]+[a-z])"`)

func TestIconsExist(t *testing.T) {
	icons, err := os.ReadFile("static/img/icons.svg")
	require.NoError(t, err)
	pages, err := fs.Glob(os.DirFS("templates"), "*.html")
	require.NoError(t, err)
	panes, err := fs.Glob(os.DirFS("templates"), "pane/*.html")
	require.NoError(t, err)
	for _, name := range append(pages, panes...) {
		page, err := os.ReadFile("templates/" + name)
		require.NoError(t, err)
		for _, icon := range used.FindAllStringSubmatch(string(page), -1) {
			require.Contains(t, string(icons), `id="`+icon[1]+`"`, name)
		}
	}
}

func TestStyleSheetsLoadNothingFromElsewhere(t *testing.T) {
	for _, name := range []string{"tokens.css", "pane.css", "console.css"} {
		sheet, err := os.ReadFile("static/" + name)
		require.NoError(t, err)
		for _, found := range regexp.MustCompile(`url\("?([^")]+)`).FindAllStringSubmatch(string(sheet), -1) {
			require.FileExists(t, "static/"+found[1], name)
		}
	}
}

func TestPagesEscapeWhatTheyAreGiven(t *testing.T) {
	w := httptest.NewRecorder()
	web.Render(w, web.English(), http.StatusUnauthorized, "problem.html", web.Problem{Title: `No <such> room`, Detail: "It is gone.", Retry: `/console/dev?"><script>`})
	require.Equal(t, http.StatusUnauthorized, w.Code)
	require.Equal(t, web.Policy, w.Header().Get("Content-Security-Policy"))
	require.Equal(t, "DENY", w.Header().Get("X-Frame-Options"))
	require.Equal(t, "no-store", w.Header().Get("Cache-Control"))
	body := w.Body.String()
	require.Contains(t, body, "No &lt;such&gt; room")
	require.NotContains(t, body, "<script>")
}

func TestBrokenPageIsNoHalfPage(t *testing.T) {
	w := httptest.NewRecorder()
	web.Render(w, web.English(), http.StatusOK, "problem.html", "data of another page")
	require.Equal(t, http.StatusInternalServerError, w.Code)
	require.NotContains(t, w.Body.String(), "<html")
}
