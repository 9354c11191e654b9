// Package web holds what browsers get: the pages' templates, the style sheets,
// the icons and the two small scripts, all inside the binary. It refuses to
// know anything of the domain: pages bring their own data.
package web

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"sync"
	"time"
)

//go:embed templates static words
var files embed.FS

// asset is a static file and how it is announced.
type asset struct {
	body      []byte
	mediaType string
	version   string // the first half of its SHA-256
}

// assets are the files under static, by their path below it.
var assets = sync.OnceValue(func() map[string]asset {
	found := map[string]asset{}
	err := fs.WalkDir(files, "static", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		body, err := files.ReadFile(name)
		if err != nil {
			return err
		}
		sum := sha256.Sum256(body)
		found[strings.TrimPrefix(name, "static/")] = asset{body, mediaType(name), hex.EncodeToString(sum[:16])}
		return nil
	})
	if err != nil {
		panic(fmt.Sprintf("web: the embedded files cannot be read: %v", err))
	}
	return found
})

// mediaType does not ask package mime, whose answers differ by machine.
func mediaType(name string) string {
	switch path.Ext(name) {
	case ".css":
		return "text/css; charset=utf-8"
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	default:
		return "application/octet-stream"
	}
}

// assetURL is where a page finds a static file. The address changes with the
// content, so that a browser may keep it for good.
func assetURL(name string) (string, error) {
	a, ok := assets()[name]
	if !ok {
		return "", fmt.Errorf("no static file is called %q", name)
	}
	return "/static/" + name + "?v=" + a.version, nil
}

// Static serves the files under /static/. A file asked for by its version is
// kept by browsers for a year, any other is asked for again each time.
func Static() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		Protect(w.Header())
		a, ok := assets()[strings.TrimPrefix(r.URL.Path, "/static/")]
		if !ok {
			http.NotFound(w, r)
			return
		}
		caching := "no-cache"
		if r.URL.Query().Get("v") == a.version {
			caching = "public, max-age=31536000, immutable"
		}
		w.Header().Set("Cache-Control", caching)
		w.Header().Set("Content-Type", a.mediaType)
		w.Header().Set("ETag", `"`+a.version+`"`)
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(a.body))
	})
}
