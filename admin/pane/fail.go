package pane

import (
	"net/http"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/web"
)

// problemPage says what went wrong, inside the frame.
type problemPage struct {
	Frame
	Heading, Detail string
	Retry           string // where to try again; empty for nowhere
}

// fail answers with what went wrong: a page, or for a part of a page a notice in
// the corner.
func (p *Pane) fail(w http.ResponseWriter, r *http.Request, err error) {
	status, detail := p.Admin.Describe(r, err)
	words := web.WordsOf(r)
	if isPart(r) {
		w.Header().Set("HX-Retarget", "#toasts")
		w.Header().Set("HX-Reswap", "beforeend")
		web.Render(w, words, status, "toast", Toast{Icon: "i-alert", Text: detail})
		return
	}
	page := problemPage{Frame: p.frame(r, "", "fail.title"), Heading: words.Say(web.Trouble(status)), Detail: detail}
	if r.Method == http.MethodGet && status >= http.StatusInternalServerError {
		page.Retry = r.URL.RequestURI()
	}
	web.Render(w, words, status, "pane/problem.html", page)
}

// isPart reports whether a script asks for a part of a page.
func isPart(r *http.Request) bool {
	return r.Header.Get("HX-Request") == "true" && r.Header.Get("HX-Boosted") != "true"
}

func (p *Pane) noSuchPage(w http.ResponseWriter, r *http.Request) {
	p.fail(w, r, hub.Errorf(hub.CodeNotFound, "%s", web.WordsOf(r).Say("fail.noPage")))
}
