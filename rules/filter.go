package rules

import (
	"fmt"
	"strings"

	"github.com/bellhop-chat/bellhop/hub"
)

// field is what of an event a filter looks at. The first of them hold terms,
// which are compared as numbers.
type field uint8

const (
	fieldCategory field = iota
	fieldTag
	fieldTopic
	fieldAuthor
	fieldMention
	fieldShared
	fieldKind
	fieldText
)

var fieldTypes = [...]hub.FilterType{
	hub.FilterCategory, hub.FilterTag, hub.FilterTopic, hub.FilterAuthor, hub.FilterGroup, hub.FilterGroup, hub.FilterKind, hub.FilterText,
}

// space keeps apart words that are written alike and mean different things:
// the category support, all that is below it, and the tag support.
type space uint8

const (
	spaceCategory space = iota
	spaceBelow          // "support/*": the category and all below it
	spaceTag
	spaceTopic
	spaceAuthor
	spaceAuthorIn // "@group": the author is a member of it
	spaceAuthorIs // "@bots", "@staff"
	spaceMention
	spaceShared
	spaceKind // a type, or a pattern with its only wildcard at the end
	noSpace
)

// Words of spaceAuthorIs.
const (
	bots  = "bots"
	staff = "staff"
)

// word is one value of a filter: something to look up in a space, or a matcher.
type word struct {
	space space
	text  string // folded
	slow  *matcher
}

// raw is how the word is written in a filter.
func (w word) raw() string {
	if w.slow != nil {
		return w.slow.raw
	}
	switch w.space {
	case spaceBelow:
		return w.text + "/*"
	case spaceAuthorIn, spaceAuthorIs:
		return "@" + w.text
	}
	return w.text
}

// filter is a filter as it is read.
type filter struct {
	field          field
	any, all, none []word
}

// readFilter reads a filter. Its error is for the owner of the row. seen keeps
// the matchers of filters that were read before, by how they are written; nil
// is none.
func readFilter(f hub.Filter, seen map[string]*matcher) (filter, error) {
	var r filter
	var err error
	if r.field, err = fieldOf(f); err != nil {
		return r, err
	}
	for _, list := range []struct {
		from []string
		to   *[]word
	}{{f.Any, &r.any}, {f.All, &r.all}, {f.None, &r.none}} {
		for _, v := range list.from {
			w, err := readWord(r.field, v, seen)
			if err != nil {
				return r, err
			}
			*list.to = append(*list.to, w)
		}
	}
	if len(r.any)+len(r.all)+len(r.none) == 0 {
		return r, fmt.Errorf("the %s filter names nothing: give any, all or none", f.Type)
	}
	if r.field == fieldShared && len(r.any)+len(r.all) == 0 {
		return r, fmt.Errorf("the group filter for private messages names no group to hear: give any or all, none alone would take in every other message")
	}
	return r, nil
}

func fieldOf(f hub.Filter) (field, error) {
	if f.As != "" && f.Type != hub.FilterGroup {
		return 0, fmt.Errorf("the %s filter has no \"as\": only group filters have", f.Type)
	}
	switch f.Type {
	case hub.FilterCategory:
		return fieldCategory, nil
	case hub.FilterTag:
		return fieldTag, nil
	case hub.FilterTopic:
		return fieldTopic, nil
	case hub.FilterAuthor:
		return fieldAuthor, nil
	case hub.FilterText:
		return fieldText, nil
	case hub.FilterKind:
		if len(f.Any) == 0 || len(f.All) > 0 {
			return 0, fmt.Errorf("the kind filter needs \"any\", and may have \"none\": an event has one kind")
		}
		return fieldKind, nil
	case hub.FilterGroup:
		switch f.As {
		case "", hub.AsMention:
			return fieldMention, nil
		case hub.AsMessage:
			return fieldShared, nil
		}
		return 0, fmt.Errorf("the group filter's \"as\" is %q: %s or %s", f.As, hub.AsMention, hub.AsMessage)
	}
	return 0, fmt.Errorf("unknown filter type %q: one of %s", f.Type, join(hub.FilterTypes()))
}

func readWord(of field, v string, seen map[string]*matcher) (word, error) {
	if of == fieldText {
		return readText(v, seen)
	}
	w := word{text: fold(v)}
	switch of {
	case fieldCategory:
		w.readCategory()
	case fieldTag:
		w.space = spaceTag
	case fieldTopic:
		w.space = spaceTopic
		if w.text == "" || strings.Trim(w.text, "0123456789") != "" {
			return w, fmt.Errorf("%q is no topic id: the number in the topic's address", v)
		}
	case fieldAuthor:
		w.readAuthor()
	case fieldMention:
		w.space = spaceMention
	case fieldShared:
		w.space = spaceShared
	case fieldKind:
		return readKind(v, seen)
	}
	if w.text == "" {
		return w, fmt.Errorf("the %s filter holds an empty value", fieldTypes[of])
	}
	return w, nil
}

// readCategory takes an id, a slug, a path "parent/child", or one of these with
// "/*" for all that is below it, too.
func (w *word) readCategory() {
	name, below := strings.CutSuffix(w.text, "/*")
	w.text = strings.Trim(name, "/")
	if below {
		w.space = spaceBelow
	}
}

func (w *word) readAuthor() {
	name, isGroup := strings.CutPrefix(w.text, "@")
	w.text, w.space = name, spaceAuthor
	switch {
	case isGroup && (name == bots || name == staff):
		w.space = spaceAuthorIs
	case isGroup:
		w.space = spaceAuthorIn
	}
}

// readKind looks up a pattern whose only wildcard is its last segment as a
// word: an event has at most six of them. The others are held against the type.
func readKind(v string, seen map[string]*matcher) (word, error) {
	w := word{space: spaceKind, text: fold(v)}
	if !hub.EventType(strings.ReplaceAll(w.text, "*", "x")).Valid() {
		return w, fmt.Errorf("%q is no kind of event: such as forum.post.created or forum.topic.*", v)
	}
	for segment := range strings.SplitSeq(w.text, ".") {
		if segment != "*" && strings.Contains(segment, "*") {
			return w, fmt.Errorf("%q is no kind of event: * stands for a whole segment, as in forum.topic.*", v)
		}
	}
	if strings.Contains(strings.TrimSuffix(w.text, "*"), "*") {
		pattern := strings.Clone(w.text)
		w.slow = remember(seen, "kind ", &matcher{raw: pattern, kind: pattern})
	}
	return w, nil
}

// namesFamily reports whether a kind pattern names the family of the types that
// it takes: "forum.user.*" does, "forum.*" does not.
func namesFamily(pattern string) bool {
	first, rest, _ := strings.Cut(pattern, ".")
	second, _, _ := strings.Cut(rest, ".")
	return first != "*" && second != "*"
}

func join[T ~string](list []T) string {
	words := make([]string, len(list))
	for i, w := range list {
		words[i] = string(w)
	}
	return strings.Join(words, ", ")
}
