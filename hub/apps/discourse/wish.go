package discourse

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/forum"
	"github.com/bellhop-chat/bellhop/rules"
)

// The fields of a rule's form.
const (
	fieldCategory  = "category"
	fieldTag       = "tag"
	fieldNotTag    = "not_tag"
	fieldAuthor    = "author"
	fieldNotAuthor = "not_author"
	fieldGroup     = "group"
	fieldKind      = "kind"
	fieldSource    = "source"
	fieldForce     = "force"
)

// everySource is how a command names all forums.
const everySource = "all"

// wish is a rule in the making: what a command asks for, and what is wrong with
// it.
type wish struct {
	*App
	ctx    context.Context
	c      *hub.Command
	values hub.Values

	row    hub.Subscription
	tagged bool // it names tags, to hear or not to hear
	forums      // that it hears

	failure   error    // of what was asked; not the asker's
	unchecked bool     // it has names that may be there or not
	notes     []string // what the asker should know, if it is done
	unknown   []string // names that no forum has, taken by force
	troubles  []trouble
}

// trouble is what is wrong with a field, and what would mend it.
type trouble struct {
	field   string
	text    string
	actions []hub.Action
}

// newWish reads what a command asks for. An error is not the asker's.
func (a *App) newWish(ctx context.Context, c *hub.Command, mode hub.Mode) (*wish, error) {
	w := &wish{App: a, ctx: ctx, c: c, values: c.Command.Encoded, row: hub.Subscription{
		Chat: c.Context.Chat(), Mode: mode, Filters: []hub.Filter{}, Enabled: true, CreatedBy: who(c),
	}}
	if !w.findSource() {
		return w, nil
	}
	var err error
	if w.forums, err = a.forumsOf(ctx, w.row.Source); err != nil {
		return nil, err
	}
	w.readCategory()
	w.readTags()
	w.readAuthors()
	w.readGroup()
	w.readKinds()
	w.check()
	if w.failure != nil {
		return nil, w.failure
	}
	if w.unchecked {
		w.notes = append(w.notes, w.awayNote())
	}
	w.row.Error = strings.Join(w.unknown, "; ")
	return w, nil
}

func (w *wish) wrong(field, text string, actions ...hub.Action) {
	w.troubles = append(w.troubles, trouble{field, text, actions})
}

// findSource finds out which forum is meant.
func (w *wish) findSource() bool {
	named := strings.TrimSpace(w.values.Get(fieldSource))
	linked, fine := w.linked()
	switch {
	case !fine:
		return false
	case len(w.Sites()) == 0:
		w.wrong(fieldSource, "No forum is connected to Bellhop yet. Whoever runs it adds one in its configuration; then I can tell this chat what happens there.")
		return false
	case named == "" && linked != "":
		w.row.Source = linked
	case named == "" && len(w.Sites()) == 1:
		w.row.Source = w.Sites()[0].Source
	case named == "":
		w.wrong(fieldSource, "There are several forums: "+both(each(w.Sites(), func(s Site) string { return typed(string(s.Source)) }))+
			". Which one is meant? Add it to the command, such as "+typed("--source "+string(w.Sites()[0].Source))+", or "+typed("--source "+everySource)+" for every forum.", w.sourceActions()...)
		return false
	case forum.Fold(named) == everySource || named == "*":
		// every forum, also where there is one
	default:
		return w.findNamed(named, linked)
	}
	return true
}

func (w *wish) findNamed(named string, linked hub.Source) bool {
	i := slices.IndexFunc(w.Sites(), func(s Site) bool { return forum.Fold(named) == string(s.Source) })
	switch {
	case i < 0:
		names := each(w.Sites(), func(s Site) string { return string(s.Source) })
		text := "There is no forum called " + typed(named) + "."
		var actions []hub.Action
		for _, near := range hub.Nearest(named, names, 1) {
			text += " Did you mean " + typed(near) + "?"
			actions = append(actions, w.again(near, hub.Values{fieldSource: {near}}))
		}
		w.wrong(fieldSource, text+" I know "+both(each(names, typed))+".", actions...)
		return false
	case linked != "" && linked != w.Sites()[i].Source:
		w.wrong(fieldSource, fmt.Sprintf("That link leads to %s, and you named %s. Leave one of the two out.", typed(string(linked)), typed(named)))
		return false
	}
	w.row.Source = w.Sites()[i].Source
	return true
}

