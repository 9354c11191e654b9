package pane

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/bellhop-chat/bellhop/admin"
	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/web"
)

// Frame is what stands around every page. Pages embed it.
type Frame struct {
	*web.Words
	Clock
	Title   string
	Section string // of the navigation
	Me      admin.Caller
	Place   string // whose Bellhop this is
	Theme   string // "light", "dark", or "" for the system's
	// HouseTheme is that of readers who have not chosen.
	HouseTheme string
	Keys       bool // single keys are shortcuts
	Console    bool
	Counts     Standing
	Toast      *Toast
}

// Standing is what the navigation tells of how things stand.
type Standing struct {
	Waiting int64 // notifications
	Systems int   // that need somebody
}

// Toast is a notice in the corner.
type Toast struct {
	Icon, Text string
	Undo       string // where undoing is asked for; may be empty
	URL, Label string // where to go on; may be empty
}

// need is a count in the navigation and what it counts.
type need struct {
	Count int
	Words string
}

// Need says what in a section needs somebody, nil for nothing.
func (f Frame) Need(section string) *need {
	if section == "systems" && f.Counts.Systems > 0 {
		return &need{f.Counts.Systems, f.Say("shell.systemsNeed", "Count", f.Counts.Systems)}
	}
	return nil
}

// May reports whether the reader may do what needs a role.
func (f Frame) May(role hub.Role) bool { return f.Me.Role.May(role) }

// MayEdit reports whether the reader may change what chats hear.
func (f Frame) MayEdit() bool { return f.May(hub.Editor) }

// MayAdmin reports whether the reader may do everything.
func (f Frame) MayAdmin() bool { return f.May(hub.Administrator) }

// Initials are those of the reader's name, at most two.
func (f Frame) Initials() string { return initials(f.Me.Called()) }

func initials(name string) string {
	var initials strings.Builder
	for _, word := range strings.FieldsFunc(name, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		r, _ := utf8.DecodeRuneInString(word)
		initials.WriteRune(unicode.ToUpper(r))
		if utf8.RuneCountInString(initials.String()) == 2 {
			break
		}
	}
	return initials.String()
}

// frame is what stands around the page of a section; title names a text.
func (p *Pane) frame(r *http.Request, section, title string) Frame {
	words, me := web.WordsOf(r), admin.CallerOf(r.Context())
	settings := me.Settings()
	theme, house := p.themes(r)
	switch settings.Theme {
	case "":
	case "auto":
		theme = ""
	default:
		theme = settings.Theme
	}
	return Frame{
		Words: words, Clock: p.clock(r, words), Title: words.Say(title), Section: section, Me: me,
		Place: p.place(r), Keys: !settings.NoKeys, Console: p.Console, Counts: p.counts.of(r.Context(), p), Theme: theme, HouseTheme: house,
	}
}

// framed is a page that only stands in the frame: what is in it is somebody else's.
type framed struct{ Frame }

// Around is what stands around a page that is not made here, for the templates
// pane-top and pane-end.
func (p *Pane) Around(r *http.Request, section, title string) any {
	f := &framed{p.frame(r, section, "nav."+section)}
	f.Title = title
	return f
}

// themes are the one that the reader chose, or else the house's, and the house's.
func (p *Pane) themes(r *http.Request) (theme, house string) {
	look, err := p.Admin.Look(r.Context())
	if err != nil {
		p.Log.WarnContext(r.Context(), "how the house looks cannot be read", "err", err)
	}
	switch chosen := cookie(r, "bellhop_theme"); chosen {
	case "light", "dark":
		return chosen, look.Theme
	case "auto":
		return "", look.Theme
	}
	return look.Theme, look.Theme
}

// place is the address by which people know this Bellhop.
func (p *Pane) place(r *http.Request) string {
	if u, err := url.Parse(p.PublicURL); err == nil && u.Host != "" {
		return u.Host
	}
	return r.Host
}

// show answers with a page.
func (p *Pane) show(w http.ResponseWriter, r *http.Request, name string, page any) error {
	web.Render(w, web.WordsOf(r), http.StatusOK, name, page)
	return nil
}

func cookie(r *http.Request, name string) string {
	c, err := r.Cookie(name)
	if err != nil {
		return ""
	}
	return c.Value
}

// countsLast is for how long the counts of the navigation are told again.
const countsLast = 2 * time.Second

// counts are those of the navigation, asked for now and then.
type counts struct {
	mu    sync.Mutex
	at    time.Time
	known Standing
}

// of is how things stand. What cannot be told in time is left out: the page is
// shown without it.
func (c *counts) of(ctx context.Context, p *Pane) Standing {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now := p.Now(); now.Sub(c.at) > countsLast {
		c.at, c.known = now, p.standing(ctx)
	}
	return c.known
}

func (p *Pane) standing(ctx context.Context) Standing {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	var s Standing
	systems, err := p.Admin.Systems(ctx)
	if err != nil {
		p.Log.WarnContext(ctx, "the pane cannot tell how systems are", "err", err)
		return s
	}
	for _, system := range systems {
		if system.State == hub.SystemPaused || len(system.PausedChats) > 0 {
			s.Systems++
		}
		if waiting, err := p.Backlog(ctx, system.System); err == nil {
			s.Waiting += waiting
		}
	}
	return s
}
