package pane

import (
	"context"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/bellhop-chat/bellhop/admin"
	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/web"
)

func (p *Pane) homePages() []admin.Page {
	return []admin.Page{
		{Method: http.MethodGet, Path: "/{$}", Need: hub.Viewer, Handle: p.home},
		{Method: http.MethodGet, Path: "/home/live", Need: hub.Viewer, Handle: p.homeLive},
	}
}

// homePage is the data of home.html.
type homePage struct {
	Frame
	Sentence template.HTML // what needs somebody
	Strip    []homeTile
	Chart    homeChart
	Steps    []homeStep // none: Bellhop is set up
	Done     int        // of them
	Wizard   bool       // the wizard leads through what is left
	Rows     []homeRow
	Seen     string // what the rows are, for the stream
	Empty    bool   // nothing has arrived yet
	Doors    []homeDoor
}

// homeTile is one of the facts by which people see how Bellhop is.
type homeTile struct {
	Name, URL string
	Lamp      string // "", "warn" or "bad"
	Value     string
	Small     string // beside it
	Detail    string // one sentence
}

// homeDoor is a source and where its events are to be sent.
type homeDoor struct {
	Name, Kind string
	Paste      string // the address, or a line for a terminal
}

// homeState is how everything stands: what Home is made of.
type homeState struct {
	now     time.Time
	systems []hub.SystemStatus
	sources []hub.SourceStatus
	hours   []hub.Figure // the last 24
	day     hub.Figure   // their sum
	week    hub.Figure   // of the last 7 days
	waiting int64
}

const homeHours = 24

func (p *Pane) homeState(ctx context.Context) (s homeState, err error) {
	s.now = p.Now()
	if s.systems, err = p.Admin.Systems(ctx); err != nil {
		return s, err
	}
	if s.sources, err = p.Admin.SourceList(ctx); err != nil {
		return s, err
	}
	week, err := p.Admin.Hours(ctx, s.now.Add(-7*24*time.Hour), s.now)
	if err != nil {
		return s, err
	}
	s.hours = week[max(0, len(week)-homeHours):]
	for _, f := range week {
		s.week.Add(f)
	}
	for _, f := range s.hours {
		s.day.Add(f)
	}
	return s, nil
}

func (p *Pane) home(w http.ResponseWriter, r *http.Request) error {
	s, err := p.homeState(r.Context())
	if err != nil {
		return err
	}
	page := homePage{Frame: p.frame(r, "home", "home.title")}
	s.waiting = page.Counts.Waiting
	lately, err := p.lately(r.Context())
	if err != nil {
		return err
	}
	if page.Rows, page.Seen, err = p.homeRows(r.Context(), page.Words, page.Clock, lately); err != nil {
		return err
	}
	if page.Steps, page.Done, err = p.homeSteps(r.Context(), page.Words, &s); err != nil {
		return err
	}
	page.Wizard = page.MayAdmin() && inWizard(page.Steps)
	page.Sentence = homeSentence(page.Words, &s)
	page.Strip = homeStrip(page.Words, &s)
	page.Chart = chartOf(page.Words, page.Clock, s.hours)
	page.Empty = len(page.Rows) == 0 && s.week.EventCount() == 0
	if page.Empty {
		page.Doors = p.doors(r, &s)
	}
	return p.show(w, r, "pane/home.html", &page)
}

// doors are where the configured sources send to.
func (p *Pane) doors(r *http.Request, s *homeState) (doors []homeDoor) {
	base := p.PublicURL
	if base == "" {
		base = "http://" + r.Host
	}
	for _, source := range s.sources {
		address := strings.TrimSuffix(base, "/") + "/in/" + url.PathEscape(string(source.Source))
		switch source.Kind {
		case "feed": // it has no door
			continue
		case "json":
			address = `curl -H 'Content-Type: application/json' -d '{"title": "Hello"}' ` + address
		case "cloudevents":
			address = `curl -H 'Content-Type: application/cloudevents+json' -d '{"specversion": "1.0", "id": "1", "source": "me", "type": "hello", "data": {"title": "Hello"}}' ` + address
		}
		doors = append(doors, homeDoor{string(source.Source), source.Kind, address})
	}
	return doors
}

// homeSentence says what needs somebody, the worst first.
func homeSentence(words *web.Words, s *homeState) template.HTML {
	var paused, unsettled []hub.SystemStatus
	for _, system := range s.systems {
		switch {
		case system.State == hub.SystemPaused:
			paused = append(paused, system)
		case len(system.PausedChats) > 0:
			unsettled = append(unsettled, system)
		}
	}
	bad := slices.IndexFunc(s.sources, func(source hub.SourceStatus) bool { return source.State == "error" })
	dead := s.week.Delivered().Dead
	switch {
	case len(paused) > 0:
		return words.Mark("home.say.paused", "Count", len(paused), "Name", paused[0].System, "Reason", paused[0].Reason)
	case bad >= 0:
		return words.Mark("home.say.source", "Name", s.sources[bad].Source, "Reason", s.sources[bad].Reason)
	case len(unsettled) > 0:
		return words.Mark("home.say.chats", "Count", len(unsettled[0].PausedChats), "Name", unsettled[0].System, "Reason", unsettled[0].PausedChats[0].Reason)
	case dead > 0:
		return words.Mark("home.say.dead", "Count", dead)
	case s.day.EventCount() == 0:
		return words.Mark("home.say.quiet")
	}
	return words.Mark("home.say.well")
}