func (w *wish) sourceActions() []hub.Action {
	var actions []hub.Action
	for _, s := range w.Sites()[:min(maxActions-1, len(w.Sites()))] {
		actions = append(actions, w.again(string(s.Source), hub.Values{fieldSource: {string(s.Source)}}))
	}
	return append(actions, w.again("Every forum", hub.Values{fieldSource: {everySource}}))
}

// linked is the forum that a link in place of a category leads to.
func (w *wish) linked() (hub.Source, bool) {
	text := w.values.Get(fieldCategory)
	if !isLink(text) {
		return "", true
	}
	l := parseLink(w.Sites(), text)
	switch {
	case l.site == nil:
		w.wrong(fieldCategory, "That link is of no forum that I know. "+w.known())
		return "", false
	case l.post != nil:
		w.wrong(fieldCategory, "That link leads to a topic. Here a category or a tag is needed; to see why a topic was told or not, type "+typed(w.Type(w.c, "why LINK"))+".")
		return "", false
	case l.category == "" && l.tag == "":
		w.wrong(fieldCategory, "That link leads to no category and no tag of the forum. Open the category and copy the address, or name it.")
		return "", false
	}
	return l.site.Source, true
}

// known tells which forums there are.
func (a *App) known() string {
	if len(a.Sites()) == 0 {
		return "No forum is connected to Bellhop yet."
	}
	return "I know " + both(each(a.Sites(), func(s Site) string { return typed(s.URL) })) + "."
}

// again is the same command with some values changed, as a button.
func (w *wish) again(name string, change hub.Values) hub.Action {
	values := w.values.Clone()
	maps.Copy(values, change)
	return hub.Action{Label: label("%s", name), Call: call(w.c.Command.Function, values)}
}

// forced reports whether names are taken that no forum has.
func (w *wish) forced() bool { return w.values.Get(fieldForce) == "true" }

// add adds a filter, unless it has no values.
func (w *wish) add(f hub.Filter) {
	if len(f.Any)+len(f.All)+len(f.None) > 0 {
		w.row.Filters = append(w.row.Filters, f)
	}
}

// list is a field's values: one for each word between commas, without the marks
// that people put before names.
func (w *wish) list(field, before string) []string {
	var out []string
	for _, v := range w.values[field] {
		for one := range strings.SplitSeq(v, ",") {
			one = oneLine(one)
			if trimmed := strings.TrimLeft(one, before); trimmed != "" {
				one = trimmed
			}
			if one != "" && !slices.ContainsFunc(out, func(o string) bool { return forum.Fold(o) == forum.Fold(one) }) {
				out = append(out, one)
			}
		}
	}
	return out
}

// check is for what only the rules know of: bounds, mostly.
func (w *wish) check() {
	if len(w.troubles) > 0 {
		return
	}
	fields := map[hub.FilterType]string{hub.FilterTag: fieldTag, hub.FilterAuthor: fieldAuthor, hub.FilterGroup: fieldGroup, hub.FilterKind: fieldKind}
	bad := rules.Validate(w.row)
	for _, field := range slices.Sorted(maps.Keys(bad)) {
		is := fieldCategory
		var i int
		if n, _ := fmt.Sscanf(field, "filters[%d]", &i); n == 1 && i < len(w.row.Filters) {
			if f, known := fields[w.row.Filters[i].Type]; known {
				is = f
			}
		}
		w.wrong(is, "What you gave as the "+is+" cannot be taken: it "+plain(bad[field])+".")
	}
}

// refuse is the answer to a wish that has troubles. In a dialog they stand beside
// their fields; elsewhere buttons can mend them.
func (w *wish) refuse() hub.Reply {
	fields := map[string]string{}
	var texts []string
	var actions []hub.Action
	for _, t := range w.troubles {
		fields[t.field] = strings.TrimSpace(fields[t.field] + " " + t.text)
		texts = append(texts, t.text)
		actions = append(actions, t.actions...)
	}
	actions = actions[:min(maxActions, len(actions))]
	if len(actions) == 0 || w.c.Context.Source.ID == hub.FromDialog {
		reply := hub.Reply{Error: &hub.Refusal{Text: paragraphs(texts...)}}
		if w.c.Context.Source.ID == hub.FromDialog {
			reply.Error.Fields = fields
		}
		return reply.With(hub.OutcomeError)
	}
	reply := hub.Reply{OK: &hub.OK{Text: paragraphs(texts...), Actions: actions}, Data: map[string]any{"fields": fields}}
	return reply.With(hub.OutcomeError)
}
