package admin

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/rules"
)

func (s *Server) listSubscriptions(w http.ResponseWriter, r *http.Request) error {
	if r.URL.Query().Get("format") == "table" {
		return s.writeTable(w, r)
	}
	rows, next, err := s.Subscriptions.ListSubscriptions(r.Context(), subscriptionQuery(r))
	if err != nil {
		return err
	}
	for i := range rows {
		rows[i].Filters = listOf(rows[i].Filters, "").Items
	}
	return s.answer(w, r, http.StatusOK, listOf(rows, next))
}

func subscriptionQuery(r *http.Request) hub.SubscriptionQuery {
	q := r.URL.Query()
	return hub.SubscriptionQuery{
		System: hub.System(q.Get("system")), Chat: q.Get("chat"),
		Source: hub.Source(q.Get("source")), Mode: hub.Mode(q.Get("mode")), Page: pageOf(r),
	}
}

func (s *Server) getSubscription(w http.ResponseWriter, r *http.Request) error {
	row, err := s.Subscriptions.GetSubscription(r.Context(), subscriptionID(r))
	if err != nil {
		return err
	}
	return s.answerRow(w, r, http.StatusOK, row)
}

func (s *Server) createSubscription(w http.ResponseWriter, r *http.Request) error {
	if r.URL.Query().Get("format") == "table" {
		return s.readTable(w, r)
	}
	row, err := s.readRow(w, r)
	if err != nil {
		return err
	}
	if err := s.createRow(r.Context(), row); err != nil {
		return err
	}
	w.Header().Set("Location", prefix+"/subscriptions/"+url.PathEscape(string(row.ID)))
	return s.answerRow(w, r, http.StatusCreated, row)
}

func (s *Server) replaceSubscription(w http.ResponseWriter, r *http.Request) error {
	row, err := s.readRow(w, r)
	if err != nil {
		return err
	}
	if id := subscriptionID(r); row.ID != "" && row.ID != id {
		return invalidField("id", "is another than the path's: leave it out")
	}
	stored, err := s.Subscriptions.GetSubscription(r.Context(), subscriptionID(r))
	if err != nil {
		return err
	}
	was, err := versionOf(r.Header.Get("If-Match"))
	if err != nil {
		return err
	}
	if err := s.replaceRow(r.Context(), stored, row, was); err != nil {
		return err
	}
	return s.answerRow(w, r, http.StatusOK, row)
}

func (s *Server) enableSubscription(w http.ResponseWriter, r *http.Request) error {
	var patch struct {
		Enabled *bool `json:"enabled"`
	}
	if err := s.decode(w, r, &patch, jsonContent, "application/merge-patch+json"); err != nil {
		return err
	}
	if patch.Enabled == nil {
		return invalidField("enabled", "is required: true or false")
	}
	row, err := s.EnableRow(r.Context(), subscriptionID(r), *patch.Enabled)
	if err != nil {
		return err
	}
	return s.answerRow(w, r, http.StatusOK, row)
}

func (s *Server) deleteSubscription(w http.ResponseWriter, r *http.Request) error {
	if err := s.DeleteRow(r.Context(), subscriptionID(r)); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func subscriptionID(r *http.Request) hub.SubscriptionID { return hub.SubscriptionID(r.PathValue("id")) }

func (s *Server) answerRow(w http.ResponseWriter, r *http.Request, status int, row *hub.Subscription) error {
	shown := *row
	shown.Filters = listOf(shown.Filters, "").Items
	w.Header().Set("ETag", `"`+Version(row)+`"`)
	return s.answer(w, r, status, shown)
}

// readRow reads a subscription that may be stored. What only the hub sets is
// accepted, so that what was read can be sent back, and cleared.
func (s *Server) readRow(w http.ResponseWriter, r *http.Request) (*hub.Subscription, error) {
	sent := hub.Subscription{Enabled: true}
	if err := s.decode(w, r, &sent, jsonContent); err != nil {
		return nil, err
	}
	row := sent
	return &row, s.prepareRow(r.Context(), &row, forced(r))
}

// forced reports whether names that no forum has are taken all the same.
func forced(r *http.Request) bool { return r.URL.Query().Get("force") == "1" }

// fit makes a row ready to be stored, or says by field why it cannot be. With
// force what no forum has is only noted in the row.
func (s *Server) fit(systems []hub.SystemStatus, n *names, row *hub.Subscription, force bool) (map[string]string, error) {
	if bad := s.rowProblems(systems, *row); len(bad) > 0 {
		return bad, nil
	}
	bad, err := n.problems(row)
	if err != nil {
		return nil, err
	}
	if len(bad) > 0 && !force {
		return bad, nil
	}
	row.Error = noted(bad)
	return n.identify(row)
}

// noted are problems as a row's error tells them, without what there is instead.
func noted(bad map[string]string) string {
	var each []string
	for _, field := range slices.Sorted(maps.Keys(bad)) {
		problem, _, _ := strings.Cut(bad[field], "; ")
		each = append(each, problem)
	}
	return strings.Join(each, "; ")
}

// rowProblems says what is wrong with a row, by field: in itself, or for what is
// not configured here.
func (s *Server) rowProblems(systems []hub.SystemStatus, row hub.Subscription) map[string]string {
	bad := rules.Validate(row)
	if row.Source != "" && row.Source != API && !slices.Contains(s.Sources(), row.Source) && bad["source"] == "" {
		bad["source"] = "is not configured" + meant(string(row.Source), words(s.Sources())) + ": leave it out to hear every source, or name " + alternatives(append(slices.Clone(s.Sources()), API))
	}
	if problem := systemProblem(systems, row.System); problem != "" && bad["system"] == "" {
		bad["system"] = problem
	}
	return bad
}

// alternatives lists names for people: "meta or api".
func alternatives[T ~string](names []T) string {
	list := words(names)
	if len(list) < 2 {
		return strings.Join(list, "")
	}
	return strings.Join(list[:len(list)-1], ", ") + " or " + list[len(list)-1]
}
