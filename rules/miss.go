package rules

import (
	"fmt"

	"github.com/bellhop-chat/bellhop/hub"
)

// Because is the one reason why a row does not match.
type Because uint8

// The reasons.
const (
	Matched      Because = iota
	Broken               // the row itself cannot be read
	Disabled             // it is switched off
	OtherSource          // it hears another source
	OtherKind            // it has no kind filter and the event is no new post
	IsPrivate            // a private message goes only to rows that name its group
	NotPrivate           // the row hears private messages only
	NotVisible           // the row's reader may not see it
	IsUnlisted           // the topic is not listed, and the row does not ask for such
	IsSensitive          // it is about people or moderation, and the row does not name its kind
	IsRestricted         // not everyone may read the category, and the row does not name it
	NotKnown             // the event does not have, or tell, what the filter asks for
	NoGroups             // the groups of the author, which the filter asks for, are not known
	Excluded             // a value of none holds
	Lacks                // a value of all does not hold
	LacksAny             // no value of any holds
	IsReply              // a follow row hears first posts only
	NothingNew           // the topic was moved or tagged, and not into what the row names
	NotNew               // the row matched the topic before it was moved or tagged, too
	Hidden               // another row of the chat comes first
)

var becauseWords = [...]string{
	Matched: "", Broken: "broken", Disabled: "disabled", OtherSource: "other_source", OtherKind: "other_kind", IsPrivate: "is_private",
	NotPrivate: "not_private", NotVisible: "not_visible", IsUnlisted: "is_unlisted", IsSensitive: "is_sensitive", IsRestricted: "is_restricted",
	NotKnown: "not_known", NoGroups: "no_groups", Excluded: "excluded", Lacks: "lacks", LacksAny: "lacks_any", IsReply: "is_reply",
	NothingNew: "nothing_new", NotNew: "not_new", Hidden: "hidden",
}

// Word is the reason as a word for programs, empty for a match.
func (b Because) Word() string { return becauseWords[b] }

// Miss says why a row does not match. The zero Miss is a match.
type Miss struct {
	Because Because
	Filter  hub.FilterType // of NotKnown, NoGroups, Excluded, Lacks, LacksAny
	// Value is the value of Excluded and Lacks, hub.AsMessage of NotKnown where
	// the filter is one for private messages, what is wrong of Broken, the row's
	// own reader ("" if it is the source's) of NotVisible, and the row that comes
	// first of Hidden.
	Value string
}

var reasons = [...]string{
	Matched:      "matched",
	Disabled:     "the row is switched off",
	OtherSource:  "the row hears another source",
	OtherKind:    "the row has no kind filter, so it hears new posts only",
	IsPrivate:    "a private message goes only to rows that name a group it is shared with",
	NotPrivate:   "the row hears private messages only",
	NotVisible:   "the row's reader may not see the topic",
	IsUnlisted:   "the topic is unlisted, and the row does not ask for such",
	IsSensitive:  "the event is about people or moderation, and the row's kind filter does not name that kind",
	IsRestricted: "the category is restricted, and the row does not name it",
	NoGroups:     "the groups of the author are not known, and the author filter names one",
	IsReply:      "follow hears first posts only, and this is a reply",
	NothingNew:   "the row has no kind filter, and names no category or tag that is new to the topic",
	NotNew:       "the row matched the topic before the change, too",
}

var unknowns = map[hub.FilterType]string{
	hub.FilterCategory: "the event has no category, or does not tell it",
	hub.FilterTag:      "the event has no tags, or does not tell them",
	hub.FilterTopic:    "the event is about no topic",
	hub.FilterAuthor:   "the event has no author, or does not tell who it is",
	hub.FilterGroup:    "the event is about no post, which could mention a group",
	hub.FilterText:     "the event has no title and no text",
}

// String tells the reason in words, as explain shows it.
func (m Miss) String() string {
	switch m.Because {
	case Broken:
		return "the row cannot be read: " + m.Value
	case NotVisible:
		if m.Value == "" {
			return "the source's reader may not see the topic"
		}
		return reasons[NotVisible]
	case NotKnown:
		if m.Value == hub.AsMessage {
			return "the event does not tell with which groups the message is shared"
		}
		return unknowns[m.Filter]
	case Excluded:
		return fmt.Sprintf("the %s filter excludes %q", m.Filter, m.Value)
	case Lacks:
		return fmt.Sprintf("the %s filter wants %q", m.Filter, m.Value)
	case LacksAny:
		if m.Filter == hub.FilterText {
			return "neither title nor text has what the row names"
		}
		return fmt.Sprintf("the %s is none of those the row names", m.Filter)
	case Hidden:
		return "another row of the chat comes first: " + m.Value
	default:
		return reasons[m.Because]
	}
}
