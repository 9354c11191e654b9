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
	IsUnlisted           // the topic is not listed, and the row does not ask for such
	IsRestricted         // not everyone may read the category, and the row does not name it
	IsSensitive          // it is about people or moderation, and the row does not name its kind
	IsReply              // a follow row hears first posts only
	NotKnown             // the event does not have, or tell, what the filter asks for
	Excluded             // a value of none holds
	Lacks                // a value of all does not hold
	LacksAny             // no value of any holds
	Hidden               // another row of the chat comes first
)

// Miss says why a row does not match. The zero Miss is a match.
type Miss struct {
	Because Because
	Filter  hub.FilterType // of NotKnown, Excluded, Lacks, LacksAny
	Value   string         // of Excluded and Lacks
}

// String tells the reason in words, as explain shows it.
func (m Miss) String() string {
	switch m.Because {
	case Matched:
		return "matched"
	case Broken:
		return "the row cannot be read"
	case Disabled:
		return "the row is switched off"
	case OtherSource:
		return "the row hears another source"
	case OtherKind:
		return "the row has no kind filter, so it hears new posts only"
	case IsPrivate:
		return "a private message goes only to rows that name a group it is shared with"
	case NotPrivate:
		return "the row hears private messages only"
	case IsUnlisted:
		return "the topic is unlisted, and the row does not ask for such"
	case IsRestricted:
		return "the category is restricted, and the row does not name it"
	case IsSensitive:
		return "the event is about people or moderation, and the row's kind filter does not name that kind"
	case IsReply:
		return "follow hears first posts only, and this is a reply"
	case NotKnown:
		return fmt.Sprintf("the event does not tell its %s", m.Filter)
	case Excluded:
		return fmt.Sprintf("the %s filter excludes %q", m.Filter, m.Value)
	case Lacks:
		return fmt.Sprintf("the %s filter wants %q", m.Filter, m.Value)
	case LacksAny:
		return fmt.Sprintf("the %s is none of those the row names", m.Filter)
	case Hidden:
		return "another row of the chat comes first"
	}
	return fmt.Sprintf("reason %d", m.Because)
}
