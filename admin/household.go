package admin

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/bellhop-chat/bellhop/web"
)

// Household serves pages as the house looks to people who have not chosen.
func (s *Server) Household(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.Contains(r.Header.Get("Accept"), "text/html") && r.Header.Get("HX-Request") == "" {
			h.ServeHTTP(w, r)
			return
		}
		ctx, cancel := context.WithTimeout(r.Context(), time.Second)
		look, err := s.Look(ctx)
		cancel()
		if err != nil { // a page in another language is better than none
			s.Log.WarnContext(r.Context(), "how the house looks cannot be read", "err", err)
		}
		h.ServeHTTP(w, r.WithContext(web.WithLanguage(r.Context(), look.Language)))
	})
}
