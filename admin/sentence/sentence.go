// Package sentence says in words what a subscription does: "New topics and
// replies in Support and below, tagged bug, not by bots → #help, threaded by
// topic". Its words are in web/words/sentence.*.toml.
//
// It decides nothing and asks nobody: what a category is called it is told.
package sentence

import (
	"cmp"
	"html/template"
	"regexp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/web"
)

// Category is how people know a category. Colours are six hex digits or empty.
type Category struct {
	Name, Color, ParentColor string
	// Gone is that the forum has told all its categories and this is none of them.
	Gone bool
}

// Teller makes sentences in one language.
type Teller struct {
	Words *web.Words
	// Category looks up what a filter's value names, without "/*". May be nil: then
	// a category is called what the value says.
	Category func(source hub.Source, value string) Category
	// Gone reports whether a forum that has told all of them lacks a tag or a group.
	// May be nil: none is.
	Gone func(source hub.Source, kind hub.FilterType, value string) bool
	// Sources is how many sources there are: of one alone nothing needs to be said.
	Sources int
}

// Said is a sentence, once as plain text and once with markup: what people wrote
// is escaped and stands by itself in it.
type Said struct {
	Plain string
	HTML  template.HTML
}

// Row says what a row hears and how it tells it, without its chat, which stands
// above it in a list.
func (t Teller) Row(row *hub.Subscription) Said {
	return t.both(func(p *pen) string {
		main, _ := p.main(row)
		return p.capital(p.comma(append([]string{main}, p.tail(row)...)))
	})
}

// Whole says where it goes, too.
func (t Teller) Whole(row *hub.Subscription, chat string) Said {
	return t.both(func(p *pen) string {
		main, long := p.main(row)
		if long {
			main += ","
		}
		goes := "sentence.go"
		switch kinds := find(row, hub.FilterKind, ""); {
		case row.Mode != hub.Mute:
		case kinds != nil && len(kinds.Any)+len(kinds.All) > 0:
			goes = "sentence.goNoKinds"
		case find(row, hub.FilterGroup, hub.AsMessage) == nil:
			goes = "sentence.goes"
		}
		to := p.say(goes, "Chat", p.mark("b", "", chat))
		return p.capital(p.comma(append([]string{main + " " + to}, p.tail(row)...))) + "."
	})
}

func (t Teller) both(write func(*pen) string) Said {
	return Said{
		Plain: write(&pen{Teller: t}),
		HTML:  template.HTML(write(&pen{Teller: t, rich: true})), //nolint:gosec // what strangers wrote is escaped by mark
	}
}

// pen writes a sentence, plain or with markup.
type pen struct {
	Teller
	rich   bool
	source hub.Source
}

// say is a text with values that have been written already.
func (p *pen) say(name string, pairs ...string) string {
	values := make([]any, len(pairs))
	for i, v := range pairs {
		values[i] = v
		if p.rich && i%2 == 1 {
			values[i] = template.HTML(v) //nolint:gosec // written by mark and say
		}
	}
	if p.rich {
		return string(p.Words.Mark(name, values...))
	}
	return p.Words.Say(name, values...)
}

func (p *pen) count(name string, n int) string {
	if p.rich {
		return string(p.Words.Mark(name, "Count", n))
	}
	return p.Words.Say(name, "Count", n)
}

// mark sets off what people wrote.
func (p *pen) mark(element, class, text string) string {
	if !p.rich {
		return text
	}
	open := element
	if class != "" {
		open += ` class="` + class + `"`
	}
	return "<" + open + "><bdi>" + template.HTMLEscapeString(text) + "</bdi></" + element + ">"
}

// not is before what a row leaves out, which a mute lets through.
func (p *pen) not(row *hub.Subscription) string {
	name := "sentence.not"
	if row.Mode == hub.Mute {
		name = "sentence.notMute"
	}
	if !p.rich {
		return p.say(name)
	}
	return `<span class="not">` + p.say(name) + "</span>"
}

