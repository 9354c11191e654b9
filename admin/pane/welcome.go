package pane

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/bellhop-chat/bellhop/admin"
	"github.com/bellhop-chat/bellhop/hub"
)

// Where the steps of the wizard are.
const (
	welcomeForumPath = "/welcome/forum"
	welcomeChatPath  = "/welcome/chat"
	welcomeRowPath   = "/welcome/subscription"
)

func (p *Pane) welcomePages() []admin.Page {
	const need = hub.Administrator
	return []admin.Page{
		{Method: http.MethodGet, Path: "/welcome", Need: need, Handle: p.welcome},
		{Method: http.MethodGet, Path: welcomeForumPath, Need: need, Handle: p.welcomeForum},
		{Method: http.MethodGet, Path: welcomeForumPath + "/heard", Need: need, Handle: p.forumHeard},
		{Method: http.MethodPost, Path: welcomeForumPath, Need: need, Fresh: true, Handle: p.connectForum},
		{Method: http.MethodPost, Path: welcomeForumPath + "/secret", Need: need, Fresh: true, Handle: p.forumSecret},
		{Method: http.MethodGet, Path: welcomeChatPath, Need: need, Handle: p.welcomeChat},
		{Method: http.MethodGet, Path: welcomeChatPath + "/arrived", Need: need, Handle: p.greetingArrived},
		{Method: http.MethodPost, Path: welcomeChatPath, Need: need, Handle: p.connectChat},
		{Method: http.MethodGet, Path: welcomeChatPath + "/proof", Need: need, Handle: p.chatProof},
		{Method: http.MethodPost, Path: welcomeChatPath + "/prove", Need: need, Handle: p.proveChat},
		{Method: http.MethodPost, Path: welcomeChatPath + "/greet", Need: need, Handle: p.greetChat},
		{Method: http.MethodGet, Path: welcomeRowPath, Need: need, Handle: p.welcomeRow},
		{Method: http.MethodGet, Path: welcomeRowPath + "/arrived", Need: need, Handle: p.rowArrived},
		{Method: http.MethodGet, Path: welcomeRowPath + "/places", Need: need, Handle: p.placesPart},
		{Method: http.MethodPost, Path: welcomeRowPath, Need: need, Handle: p.makeFirstRow},
		{Method: http.MethodPost, Path: welcomeRowPath + "/say", Need: need, Handle: p.sayFirstRow},
		{Method: http.MethodPost, Path: welcomeRowPath + "/test", Need: need, Handle: p.testFirstRow},
	}
}

// setup is how far the setting up of Bellhop has come, as things stand: nothing of
// it is remembered.
type setup struct {
	hasAccount bool
	sources    []hub.SourceStatus
	systems    []hub.SystemStatus
	rows       []hub.Subscription // the newest
	arrived    bool               // a message of one of them
}

// mostRows is how many of the newest rows are looked at.
const mostRows = 20

func (p *Pane) setup(ctx context.Context) (s setup, err error) {
	if s.hasAccount, err = p.Admin.Accounts.HasAccounts(ctx); err != nil {
		return s, err
	}
	if s.sources, err = p.Admin.SourceList(ctx); err != nil {
		return s, err
	}
	if s.systems, err = p.Admin.Systems(ctx); err != nil {
		return s, err
	}
	if s.rows, _, err = p.Admin.Subscriptions.ListSubscriptions(ctx, hub.SubscriptionQuery{Page: hub.Page{Limit: mostRows}}); err != nil {
		return s, err
	}
	for i := range s.rows {
		s.arrived = s.arrived || !s.rows[i].LastFiredAt.IsZero()
	}
	if !s.arrived && len(s.rows) > 0 {
		sent, _, err := p.Admin.Deliveries.ListDeliveries(ctx, hub.DeliveryQuery{
			Subscription: s.rows[0].ID, Status: []hub.Status{hub.StatusSent}, Page: hub.Page{Limit: 1},
		})
		if err != nil {
			return s, err
		}
		s.arrived = len(sent) > 0
	}
	return s, nil
}

// heard reports whether a source has sent anything.
func (s *setup) heard() bool {
	return slices.ContainsFunc(s.sources, func(one hub.SourceStatus) bool { return !one.LastEventAt.IsZero() })
}

// talks reports whether a chat system beside the console is there and well, or the
// console hears something.
func (s *setup) talks() bool {
	if slices.ContainsFunc(s.systems, func(one hub.SystemStatus) bool { return one.Kind != consoleKind && one.State == hub.SystemOK }) {
		return true
	}
	return slices.ContainsFunc(s.rows, func(row hub.Subscription) bool {
		return slices.ContainsFunc(s.systems, func(one hub.SystemStatus) bool { return one.System == row.System && one.Kind == consoleKind })
	})
}

