package admin

import (
	"cmp"
	"net/http"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/web"
)

// Page is an operation of the pane: a page, a part of one, or what a form does.
type Page struct {
	Method, Path string // as http.ServeMux takes them
	Need         hub.Role
	Most         int64 // bytes of a body; 0 is as of any
	Fresh        bool  // it makes or shows a secret: the credential must be shown anew
	Handle       func(http.ResponseWriter, *http.Request) error
}

// Mux takes handlers by the patterns of http.ServeMux.
type Mux interface {
	Handle(pattern string, handler http.Handler)
}

// MountPages serves pages to whoever is signed in and has the role that each
// needs. How an error looks is for fail to say.
func (s *Server) MountPages(mux Mux, pages []Page, fail func(http.ResponseWriter, *http.Request, error)) {
	for _, p := range pages {
		if !p.Need.Known() {
			panic("admin: nobody is said to be allowed " + p.Method + " " + p.Path)
		}
		mux.Handle(p.Method+" "+p.Path, s.Guard(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			web.Protect(w.Header())
			if r.Body != nil {
				r.Body = http.MaxBytesReader(w, r.Body, cmp.Or(p.Most, s.MaxBody))
			}
			r = r.WithContext(via(r.Context(), hub.ViaPane))
			err := permit(r.Context(), p.Need)
			if err == nil && p.Fresh && !Fresh(r.Context()) {
				s.Confirm(w, r)
				return
			}
			if err == nil {
				err = p.Handle(w, r)
			}
			if err != nil {
				fail(w, r, err)
			}
		})))
	}
}
