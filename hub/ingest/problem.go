package ingest

import (
	"cmp"
	"encoding/json"
	"net/http"
	"strconv"

	"github.com/bellhop-chat/bellhop/hub"
)

// problem is an answer that refuses: https://www.rfc-editor.org/rfc/rfc9457
type problem struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail"`
	Offset *int64 `json:"offset,omitempty"` // of the byte that is wrong

	retry  int         // seconds; 0: no word about trying again
	header http.Header // more of it
}

func refuse(status int, detail string) *problem {
	return &problem{Type: "about:blank", Title: http.StatusText(status), Status: status, Detail: detail}
}

// problem is the answer to a request that is wrong.
func (e *BodyError) problem() *problem {
	p := refuse(cmp.Or(e.Status, http.StatusBadRequest), e.Detail)
	if e.Offset >= 0 {
		p.Offset = &e.Offset
	}
	return p
}

// later asks the sender to try again.
func later(seconds int, detail string) *problem {
	p := refuse(http.StatusServiceUnavailable, detail)
	p.retry = seconds
	return p
}

// with adds a header to the answer.
func (p *problem) with(key, value string) *problem {
	p.header = http.Header{key: {value}}
	return p
}

func (p *problem) write(w http.ResponseWriter) {
	for key, values := range p.header {
		w.Header()[key] = values
	}
	if p.retry > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(p.retry))
	}
	reply(w, p.Status, "application/problem+json", p)
}

// accepted is the answer to events that are stored.
type accepted struct {
	ids        []hub.EventID
	duplicates int
}

// write names the event, or the events if there is not exactly one.
func (a accepted) write(w http.ResponseWriter) {
	const status, media = http.StatusAccepted, "application/json"
	if len(a.ids) == 1 {
		reply(w, status, media, struct {
			ID        hub.EventID `json:"id"`
			Duplicate bool        `json:"duplicate,omitempty"`
		}{a.ids[0], a.duplicates > 0})
		return
	}
	reply(w, status, media, struct {
		IDs        []hub.EventID `json:"ids"`
		Duplicates int           `json:"duplicates,omitempty"`
	}{a.ids, a.duplicates})
}

func reply(w http.ResponseWriter, status int, contentType string, v any) {
	body, err := json.Marshal(v)
	if err != nil { // none of our types can fail
		panic(err)
	}
	w.Header()["Content-Type"] = []string{contentType}
	w.Header()["Content-Length"] = []string{strconv.Itoa(len(body))}
	w.WriteHeader(status)
	// A sender that is gone does not get its answer, and asks again.
	_, _ = w.Write(body)
}