// next is where there is something left to do, "" for nowhere.
func (s *setup) next() string {
	switch {
	case !s.heard():
		return welcomeForumPath
	case !s.talks():
		return welcomeChatPath
	case !s.arrived:
		return welcomeRowPath
	}
	return ""
}

// welcome leads to the first step that is left, and Home where none is.
func (p *Pane) welcome(w http.ResponseWriter, r *http.Request) error {
	s, err := p.setup(r.Context())
	if err != nil {
		return err
	}
	to := s.next()
	if to == "" {
		to = "/"
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}

// wizard is what stands around a step.
type wizard struct {
	Frame
	setup setup
	At    int  // the step: 2 to 4
	Part  bool // only a part of the page is wanted: what stands beside it is replaced, too
	Next  wizardNext
}

// wizardNext is where a step leads on to.
type wizardNext struct {
	URL  string
	Skip bool // the step is not done yet
	Last bool // it leads out of the wizard
}

// wizardStep is a step in the rail.
type wizardStep struct {
	N         int
	Name      string
	Note      string
	URL       string
	Done, Now bool
}

func (p *Pane) wizard(r *http.Request, at int, title string) (wizard, error) {
	s, err := p.setup(r.Context())
	return wizard{Frame: p.frame(r, "", title), setup: s, At: at, Part: isPart(r)}, err
}

// Rail lists the steps. What is done is so in fact.
func (w *wizard) Rail() []wizardStep {
	s := &w.setup
	all := []wizardStep{
		{Name: w.Say("first.step1"), Note: w.Say("welcome.rail.account", "Name", w.Me.Called(), "Role", w.Say("role."+string(w.Me.Role))), Done: true},
		{Name: w.Say("first.step2"), Note: w.Say("first.step2More"), URL: welcomeForumPath, Done: s.heard()},
		{Name: w.Say("first.step3"), Note: w.Say("first.step3More"), URL: welcomeChatPath, Done: s.talks()},
		{Name: w.Say("first.step4"), Note: w.Say("first.step4More"), URL: welcomeRowPath, Done: s.arrived},
	}
	if !s.hasAccount {
		all[0].Done, all[0].URL, all[0].Note = false, "/first", w.Say("first.step1More")
	}
	switch {
	case all[1].Done:
		all[1].Note = w.Say("welcome.rail.heard")
	case len(s.sources) > 0:
		all[1].Note = w.Say("welcome.rail.waits")
	}
	for _, one := range s.systems {
		if one.Kind != consoleKind {
			all[2].Note = string(one.System)
			break
		}
	}
	switch {
	case all[3].Done:
		all[3].Note = w.Say("welcome.rail.arrived")
	case len(s.rows) > 0:
		all[3].Note = w.Say("welcome.rail.noMessage")
	}
	for i := range all {
		all[i].N, all[i].Now = i+1, i+1 == w.At
	}
	return all
}

// address is where something of Bellhop is reached from outside, as far as is
// known: without a public address, as the reader has reached it.
func (p *Pane) address(r *http.Request, path string) string {
	if p.PublicURL != "" {
		return p.PublicURL + path
	}
	scheme := "http"
	if r.TLS != nil || r.Header.Get("X-Forwarded-Proto") == "https" {
		scheme = "https"
	}
	return scheme + "://" + r.Host + path
}

// begin has the first field of an empty form be typed into.
func (f *sectionForm) begin() {
	if len(f.First) > 0 {
		f.First[0].Focus = true
	}
}

// wrongs are the fields in which something is wrong.
func (f *sectionForm) wrongs() (list []sectionField) {
	for _, field := range slices.Concat(f.First, f.More) {
		if field.Wrong != "" {
			list = append(list, field)
		}
	}
	return list
}

// with is a path with what it is asked with.
func with(path string, pairs ...string) string {
	q := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			q.Set(pairs[i], pairs[i+1])
		}
	}
	if len(q) == 0 {
		return path
	}
	return path + "?" + q.Encode()
}

// unchanged answers a page that asks whether something is still as it shows it,
// when it is. The page is left alone then: nothing is read out twice.
func unchanged(w http.ResponseWriter, r *http.Request, state string) bool {
	if r.URL.Query().Get("state") != state {
		return false
	}
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusNoContent)
	return true
}

// latest is the later of two moments.
func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
