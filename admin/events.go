package admin

import (
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"slices"

	"github.com/bellhop-chat/bellhop/hub"
)

func (s *Server) listEvents(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	for _, more := range []string{"text", "since", "until", "outcome", "system", "chat", "subscription"} {
		if q.Get(more) != "" {
			return s.searchEvents(w, r)
		}
	}
	events, next, err := s.Events.Events(r.Context(), hub.Source(q.Get("source")), q.Get("type"), pageOf(r))
	if err != nil {
		return err
	}
	return s.answer(w, r, http.StatusOK, listOf(events, next))
}

func (s *Server) getEvent(w http.ResponseWriter, r *http.Request) error {
	e, err := s.FindEvent(r.Context(), hub.EventID(r.PathValue("id")))
	if err != nil {
		return err
	}
	return s.answer(w, r, http.StatusOK, e)
}

func (s *Server) publishEvent(w http.ResponseWriter, r *http.Request) error {
	var e hub.Event
	if err := s.decode(w, r, &e, jsonContent, "application/cloudevents+json"); err != nil {
		return err
	}
	if bad := s.eventProblems(&e); len(bad) > 0 {
		return invalid(bad)
	}
	e.ID, e.ReceivedTime = ownID(&e), s.Now().UTC()
	_, dup, err := s.Events.Publish(r.Context(), &e)
	if err != nil {
		return err
	}
	w.Header().Set("Location", prefix+"/events/"+url.PathEscape(string(e.ID)))
	return s.answer(w, r, http.StatusAccepted, struct {
		ID        hub.EventID `json:"id"`
		Duplicate bool        `json:"duplicate"`
	}{e.ID, dup})
}

// eventProblems says what keeps e from being published, by attribute.
func (s *Server) eventProblems(e *hub.Event) map[string]string {
	bad := map[string]string{}
	if e.SpecVersion != hub.SpecVersion {
		bad["specversion"] = `must be "` + hub.SpecVersion + `"`
	}
	if e.ID == "" || len(e.ID) > 200 {
		bad["id"] = "is required: 1 to 200 bytes, the same whenever the event is sent again"
	}
	if e.Source != API && !slices.Contains(s.Sources(), e.Source) {
		bad["source"] = "must be " + alternatives(append(slices.Clone(s.Sources()), API))
	}
	switch {
	case !e.Type.Valid():
		bad["type"] = "must be a dotted name under forum, chat or user, such as user.deploy.finished"
	case e.Type.Family() == "hub":
		bad["type"] = "is an event that only Bellhop itself may tell"
	case e.Type.Family() == "forum" && !isForum(e.Data):
		bad["data"] = "must be the object that forum events carry"
	}
	return bad
}

func isForum(data json.RawMessage) bool {
	return len(data) > 0 && data[0] == '{' && json.Unmarshal(data, &hub.Forum{}) == nil
}

// ours is an id that a hub has made, as an event read from the API has one.
var ours = regexp.MustCompile(`^e[a-z2-7]{26}$`)

// ownID makes the sender's id, which is unique within its source, unique within
// the hub.
func ownID(e *hub.Event) hub.EventID {
	if ours.MatchString(string(e.ID)) {
		return e.ID
	}
	return hub.EventID("e" + hub.Digest("api", string(e.Source), string(e.ID)))
}
