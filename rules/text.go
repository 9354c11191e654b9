package rules

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/bellhop-chat/bellhop/hub"
)

// The text form of the table, a line for a chat:
//
//	slack | #general | c/support,follow:t/urgent,c/dev+t/bug+!t/wip
//
// A line is a union, one row for each token between commas. Within a token "+"
// joins what must all hold and "!" excludes. c/ is a category, t/ a tag, topic/
// a topic, u/ an author, g/ a mentioned group, pm/ the group of a private
// message, k/ a kind, text/ words; "*" is everything. A mode may stand before a
// token; watch is the default. Commas, pluses, bars and blanks inside a value
// are percent-encoded.
var prefixes = []struct {
	text string
	kind hub.FilterType
	as   string
}{
	{"c/", hub.FilterCategory, ""},
	{"t/", hub.FilterTag, ""},
	{"topic/", hub.FilterTopic, ""},
	{"u/", hub.FilterAuthor, ""},
	{"g/", hub.FilterGroup, hub.AsMention},
	{"pm/", hub.FilterGroup, hub.AsMessage},
	{"k/", hub.FilterKind, ""},
	{"text/", hub.FilterText, ""},
}

// ParseRow reads a line of the text form into rows that are enabled.
func ParseRow(line string) ([]hub.Subscription, error) {
	if !utf8.ValidString(line) {
		return nil, fmt.Errorf("%q: is not UTF-8", line)
	}
	cells := strings.SplitN(line, "|", 3)
	if len(cells) != 3 {
		return nil, fmt.Errorf("%q: want three parts between bars: system | chat | rules", line)
	}
	chat, err := decode(strings.TrimSpace(cells[1]))
	if err != nil {
		return nil, err
	}
	at := hub.Chat{System: hub.System(strings.TrimSpace(cells[0])), ID: chat}
	var rows []hub.Subscription
	for token := range strings.SplitSeq(cells[2], ",") {
		row, err := parseToken(strings.TrimSpace(token))
		if err != nil {
			return nil, err
		}
		row.Chat = at
		rows = append(rows, row)
	}
	return rows, nil
}

func parseToken(token string) (hub.Subscription, error) {
	row := hub.Subscription{Mode: hub.Watch, Enabled: true}
	rest := token
	if mode, after, found := strings.Cut(token, ":"); found && slices.Contains(hub.Modes(), hub.Mode(mode)) {
		row.Mode, rest = hub.Mode(mode), after
	}
	if rest == "*" {
		return row, nil
	}
	for part := range strings.SplitSeq(rest, "+") {
		if err := addPart(&row, part); err != nil {
			return row, fmt.Errorf("%q: %w", token, err)
		}
	}
	// Several of one type are joined by "+": all of them. A single one is any,
	// which is what a person would write in the long form.
	for i := range row.Filters {
		if f := &row.Filters[i]; len(f.All) == 1 {
			f.Any, f.All = f.All, nil
		}
	}
	return row, nil
}

func addPart(row *hub.Subscription, part string) error {
	part, not := strings.CutPrefix(part, "!")
	for _, p := range prefixes {
		encoded, found := strings.CutPrefix(part, p.text)
		if !found {
			continue
		}
		v, err := decode(encoded)
		if err != nil {
			return err
		}
		if v == "" {
			return fmt.Errorf("nothing follows %s", p.text)
		}
		f := filterOf(row, p.kind, p.as)
		if not {
			f.None = append(f.None, v)
		} else {
			f.All = append(f.All, v)
		}
		return nil
	}
	return fmt.Errorf("%q is no rule: c/CATEGORY, t/TAG, topic/ID, u/AUTHOR, g/GROUP, k/KIND, text/WORDS or *", part)
}

// filterOf finds row's filter of a type, or adds one.
func filterOf(row *hub.Subscription, kind hub.FilterType, as string) *hub.Filter {
	i := slices.IndexFunc(row.Filters, func(f hub.Filter) bool { return f.Type == kind && f.As == as })
	if i < 0 {
		row.Filters = append(row.Filters, hub.Filter{Type: kind, As: as})
		i = len(row.Filters) - 1
	}
	return &row.Filters[i]
}

// Bounds of what a row prints as. A row that people write is far below them; one
// with several filters of 200 values each would have more tokens than fit
// anywhere.
const (
	maxTokens = 1000
	maxForm   = 256 << 10 // bytes
)

// FormatRow prints a row in the text form. A filter with several any values
// becomes one token for each, which means the same; a row that would have more
// than fit ends in "…", which no row is read from. Source and options have no
// place in it.
func FormatRow(s hub.Subscription) string {
	return formatChat(s.Chat) + formatRules(s.Mode, s.Filters)
}

func formatChat(c hub.Chat) string {
	return string(c.System) + " | " + encode(c.ID, "|%") + " | "
}

func formatRules(mode hub.Mode, filters []hub.Filter) string {
	tokens, cut := []string{""}, false
	for _, f := range filters {
		var less bool
		tokens, less = product(tokens, f)
		cut = cut || less
	}
	for i, t := range tokens {
		if t == "" {
			t = "*"
		}
		if mode != hub.Watch {
			t = string(mode) + ":" + t
		}
		tokens[i] = t
	}
	if cut {
		tokens = append(tokens, "…")
	}
	return strings.Join(tokens, ",")
}

// product adds f to each token, once for each of f's any values; cut is that
// not all of them fit.
func product(tokens []string, f hub.Filter) (out []string, cut bool) {
	prefix := prefixOf(f)
	var must strings.Builder
	for _, v := range f.All {
		must.WriteString("+" + prefix + encode(v, special))
	}
	for _, v := range f.None {
		must.WriteString("+!" + prefix + encode(v, special))
	}
	each := []string{must.String()}
	if len(f.Any) > 0 {
		each = each[:0]
	}
	for _, v := range f.Any {
		each = append(each, "+"+prefix+encode(v, special)+must.String())
	}
	size := 0
	for _, t := range tokens {
		for _, e := range each {
			if t == "" {
				e = strings.TrimPrefix(e, "+")
			}
			if size += len(t) + len(e); len(out) > 0 && (len(out) == maxTokens || size > maxForm) {
				return out, true
			}
			out = append(out, t+e)
		}
	}
	return out, false
}

func prefixOf(f hub.Filter) string {
	for _, p := range prefixes {
		if p.kind == f.Type && (p.as == f.As || f.As == "" && p.as == hub.AsMention) {
			return p.text
		}
	}
	return string(f.Type) + "/"
}

// special are the characters that the text form needs for itself in a value.
const special = ",+|!%:"

// encode percent-encodes what is reserved, and blanks and control characters,
// which would be lost at the ends of a cell.
func encode(s, reserved string) string {
	var b strings.Builder
	for _, r := range s {
		if !strings.ContainsRune(reserved, r) && !unicode.IsSpace(r) && !unicode.IsControl(r) {
			b.WriteRune(r)
			continue
		}
		for _, c := range []byte(string(r)) {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

func decode(s string) (string, error) {
	v, err := url.PathUnescape(s)
	if err != nil || !utf8.ValidString(v) {
		return "", fmt.Errorf("%q: a percent sign is written %%25, and what it encodes is UTF-8", s)
	}
	return v, nil
}