// join lists things: "a, b or c".
func (p *pen) join(list []string, last string) string {
	if len(list) < 2 {
		return strings.Join(list, "")
	}
	return p.say(last, "Some", strings.Join(list[:len(list)-1], ", "), "Last", list[len(list)-1])
}

// comma joins the parts of a sentence.
func (p *pen) comma(parts []string) string { return strings.Join(parts, ", ") }

// capital makes the first letter of a sentence large.
func (p *pen) capital(s string) string {
	r, size := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(r)) + s[size:]
}

// clause is a part of what a row hears: a narrowing one stands close to its
// subject, all others behind commas.
type clause struct {
	text  string
	close bool
}

// main is what a row hears; long is that it has commas.
func (p *pen) main(row *hub.Subscription) (said string, long bool) {
	p.source = row.Source
	clauses := p.clauses(row)
	said = p.subject(row)
	for i, c := range clauses {
		switch {
		case c.close || i == 0 && c.text != "" && !strings.HasPrefix(c.text, p.not(row)) && !strings.HasPrefix(c.text, ","):
			said += " " + c.text
		default:
			said += ", " + strings.TrimPrefix(c.text, ", ")
			long = true
		}
	}
	return said, long
}

// subject is what is heard as such.
func (p *pen) subject(row *hub.Subscription) string {
	kinds := find(row, hub.FilterKind, "")
	switch {
	case kinds != nil && len(kinds.Any)+len(kinds.All) > 0:
		return p.kindsOf(row, kinds)
	case find(row, hub.FilterGroup, hub.AsMessage) != nil:
		return p.byMode(row, "sentence.private")
	}
	return p.byMode(row, "sentence.subject")
}

func (p *pen) byMode(row *hub.Subscription, prefix string) string {
	switch row.Mode {
	case hub.Mute:
		return p.say(prefix + "Mute")
	case hub.Follow:
		return p.say(prefix + "Follow")
	}
	return p.say(prefix)
}

func (p *pen) kindsOf(row *hub.Subscription, f *hub.Filter) string {
	var list []string
	for _, v := range append(append([]string{}, f.Any...), f.All...) {
		list = append(list, p.kind(v))
	}
	if row.Mode == hub.Mute {
		return p.say("sentence.noKinds", "Kinds", p.join(list, "sentence.or"))
	}
	return p.join(list, "sentence.and")
}

func find(row *hub.Subscription, kind hub.FilterType, as string) *hub.Filter {
	for i := range row.Filters {
		f := &row.Filters[i]
		if f.Type == kind && (kind != hub.FilterGroup || cmp.Or(f.As, hub.AsMention) == cmp.Or(as, hub.AsMention)) {
			return f
		}
	}
	return nil
}

// order is that of the types in a sentence.
var order = []hub.FilterType{hub.FilterAuthor, hub.FilterCategory, hub.FilterTopic, hub.FilterTag, hub.FilterGroup, hub.FilterText}

// clauses are what the row's filters say, what they ask for before what they leave
// out.
func (p *pen) clauses(row *hub.Subscription) (list []clause) {
	if p.Sources > 1 && row.Source != "" {
		list = append(list, clause{p.say("sentence.source", "Source", p.mark("b", "", string(row.Source))), true})
	}
	if kinds := find(row, hub.FilterKind, ""); row.Mode == hub.Follow && kinds != nil && len(kinds.Any)+len(kinds.All) > 0 {
		list = append(list, clause{text: ", " + p.say("sentence.firstOnly")})
	}
	var wanted, unwanted []clause
	for _, kind := range order {
		for i := range row.Filters {
			f := &row.Filters[i]
			if f.Type != kind {
				continue
			}
			name := "sentence." + string(kind)
			if kind == hub.FilterGroup && f.As == hub.AsMessage {
				name = "sentence.shared"
			}
			wanted = append(wanted, p.wants(row, f, name)...)
			if len(f.None) > 0 {
				unwanted = append(unwanted, clause{text: p.say(name+"None", "Not", p.not(row), "List", p.join(p.values(f, f.None), "sentence.or"))})
			}
		}
	}
	if kinds := find(row, hub.FilterKind, ""); kinds != nil && len(kinds.None) > 0 {
		var except []string
		for _, v := range kinds.None {
			except = append(except, p.kind(v))
		}
		unwanted = append(unwanted, clause{text: ", " + p.say("sentence.except", "Kinds", p.join(except, "sentence.and"))})
	}
	return append(append(list, wanted...), unwanted...)
}

