package pane

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/bellhop-chat/bellhop/admin"
	"github.com/bellhop-chat/bellhop/admin/sentence"
	"github.com/bellhop-chat/bellhop/hub"
)

func (p *Pane) simulatorPages() []admin.Page {
	return []admin.Page{
		{Method: http.MethodGet, Path: "/simulator", Need: hub.Viewer, Handle: p.simulator},
		{Method: http.MethodPost, Path: "/simulator", Need: hub.Viewer, Handle: p.simulatePasted},
	}
}

// Where the simulator takes its event from.
const (
	fromPast  = "past"
	fromPaste = "paste"
	fromBuild = "build"
)

// maxShared is how long a pasted body may be, packed, to be a part of an address:
// proxies take lines of 8 KB.
const maxShared = 6000

// simulatorPage is the data of simulator.html. All that it shows stands in its
// address.
type simulatorPage struct {
	Frame
	From    string
	Query   url.Values
	Problem string // why nothing is shown, in words
	TooLong bool   // the body that was pasted has no room in an address

	Past    []pastEvent // to choose from
	Picked  *eventFacts
	Sources []hub.Source // that take webhooks
	Body    string       // pasted
	Build   buildForm
	Result  *simulated
	Others  []otherEvent // where a body holds several
}

// otherEvent leads to one of the events that a body holds.
type otherEvent struct {
	Number  int
	URL     string
	Current bool
}

// Value is a parameter of the page.
func (p *simulatorPage) Value(name string) string { return p.Query.Get(name) }

// With is the address of the page with other parameters: names and values, where
// an empty value takes one away.
func (p *simulatorPage) With(pairs ...string) string {
	q := url.Values{}
	for name, values := range p.Query {
		q[name] = slices.Clone(values)
	}
	for pair := range slices.Chunk(pairs, 2) {
		q.Del(pair[0])
		if pair[1] != "" {
			q.Set(pair[0], pair[1])
		}
	}
	if len(q) == 0 {
		return "/simulator"
	}
	return "/simulator?" + q.Encode()
}

func (p *Pane) simulator(w http.ResponseWriter, r *http.Request) error {
	page := p.simulatorPage(r, r.URL.Query())
	if packed := page.Value("webhook"); packed != "" {
		body, err := unpack(packed, p.Admin.MaxBody)
		if err != nil {
			page.Problem = page.Say("simulator.badLink")
		}
		page.Body = body
	}
	return p.simulate(w, r, page)
}

// simulatePasted answers with the address of what was pasted, if it has room in
// one, so that it can be shared.
func (p *Pane) simulatePasted(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return hub.Errorf(hub.CodeInvalid, "%s", err)
	}
	q := url.Values{"from": {fromPaste}}
	for _, name := range []string{"source", "type", "chat", "row", "show"} {
		if v := strings.TrimSpace(r.PostForm.Get(name)); v != "" {
			q.Set(name, v)
		}
	}
	body := r.PostForm.Get("body")
	if packed := pack(body); len(packed) <= maxShared && strings.TrimSpace(body) != "" {
		q.Set("webhook", packed)
		http.Redirect(w, r, "/simulator?"+q.Encode()+"#outcome", http.StatusSeeOther)
		return nil
	}
	page := p.simulatorPage(r, q)
	page.Body, page.TooLong = body, strings.TrimSpace(body) != ""
	return p.simulate(w, r, page)
}

func (p *Pane) simulatorPage(r *http.Request, q url.Values) *simulatorPage {
	page := &simulatorPage{Frame: p.frame(r, "simulator", "simulator.title"), Query: q, From: q.Get("from"), Sources: p.Admin.Sources()}
	if page.From != fromPaste && page.From != fromBuild {
		page.From = fromPast
	}
	return page
}

// simulate fills in the page and answers with it. What is wrong with the question
// is told beside it.
func (p *Pane) simulate(w http.ResponseWriter, r *http.Request, page *simulatorPage) error {
	v := &viewer{p: p, ctx: r.Context(), page: page}
	question, err := v.question()
	if err != nil {
		return err
	}
	if question != nil && page.Problem == "" {
		question.Subscription, question.Limit = hub.SubscriptionID(page.Value("row")), 500
		system, chat, _ := strings.Cut(page.Value("chat"), ":")
		question.System, question.Chat = hub.System(system), chat
		all, err := p.Admin.Simulate(r.Context(), question)
		if err != nil {
			status, detail := p.Admin.Describe(r, err)
			if status >= http.StatusInternalServerError {
				return err
			}
			page.Problem = detail
		} else if err := v.show(all); err != nil {
			return err
		}
	}
	if page.From == fromPast {
		if err := v.pastEvents(); err != nil {
			return err
		}
	}
	return p.show(w, r, "pane/simulator.html", page)
}

// viewer fills in one page.
type viewer struct {
	p      *Pane
	ctx    context.Context
	page   *simulatorPage
	forums map[hub.Source]*hub.Taxonomy
	teller *sentence.Teller
	said   int // rows, in words
}

// question is what the page asks, nil for nothing yet.
func (v *viewer) question() (*admin.Simulation, error) {
	page := v.page
	switch page.From {
	case fromPaste:
		if strings.TrimSpace(page.Body) == "" {
			if page.Query.Has("source") {
				page.Problem = page.Say("simulator.noBody")
			}
			return nil, nil
		}
		text, err := json.Marshal(page.Body) // as a string: it need not be JSON
		if err != nil {
			return nil, err
		}
		in := &admin.Simulation{Source: hub.Source(page.Value("source")), Webhook: text}
		if len(page.Sources) == 1 && in.Source == "" {
			in.Source = page.Sources[0]
		}
		if kind := page.Value("type"); kind != "" {
			in.Headers = map[string]string{"X-Discourse-Event": kind}
		}
		return in, nil
	case fromBuild:
		return v.built()
	}
	id := cmp.Or(page.Value("event"), page.Value("q"))
	if page.Value("event") == "" && !looksLikeID(id) {
		return nil, nil
	}
	in := &admin.Simulation{EventID: hub.EventID(id)}
	if page.Value("sight") != "" {
		in.Sight = page.Value("sight")
	}
	return in, nil
}

// looksLikeID reports whether somebody has put an event's id into the search.
func looksLikeID(s string) bool {
	return len(s) == 27 && s[0] == 'e' && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz234567") == ""
}

// show makes what came out ready to be shown: of a body with several events, one.
func (v *viewer) show(all []*hub.Explanation) error {
	n, err := strconv.Atoi(v.page.Value("n"))
	if err != nil || n < 1 || n > len(all) {
		n = 1
	}
	if len(all) > 1 && !v.page.TooLong {
		for i := range all {
			v.page.Others = append(v.page.Others, otherEvent{i + 1, v.page.With("n", strconv.Itoa(i+1)), i+1 == n})
		}
	}
	x := all[n-1]
	facts, err := v.facts(x.Event)
	if err != nil {
		return err
	}
	v.page.Picked = facts
	v.page.Result = v.simulated(x)
	return nil
}

// taxonomy is how a forum is ordered, nil for what is none.
func (v *viewer) taxonomy(source hub.Source) (*hub.Taxonomy, error) {
	if t, asked := v.forums[source]; asked {
		return t, nil
	}
	var t *hub.Taxonomy
	if slices.Contains(v.p.Admin.Sources(), source) {
		var err error
		if t, err = v.p.Admin.Taxonomy(v.ctx, source); err != nil {
			return nil, err
		}
	}
	if v.forums == nil {
		v.forums = map[hub.Source]*hub.Taxonomy{}
	}
	v.forums[source] = t
	return t, nil
}
