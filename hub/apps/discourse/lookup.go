package discourse

import (
	"cmp"
	"context"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/forum"
)

// maxOptions is how many options a look-up finds. Slack takes 100:
// https://docs.slack.dev/reference/block-kit/block-elements/select-menu-element
const maxOptions = 100

// lookup lists what a field of a rule may hold.
func (a *App) lookup(ctx context.Context, c *hub.Command, field, query string) ([]hub.Option, error) {
	switch field {
	case fieldSource:
		return matching(a.sourceOptions(), query), nil
	case fieldKind:
		var options []hub.Option
		for _, k := range kinds {
			options = append(options, hub.Option{Label: k.words, Value: string(k.kind), Note: string(k.kind)})
		}
		return matching(options, query), nil
	}
	source := hub.Source("")
	if named := forum.Fold(c.Command.Encoded.Get(fieldSource)); named != everySource {
		source = hub.Source(named)
	}
	heard, err := a.forumsOf(ctx, source)
	if err != nil {
		return nil, err
	}
	switch field {
	case fieldCategory:
		return matching(categoryOptions(heard), query), nil
	case fieldTag, fieldNotTag:
		return matching(nameOptions(heard.names(hub.FilterTag)), strings.TrimLeft(query, "#")), nil
	case fieldGroup:
		return matching(nameOptions(heard.names(hub.FilterGroup)), strings.TrimLeft(query, "@")), nil
	}
	return nil, hub.Errorf(hub.CodeInvalid, "field %q has no options to look up", field)
}

func (a *App) sourceOptions() []hub.Option {
	var options []hub.Option
	for _, s := range a.Sites() {
		options = append(options, hub.Option{Label: string(s.Source), Value: string(s.Source), Note: s.URL})
	}
	if len(options) > 1 {
		options = append(options, hub.Option{Label: "Every forum", Value: everySource})
	}
	return options
}

func categoryOptions(heard forums) []hub.Option {
	options := []hub.Option{{Label: "Every category", Value: "all"}}
	for _, d := range heard {
		parents := map[string]bool{}
		for _, c := range d.Categories {
			parents[c.ParentID] = true
		}
		for i, c := range d.Categories {
			as := d.Called(i)
			name := cmp.Or(oneLine(c.Name), as)
			options = append(options, hub.Option{Label: name, Value: as, Note: as})
			if parents[c.ID] {
				options = append(options, hub.Option{Label: name + " and all below it", Value: as + "/*", Note: as + "/*"})
			}
		}
	}
	return unique(options)
}

func nameOptions(names []string) []hub.Option {
	return each(names, func(n string) hub.Option { return hub.Option{Label: n, Value: n} })
}

// unique leaves out options whose value an earlier one has.
func unique(options []hub.Option) []hub.Option {
	seen := map[string]bool{}
	return slices.DeleteFunc(options, func(o hub.Option) bool {
		was := seen[o.Value]
		seen[o.Value] = true
		return was
	})
}

// matching are the options that have a text in them, those first that begin with
// it.
func matching(options []hub.Option, query string) []hub.Option {
	query = forum.Fold(query)
	var begin, within []hub.Option
	for _, o := range options {
		label, value := forum.Fold(o.Label), forum.Fold(o.Value)
		switch {
		case strings.HasPrefix(label, query), strings.HasPrefix(value, query):
			begin = append(begin, o)
		case strings.Contains(label, query), strings.Contains(value, query):
			within = append(within, o)
		}
	}
	found := append(begin, within...)
	return found[:min(len(found), maxOptions)]
}

// lookupRule lists the rules that can be removed.
func (a *App) lookupRule(ctx context.Context, c *hub.Command, field, query string) ([]hub.Option, error) {
	if field != fieldWhich {
		return nil, hub.Errorf(hub.CodeInvalid, "field %q has no options to look up", field)
	}
	rows, err := a.rows(ctx, c.Context.Chat())
	if err != nil {
		return nil, err
	}
	t := a.teller(ctx, c.Context.Chat())
	shown, inForm := rowsShown(c)
	var options []hub.Option
	for i := range rows {
		n := strconv.Itoa(i + 1)
		if inForm { // whose numbers stay
			n = strconv.Itoa(slices.Index(shown, rows[i].ID) + 1)
		}
		if n == "0" {
			continue // it was made since
		}
		options = append(options, hub.Option{Label: shorten(fmt.Sprintf("%s: %s %s", n, rows[i].Mode, bareWords(t.what(&rows[i]))), 75), Value: n})
	}
	if len(rows) > 1 {
		options = append(options, hub.Option{Label: fmt.Sprintf("All %d", len(rows)), Value: "all"})
	}
	return matching(options, query), nil
}

// bareWords takes the markup out of what this app has written.
func bareWords(s string) string { return unmarked.Replace(linked.ReplaceAllString(s, "$1")) }

var linked = regexp.MustCompile(`\[((?:\\.|[^\]\\])*)\]\([^)]*\)`)

var unmarked = strings.NewReplacer(`\\`, `\`, `\*`, "*", `\_`, "_", "\\`", "`", `\[`, "[", `\]`, "]", `\<`, "<", `\~`, "~", "*", "", "`", "")
