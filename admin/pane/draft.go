package pane

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/bellhop-chat/bellhop/hub"
)

// draft is a subscription that is being made: what the form holds.
type draft struct {
	Row     hub.Subscription
	Typed   map[string]string // what stands in a box and was not added yet, by line: "0.any"
	Version string            // of the row as it was read
	Shown   hub.EventID       // whose message is looked at
	Do      string
}

// Lines of a filter.
var filterLines = []string{"any", "all", "none"}

// mostFilters bounds how many filters a form holds.
const mostFilters = 16

// draftOf reads the form. What it does not say is as it is for a new row.
func draftOf(r *http.Request) draft {
	_ = r.ParseForm() // what cannot be read is not there
	f := r.PostForm
	d := draft{Typed: map[string]string{}, Version: f.Get("version"), Shown: hub.EventID(f.Get("event")), Do: f.Get("do")}
	d.Row = hub.Subscription{
		ID: hub.SubscriptionID(f.Get("id")), Chat: hub.Chat{System: hub.System(f.Get("system")), ID: strings.TrimSpace(f.Get("chat"))},
		Source: hub.Source(f.Get("source")), Mode: hub.Mode(f.Get("mode")), Enabled: f.Get("enabled") == "1", Filters: []hub.Filter{},
	}
	if d.Row.Mode == "" {
		d.Row.Mode = hub.Watch
	}
	for i := range mostFilters {
		at := "f." + strconv.Itoa(i) + "."
		if !f.Has(at + "type") {
			break
		}
		filter := hub.Filter{Type: hub.FilterType(f.Get(at + "type")), As: f.Get(at + "as")}
		filter.Any, filter.All, filter.None = f[at+"any"], f[at+"all"], f[at+"none"]
		if filter.Type != hub.FilterGroup {
			filter.As = ""
		}
		for _, line := range filterLines {
			if typed := strings.TrimSpace(f.Get(at + line + ".add")); typed != "" {
				d.Typed[strconv.Itoa(i)+"."+line] = typed
			}
		}
		d.Row.Filters = append(d.Row.Filters, filter)
	}
	d.Row.Options = optionsOf(f)
	return d
}

func optionsOf(f url.Values) hub.Options {
	o := hub.Options{
		Style: hub.Style(f.Get("style")), Thread: hub.Threading(f.Get("thread")), Unlisted: f.Get("unlisted") == "1",
		Delay: strings.TrimSpace(f.Get("delay")), MaxAge: strings.TrimSpace(f.Get("max_age")), Digest: strings.TrimSpace(f.Get("digest")),
		ReadAs: strings.TrimSpace(f.Get("read_as")),
	}
	if excerpt := strings.TrimSpace(f.Get("excerpt")); excerpt != "" {
		n, err := strconv.Atoi(excerpt)
		if err != nil {
			n = -1 // which is refused at its field
		}
		o.Excerpt = n
	}
	if f.Has("options") && f.Get("buttons") != "1" {
		o.Buttons = "off"
	}
	return o
}

// lineOf is a line of a filter, to be changed.
func (d *draft) lineOf(at, line string) *[]string {
	i, err := strconv.Atoi(at)
	if err != nil || i < 0 || i >= len(d.Row.Filters) {
		return nil
	}
	f := &d.Row.Filters[i]
	switch line {
	case "any":
		return &f.Any
	case "all":
		return &f.All
	case "none":
		return &f.None
	}
	return nil
}

// apply does what a button of the form asks for: "filter.tag", "cut.0", "add.0.any"
// or "drop.0.any.2".
func (d *draft) apply() {
	words := strings.Split(d.Do, ".")
	switch {
	case len(words) == 2 && words[0] == "filter" && len(d.Row.Filters) < mostFilters:
		if kind := hub.FilterType(words[1]); slices.Contains(hub.FilterTypes(), kind) {
			d.Row.Filters = append(d.Row.Filters, hub.Filter{Type: kind})
		}
	case len(words) == 2 && words[0] == "cut":
		if i, err := strconv.Atoi(words[1]); err == nil && i >= 0 && i < len(d.Row.Filters) {
			d.Row.Filters = slices.Delete(d.Row.Filters, i, i+1)
			d.Typed = map[string]string{}
		}
	case len(words) == 3 && words[0] == "add":
		d.take(words[1], words[2])
	case len(words) == 4 && words[0] == "drop":
		line := d.lineOf(words[1], words[2])
		if k, err := strconv.Atoi(words[3]); err == nil && line != nil && k >= 0 && k < len(*line) {
			*line = slices.Delete(slices.Clone(*line), k, k+1)
		}
	}
}

// take puts what was typed into a line.
func (d *draft) take(at, name string) {
	typed, line := d.Typed[at+"."+name], d.lineOf(at, name)
	if typed == "" || line == nil {
		return
	}
	if !slices.Contains(*line, typed) {
		*line = append(slices.Clone(*line), typed)
	}
	delete(d.Typed, at+"."+name)
}

// whole is the row as it would be stored: what was typed is taken, and filters that
// say nothing are left out.
func (d *draft) whole() hub.Subscription {
	all := *d
	all.Typed = maps.Clone(d.Typed)
	all.Row.Filters = slices.Clone(d.Row.Filters)
	all.takeAll()
	return saying(all.Row)
}

// takeAll puts all that was typed into its lines.
func (d *draft) takeAll() {
	for line := range maps.Clone(d.Typed) {
		at, name, _ := strings.Cut(line, ".")
		d.take(at, name)
	}
}

// saying is a row without filters that say nothing.
func saying(row hub.Subscription) hub.Subscription {
	row.Filters = slices.DeleteFunc(slices.Clone(row.Filters), func(f hub.Filter) bool { return len(f.Any)+len(f.All)+len(f.None) == 0 })
	return row
}
