package admin

import (
	"net/http"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/web"
)

// Page is an operation of the pane: a page, a part of one, or what a form does.
type Page struct {
	Method, Path string // as http.ServeMux takes them
	Need         hub.Role
	Handle       func(http.ResponseWriter, *http.Request) error
}

// MountPages serves pages to whoever is signed in and has the role that each
// needs. How an error looks is for fail to say.
func (s *Server) MountPages(mux *http.ServeMux, pages []Page, fail func(http.ResponseWriter, *http.Request, error)) {
	for _, p := range pages {
		if !p.Need.Known() {
			panic("admin: nobody is said to be allowed " + p.Method + " " + p.Path)
		}
		mux.Handle(p.Method+" "+p.Path, s.Guard(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			web.Protect(w.Header())
			if r.Body != nil {
				r.Body = http.MaxBytesReader(w, r.Body, s.MaxBody)
			}
			err := permit(r.Context(), p.Need)
			if err == nil {
				err = p.Handle(w, r)
			}
			if err != nil {
				fail(w, r, err)
			}
		})))
	}
}
