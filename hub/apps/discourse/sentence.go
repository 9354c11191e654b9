package discourse

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/forum"
)

// teller puts rules into words. It is for one answer: each forum is asked once.
type teller struct {
	*App
	ctx    context.Context
	chat   hub.Chat
	forums map[hub.Source]forums
}

func (a *App) teller(ctx context.Context, chat hub.Chat) *teller {
	return &teller{App: a, ctx: ctx, chat: chat, forums: map[hub.Source]forums{}}
}

// ready asks the forums now, which may take some seconds: not while others wait.
func (t *teller) ready() *teller {
	for _, s := range t.Sites() {
		t.heard(s.Source)
	}
	t.heard("")
	return t
}

// heard are the forums that a row with a source hears, as their readers see them;
// none if they cannot be told.
func (t *teller) heard(source hub.Source) forums {
	heard, asked := t.forums[source]
	if !asked {
		var err error
		if heard, err = t.forumsOf(t.ctx, source); err != nil {
			t.Log.WarnContext(t.ctx, "a forum's names are not known, rules are told without", "source", source, "err", err)
		}
		t.forums[source] = heard
	}
	return heard
}

// rule is a row in words, as status lists it: "**watch** · new topics …".
func (t *teller) rule(row *hub.Subscription) string {
	return "**" + string(row.Mode) + "** · " + t.what(row)
}

// ruleOrOff is a row in words that tell whether it is switched off.
func (t *teller) ruleOrOff(row *hub.Subscription) string {
	if row.Enabled {
		return t.rule(row)
	}
	return t.rule(row) + " (switched off)"
}

// hears says what a chat hears by a row: "#support now hears new topics …". now is
// "now " or "already ".
func (t *teller) hears(chat, now string, row *hub.Subscription) string {
	if row.Mode == hub.Mute {
		return chat + " " + now + "stays silent about " + t.what(row) + "."
	}
	return chat + " " + now + "hears " + t.what(row) + "."
}

// what is what a row hears: "new topics and replies in *Support* tagged *bug*".
func (t *teller) what(row *hub.Subscription) string {
	parts := []string{subject(row)}
	place := ""
	for _, f := range row.Filters {
		switch f.Type {
		case hub.FilterCategory:
			place = phrase(f, "in ", "outside ", func(v string) string { return t.category(row.Source, v) })
		case hub.FilterTopic:
			place = phrase(f, "in ", "outside ", func(v string) string { return t.topic(row.Source, v) })
		}
	}
	if place == "" && !personal(row) {
		place = "in every category"
	}
	parts = append(parts, place)
	for _, f := range row.Filters {
		parts = append(parts, words(f))
	}
	parts = append(parts, t.where(row))
	return strings.Join(slices.DeleteFunc(parts, func(p string) bool { return p == "" }), " ")
}

// personal reports whether a row hears private messages, which are in no category.
func personal(row *hub.Subscription) bool {
	return slices.ContainsFunc(row.Filters, func(f hub.Filter) bool { return f.As == hub.AsMessage })
}

// subject is what kind of thing a row hears.
func subject(row *hub.Subscription) string {
	for _, f := range row.Filters {
		if f.Type == hub.FilterKind {
			said := both(each(slices.Concat(f.Any, f.All), kindWords))
			return cmp.Or(said, "everything that happens") + without(", but not ", f.None, kindWords)
		}
	}
	switch {
	case personal(row):
		return "private messages"
	case row.Mode == hub.Follow:
		return "new topics"
	case row.Mode == hub.Thread:
		return "new topics, and replies in their threads,"
	}
	return "new topics and replies"
}

// words are what a filter adds to a sentence.
func words(f hub.Filter) string {
	switch f.Type {
	case hub.FilterTag:
		return phrase(f, "tagged ", "not tagged ", em)
	case hub.FilterAuthor:
		return phrase(f, "by ", "not by ", author)
	case hub.FilterText:
		return phrase(f, "with ", "without ", typed)
	case hub.FilterGroup:
		if f.As == hub.AsMessage {
			return phrase(f, "to ", "not to ", group)
		}
		return phrase(f, "that mention ", "that do not mention ", group)
	}
	return ""
}

func group(name string) string { return em("@" + strings.TrimPrefix(name, "@")) }

func author(name string) string {
	switch forum.Fold(name) {
	case "@staff":
		return "the forum's staff"
	case "@bots":
		return "bots"
	}
	if strings.HasPrefix(name, "@") {
		return "members of " + em(name)
	}
	return em(name)
}

// phrase is a filter's values behind a word: "tagged *a* or *b* and not tagged
// *c*".
func phrase(f hub.Filter, is, not string, name func(string) string) string {
	var parts []string
	if len(f.Any) > 0 {
		parts = append(parts, is+either(few(f.Any, name)))
	}
	if len(f.All) > 0 {
		parts = append(parts, is+both(few(f.All, name)))
	}
	if none := without(not, f.None, name); none != "" {
		parts = append(parts, none)
	}
	return strings.Join(parts, " and ")
}

func without(not string, none []string, name func(string) string) string {
	if len(none) == 0 {
		return ""
	}
	return not + either(few(none, name))
}

// few is names of some values: a row may have hundreds.
func few(values []string, name func(string) string) []string {
	if over := len(values) - maxNames; over > 0 {
		return append(each(values[:maxNames], name), strconv.Itoa(over)+" more")
	}
	return each(values, name)
}

// category is a category as the forum's reader knows it. One that is hidden from
// the reader, or is not known, is told as the row names it.
func (t *teller) category(source hub.Source, value string) string {
	name, below := forum.CutBelow(value)
	said := em(name)
	for _, d := range t.heard(source) {
		if found := d.Find(name); len(found) == 1 {
			said = em(shown(d, found[0]))
			break
		}
	}
	if below != "" {
		said += " and all below it"
	}
	return said
}

// shown is the name of a category that the forum shows, or how it is told apart
// from others with that name.
func shown(d *forum.Directory, i int) string {
	name := d.Categories[i].Name
	if oneLine(name) == "" || len(d.Titled(name)) > 1 {
		return d.Called(i)
	}
	return name
}

// topic is a topic as this chat knows it.
func (t *teller) topic(source hub.Source, id string) string {
	title := "the topic " + id
	told, err := t.History.Announcements(t.ctx, source, id, 0)
	if err != nil {
		t.Log.WarnContext(t.ctx, "a topic's title is not known, it is told by its number", "topic", id, "err", err)
	}
	for _, a := range slices.Backward(told) {
		if a.Chat == t.chat && a.State == hub.AnnouncedLive && a.Message.Card != nil && a.Message.Card.Title != "" {
			title = a.Message.Card.Title
			break
		}
	}
	return t.topicLink(source, id, title)
}

func (t *teller) topicLink(source hub.Source, id, title string) string {
	i := slices.IndexFunc(t.Sites(), func(s Site) bool { return s.Source == source })
	if i < 0 || !isNumber(id) {
		return em(title)
	}
	return "[" + plain(title) + "](" + strings.TrimRight(t.Sites()[i].URL, "/") + "/t/" + id + ")"
}

// where says on which forum, if that does not go without saying.
func (t *teller) where(row *hub.Subscription) string {
	switch {
	case row.Source == "" && len(t.Sites()) > 1:
		return "on every forum"
	case row.Source == "", len(t.Sites()) == 1 && row.Source == t.Sites()[0].Source:
		return ""
	}
	return "on " + em(string(row.Source))
}
