package web

import (
	"bytes"
	"fmt"
	"html/template"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"strings"
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
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("X-Frame-Options", "DENY") // what frame-ancestors says, for browsers that do not know it
	h.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=(), payment=(), usb=()")
}

// Problem is the data of problem.html: a page that says what went wrong.
type Problem struct {
	Title  string // "The rooms did not load"
	Detail string // what happened and the next step
	Retry  string // where to try again; empty for nowhere
}

// Trouble names the text that heads a page of a problem with this status.
func Trouble(status int) string {
	switch {
	case status == http.StatusNotFound:
		return "fail.gone"
	case status == http.StatusForbidden:
		return "fail.forbidden"
	case status == http.StatusConflict:
		return "fail.changed"
	case status < http.StatusInternalServerError:
		return "fail.refused"
	}
	return "fail.ours"
}

// templates are the pages in each language.
var templates = sync.OnceValue(func() map[*Words]*template.Template {
	all := map[*Words]*template.Template{}
	for _, words := range catalogue() {
		all[words] = template.Must(parse(words))
	}
	return all
})

// parse reads the templates, each under its path below templates.
func parse(words *Words) (*template.Template, error) {
	set := template.New("").Funcs(helpers(words))
	err := fs.WalkDir(files, "templates", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		body, err := files.ReadFile(name)
		if err != nil {
			return err
		}
		_, err = set.New(strings.TrimPrefix(name, "templates/")).Parse(string(body))
		return err
	})
	return set, err
}

// helpers are what templates may call besides the methods of their data.
func helpers(words *Words) template.FuncMap {
	return template.FuncMap{
		"asset":  assetURL,
		"t":      words.Say,      // a text by its name: {{t "home.waiting" "Count" 3}}
		"markup": words.Mark,     // one that holds markup
		"num":    words.Number,   // a number as the language writes it
		"lang":   words.Language, //
		"pairs":  pairs,          // a map made of names and values, for a template that takes several
	}
}

// pairs makes a map of names and values.
func pairs(list ...any) (map[string]any, error) {
	if len(list)%2 != 0 {
		return nil, fmt.Errorf("pairs wants names and values, not %d things", len(list))
	}
	m := map[string]any{}
	for i := 0; i < len(list); i += 2 {
		m[fmt.Sprint(list[i])] = list[i+1]
	}
	return m, nil
}

// Render answers with a page. Nothing is sent before the page is whole, so a
// template that fails gives a plain 500 and no half page.
func Render(w http.ResponseWriter, words *Words, status int, name string, data any) {
	Protect(w.Header())
	w.Header().Set("Cache-Control", "no-store")
	var page bytes.Buffer
	if err := Fragment(&page, words, name, data); err != nil {
		slog.Error("page not rendered", "page", name, "err", err)
		http.Error(w, "Bellhop could not make this page. The reason is in its log.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = page.WriteTo(w) // a reader who went away is no fault of ours
}

// Fragment writes a template by name: a page, or a part of one for a stream.
func Fragment(w io.Writer, words *Words, name string, data any) error {
	return templates()[words].ExecuteTemplate(w, name, data)
}

// HexColor is a colour's six digits, empty for anything else: colours come from
// forums and go into attributes.
func HexColor(s string) string {
	if len(s) == 7 && s[0] == '#' {
		s = s[1:]
	}
	if len(s) != 6 {
		return ""
	}
	for _, r := range s {
		if (r < '0' || r > '9') && (r < 'a' || r > 'f') && (r < 'A' || r > 'F') {
			return ""
		}
	}
	return s
}
