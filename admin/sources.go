package admin

import (
	"net/http"
	"slices"

	"github.com/bellhop-chat/bellhop/hub"
)

func (s *Server) listSources(w http.ResponseWriter, r *http.Request) error {
	all, err := s.SourceList(r.Context())
	if err != nil {
		return err
	}
	return s.answer(w, r, http.StatusOK, listOf(all, ""))
}

func (s *Server) getTaxonomy(w http.ResponseWriter, r *http.Request) error {
	source := hub.Source(r.PathValue("source"))
	if err := s.knownSource(source); err != nil {
		return err
	}
	t, err := s.Taxonomy(r.Context(), source)
	if err != nil {
		return err
	}
	if t == nil {
		return hub.Errorf(hub.CodeNotFound, "source %q is no forum: it has no categories, tags and groups to list", source)
	}
	return s.answer(w, r, http.StatusOK, shownTaxonomy(t))
}

func (s *Server) knownSource(source hub.Source) error {
	if !slices.Contains(s.Sources(), source) {
		return hub.Errorf(hub.CodeNotFound, "no source is named %q%s", source, meant(string(source), words(s.Sources())))
	}
	return nil
}

// shownTaxonomy never has null lists.
func shownTaxonomy(t *hub.Taxonomy) hub.Taxonomy {
	shown := *t
	shown.Categories, shown.Tags, shown.Groups = listOf(t.Categories, "").Items, listOf(t.Tags, "").Items, listOf(t.Groups, "").Items
	return shown
}

// meant suggests what a name may have been meant for: " (did you mean x?)".
func meant(name string, known []string) string {
	near := hub.Nearest(name, known, 3)
	if len(near) == 0 {
		return ""
	}
	return " (did you mean " + alternatives(near) + "?)"
}