// wants are the clauses of what a filter asks for.
func (p *pen) wants(row *hub.Subscription, f *hub.Filter, name string) (list []clause) {
	if row.Mode == hub.Mute && (name == "sentence.group" || name == "sentence.text") {
		name += "Mute" // "nothing that mentions" in place of "topics that mention"
	}
	closely := f.Type == hub.FilterAuthor || f.Type == hub.FilterCategory || f.Type == hub.FilterTopic || name == "sentence.shared"
	if len(f.Any) > 0 {
		list = append(list, clause{p.say(name, "List", p.join(p.values(f, f.Any), "sentence.or")), closely})
	}
	if len(f.All) > 0 {
		if len(f.All) > 1 && (f.Type == hub.FilterAuthor || f.Type == hub.FilterTag) {
			name += "All"
		}
		all := p.say(name, "List", p.join(p.values(f, f.All), "sentence.and"))
		if len(f.Any) > 0 {
			all, closely = ", "+p.say("sentence.also", "What", strings.TrimPrefix(all, ", ")), false
		}
		list = append(list, clause{all, closely})
	}
	return list
}

func (p *pen) values(f *hub.Filter, values []string) []string {
	list := make([]string, len(values))
	for i, v := range values {
		list[i] = p.value(f, strings.TrimSpace(v))
	}
	return list
}

// value is one element of a filter, as people call it.
func (p *pen) value(f *hub.Filter, v string) string {
	switch f.Type {
	case hub.FilterCategory:
		return p.category(v)
	case hub.FilterTag:
		return p.unlessGone(f.Type, v, p.mark("span", "tag", v))
	case hub.FilterAuthor:
		switch group, isGroup := strings.CutPrefix(v, "@"); {
		case v == "@bots":
			return p.whoSaid("sentence.bots")
		case v == "@staff":
			return p.whoSaid("sentence.staff")
		case isGroup:
			return p.unlessGone(f.Type, v, p.say("sentence.members", "Group", p.mark("span", "who", "@"+group)))
		}
		return p.mark("span", "who", v)
	case hub.FilterGroup:
		return p.unlessGone(f.Type, v, p.mark("span", "who", "@"+strings.TrimPrefix(v, "@")))
	case hub.FilterText:
		if len(v) > 2 && v[0] == '/' && v[len(v)-1] == '/' {
			return p.mark("code", "", v)
		}
		return p.say("sentence.quoted", "Text", p.mark("span", "said", v))
	}
	return p.mark("b", "", v)
}

func (p *pen) whoSaid(name string) string {
	if !p.rich {
		return p.say(name)
	}
	return `<span class="who">` + p.say(name) + `</span>`
}

func (p *pen) unlessGone(kind hub.FilterType, v, said string) string {
	if p.Gone == nil || !p.Gone(p.source, kind, v) {
		return said
	}
	return p.gone(said)
}

func (p *pen) gone(said string) string {
	if p.rich {
		said = `<span class="gone">` + said + `</span>`
	}
	return p.say("sentence.gone", "Name", said)
}

// hexColor is a colour that may stand in an attribute.
var hexColor = regexp.MustCompile(`^[0-9a-fA-F]{6}$`)

