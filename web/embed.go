// Package web holds what browsers get: the pages' templates, the style sheets,
// the icons and the two small scripts, all inside the binary. It refuses to
// know anything of the domain: pages bring their own data.
package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync"
	"time"
)

//go:embed templates static words
var files embed.FS

// asset is a static file and how it is announced.
type asset struct {
	body      []byte
	packed    []byte // by gzip; nil where that gains nothing
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
		found[strings.TrimPrefix(name, "static/")] = asset{body, packed(body), mediaType(name), hex.EncodeToString(sum[:16])}
		return nil
	})
	if err != nil {
		panic(fmt.Sprintf("web: the embedded files cannot be read: %v", err))
	}
	return found
})

// packed is a file as gzip makes it, nil if that is hardly smaller. It is done
// once, as well as can be.
func packed(body []byte) []byte {
	var b bytes.Buffer
	z, _ := gzip.NewWriterLevel(&b, gzip.BestCompression) // the level is a valid one
	_, _ = z.Write(body)                                  // a bytes.Buffer takes everything
	_ = z.Close()
	if b.Len() > len(body)*9/10 {
		return nil
	}
	return b.Bytes()
}

// Shipped is how many bytes a browser loads that loads every static file once.
func Shipped() (n int) {
	for _, a := range assets() {
		if a.packed != nil {
			n += len(a.packed)
		} else {
			n += len(a.body)
		}
	}
	return n
}

// takesGzip reports whether who asks can unpack:
// https://www.rfc-editor.org/rfc/rfc9110#field.accept-encoding
func takesGzip(r *http.Request) bool {
	others := false
	for part := range strings.SplitSeq(strings.Join(r.Header.Values("Accept-Encoding"), ","), ",") {
		coding, weight, _ := strings.Cut(part, ";")
		_, q, weighed := strings.Cut(strings.ReplaceAll(weight, " ", ""), "q=")
		wanted := true
		if n, err := strconv.ParseFloat(q, 64); weighed && (err != nil || n <= 0) {
			wanted = false
		}
		switch strings.ToLower(strings.TrimSpace(coding)) {
		case "gzip", "x-gzip":
			return wanted
		case "*":
			others = wanted
		}
	}
	return others
}

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
		body, tag := a.body, a.version
		if a.packed != nil {
			w.Header().Add("Vary", "Accept-Encoding")
			if takesGzip(r) {
				w.Header().Set("Content-Encoding", "gzip")
				body, tag = a.packed, tag+"-gzip"
			}
		}
		w.Header().Set("ETag", `"`+tag+`"`)
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body))
	})
}
