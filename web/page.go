package web

import (
	"bytes"
	"html/template"
	"io"
	"log/slog"
	"net/http"
	"sync"
)

// Policy is the Content-Security-Policy of every page: only our own files, no
// inline script or style, nothing from elsewhere, and no frame around it.
const Policy = "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; connect-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// Protect sets the security headers that every answer to a browser carries.
func Protect(h http.Header) {
	h.Set("Content-Security-Policy", Policy)
	h.Set("X-Content-Type-Options", "nosniff")
	// Not no-referrer: with it browsers send "Origin: null" with a form, which looks
	// like another site's: https://fetch.spec.whatwg.org/#append-a-request-origin-header
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
}

// Login is the data of login.html, which posts token and next to /login.
type Login struct {
	Error string // why the last try failed, in words
	Next  string // where to go afterwards
	Hint  string // where the token is found
}

// Problem is the data of problem.html: a page that says what went wrong.
type Problem struct {
	Title  string // "The rooms did not load"
	Detail string // what happened and the next step
	Retry  string // where to try again; empty for nowhere
}

var templates = sync.OnceValue(func() *template.Template {
	all := template.New("").Funcs(template.FuncMap{"asset": assetURL})
	return template.Must(all.ParseFS(files, "templates/*.html"))
})

// Render answers with a page. Nothing is sent before the page is whole, so a
// template that fails gives a plain 500 and no half page.
func Render(w http.ResponseWriter, status int, name string, data any) {
	Protect(w.Header())
	w.Header().Set("Cache-Control", "no-store")
	var page bytes.Buffer
	if err := Fragment(&page, name, data); err != nil {
		slog.Error("page not rendered", "page", name, "err", err)
		http.Error(w, "Bellhop could not make this page. The reason is in its log.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = page.WriteTo(w) // a reader who went away is no fault of ours
}

// Fragment writes a template by name: a page, or a part of one for a stream.
func Fragment(w io.Writer, name string, data any) error {
	return templates().ExecuteTemplate(w, name, data)
}