// category is one with its colours, and with all below it.
func (p *pen) category(v string) string {
	name, below := strings.CutSuffix(v, "/*")
	c := Category{Name: name}
	if p.Category != nil {
		c = p.Category(p.source, name)
	}
	said := c.Name
	if p.rich {
		said = `<span class="cat">` + Dot(c) + `<bdi>` + template.HTMLEscapeString(c.Name) + `</bdi></span>`
	}
	if c.Gone {
		said = p.gone(said)
	}
	if below {
		return p.say("sentence.below", "Name", said)
	}
	return said
}

// Dot is the mark of a category in its colours, and its parent's.
func Dot(c Category) string {
	rects := `<rect width="10" height="10" class="uncoloured"/>`
	switch own, parent := hexColor.MatchString(c.Color), hexColor.MatchString(c.ParentColor); {
	case own && parent:
		rects = `<rect width="5" height="10" fill="#` + c.ParentColor + `"/><rect x="5" width="5" height="10" fill="#` + c.Color + `"/>`
	case own:
		rects = `<rect width="10" height="10" fill="#` + c.Color + `"/>`
	}
	return `<svg class="dot" viewBox="0 0 10 10" aria-hidden="true">` + rects + `</svg>`
}

// tail says how the row tells what it hears.
func (p *pen) tail(row *hub.Subscription) (parts []string) {
	if row.Mode == hub.Mute {
		return nil
	}
	o := &row.Options
	add := func(is bool, name string) {
		if is {
			parts = append(parts, p.say(name))
		}
	}
	timed := func(text, name string) {
		if d, err := time.ParseDuration(text); err == nil && text != "" {
			parts = append(parts, p.say(name, "For", p.duration(d)))
		}
	}
	replies := row.Mode != hub.Follow
	add(replies && (o.Thread == hub.ThreadReplies || row.Mode == hub.Thread && o.Thread == ""), "sentence.threaded")
	add(replies && o.Thread == hub.ThreadBoth, "sentence.threadedBoth")
	add(row.Mode == hub.Thread && o.Thread == hub.ThreadFlat, "sentence.flat")
	if at, daily := strings.CutPrefix(o.Digest, "daily@"); daily {
		parts = append(parts, p.say("sentence.daily", "Clock", p.mark("span", "", at)))
	} else {
		timed(o.Digest, "sentence.digest")
	}
	if d, err := time.ParseDuration(o.Delay); err == nil && d == 0 {
		add(true, "sentence.atOnce")
	} else {
		timed(o.Delay, "sentence.delay")
	}
	timed(o.MaxAge, "sentence.maxAge")
	add(o.Style == hub.StyleCompact, "sentence.compact")
	add(o.Style == hub.StyleFull, "sentence.full")
	if o.Excerpt > 0 && o.Style != hub.StyleCompact && o.Style != hub.StyleFull {
		parts = append(parts, p.count("sentence.excerpt", o.Excerpt))
	}
	add(o.Buttons == "off", "sentence.noButtons")
	add(o.Unlisted, "sentence.unlisted")
	if o.ReadAs != "" {
		parts = append(parts, p.say("sentence.readAs", "Who", p.mark("span", "who", o.ReadAs)))
	}
	return parts
}

func (p *pen) duration(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d >= day && d%day == 0:
		return p.count("sentence.days", int(d/day))
	case d >= time.Hour && d%time.Hour == 0:
		return p.count("sentence.hours", int(d/time.Hour))
	case d >= time.Minute && d%time.Minute == 0:
		return p.count("sentence.minutes", int(d/time.Minute))
	case d%time.Second == 0:
		return p.count("sentence.seconds", int(d/time.Second))
	}
	return d.String()
}

// Or is c, or another where c says nothing.
func (c Category) Or(other Category) Category {
	if c == (Category{}) {
		return other
	}
	return c
}

// Value is one element of a filter as people call it.
func (t Teller) Value(source hub.Source, f hub.Filter, value string) Said {
	return t.both(func(p *pen) string {
		p.source = source
		if f.Type == hub.FilterKind {
			return p.kind(value)
		}
		return p.value(&f, strings.TrimSpace(value))
	})
}