func homeStrip(words *web.Words, s *homeState) []homeTile {
	return []homeTile{sourcesTile(words, s), systemsTile(words, s), queueTile(words, s), deadTile(words, s), deliveredTile(words, s)}
}

func sourcesTile(words *web.Words, s *homeState) homeTile {
	t := homeTile{Name: words.Say("nav.sources"), URL: "/sources", Small: words.Say("home.ofHeard", "Count", len(s.sources)), Detail: words.Say("home.allHeard")}
	heard, quiet := 0, ""
	for _, source := range s.sources {
		switch {
		case source.State == "error":
			t.Lamp, t.Detail = "bad", string(source.Source)+": "+source.Reason
		case s.day.Events[source.Source] > 0:
			heard++
		case quiet == "":
			quiet = string(source.Source)
		}
	}
	t.Value = words.Number(heard)
	switch {
	case len(s.sources) == 0:
		t.Lamp, t.Detail = "warn", words.Say("home.noSource")
	case t.Lamp == "" && quiet != "":
		t.Lamp, t.Detail = "warn", words.Say("home.quietSource", "Name", quiet)
	}
	return t
}

func systemsTile(words *web.Words, s *homeState) homeTile {
	t := homeTile{Name: words.Say("nav.systems"), URL: "/systems", Small: words.Say("home.ofConnected", "Count", len(s.systems)), Detail: words.Say("home.allConnected")}
	connected := 0
	for _, system := range s.systems {
		switch system.State {
		case hub.SystemPaused:
			if t.Lamp != "bad" {
				t.Lamp, t.Detail = "bad", string(system.System)+": "+system.Reason
			}
		case hub.SystemUnknown:
			if t.Lamp == "" {
				t.Lamp, t.Detail = "warn", words.Say("home.unheardSystem", "Name", system.System)
			}
		default:
			connected++
			if n := len(system.PausedChats); n > 0 && t.Lamp == "" {
				t.Lamp, t.Detail = "warn", string(system.System)+": "+words.Say("systems.pausedChats", "Count", n)
			}
		}
	}
	t.Value = words.Number(connected)
	return t
}

func queueTile(words *web.Words, s *homeState) homeTile {
	t := homeTile{Name: words.Say("home.queue"), URL: "/activity/deliveries?status=queued", Value: words.Number(s.waiting), Small: words.Say("home.waiting")}
	var held int64
	stuck := ""
	for _, system := range s.systems {
		held += system.Held
		if system.State == hub.SystemPaused && stuck == "" {
			stuck = string(system.System)
		}
	}
	switch {
	case s.waiting == 0:
		t.Detail = words.Say("home.queueEmpty")
	case stuck != "":
		t.Lamp, t.Detail = "warn", words.Say("home.queueStuck", "Name", stuck)
	case held > 0:
		t.Detail = words.Say("home.queueHeld", "Count", held)
	default:
		t.Detail = words.Say("home.queueMoves")
	}
	return t
}

func deadTile(words *web.Words, s *homeState) homeTile {
	dead := s.week.Delivered().Dead
	t := homeTile{
		Name: words.Say("home.dead"), URL: "/activity/dead", Value: words.Number(dead), Small: words.Say("home.inAWeek"), Detail: words.Say("home.deadNone"),
	}
	if dead == 0 {
		return t
	}
	var of []string
	for system, d := range s.week.Deliveries {
		if d.Dead > 0 {
			of = append(of, string(system))
		}
	}
	slices.Sort(of)
	t.Lamp, t.Detail = "bad", words.Say("home.deadOf", "Names", strings.Join(of, ", "))
	return t
}

// slowEnough is from when on deliveries are slow enough to be looked into.
const slowEnough = time.Minute

func deliveredTile(words *web.Words, s *homeState) homeTile {
	t := homeTile{Name: words.Say("home.delivered"), URL: "/activity/deliveries", Value: "–", Detail: words.Say("home.deliveredNone")}
	if s.day.Took.Count() == 0 {
		return t
	}
	slow := s.day.Took.Within(0.95)
	t.Value, t.Small, t.Detail = homeLasting(words, s.day.Took.Within(0.5)), words.Say("home.typical"), words.Say("home.slowest", "Time", homeLasting(words, slow))
	if slow > slowEnough {
		t.Lamp = "warn"
	}
	return t
}

// homeLasting is a duration as people say it.
func homeLasting(words *web.Words, d time.Duration) string {
	switch {
	case d < 100*time.Millisecond:
		return words.Say("home.ms", "Number", words.Number(d.Milliseconds()))
	case d < 10*time.Second:
		return words.Say("home.seconds", "Number", words.Number(float64(d.Milliseconds()/100)/10))
	case d < 2*time.Minute:
		return words.Say("home.seconds", "Number", words.Number(int(d.Seconds())))
	case d < 2*time.Hour:
		return words.Say("home.minutes", "Number", words.Number(int(d.Minutes())))
	}
	return words.Say("home.hours", "Number", words.Number(int(d.Hours())))
}
