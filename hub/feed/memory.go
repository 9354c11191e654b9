package feed

import (
	"slices"

	"github.com/bellhop-chat/bellhop/hub"
)

// maxGone is how many entries are remembered that are in the feed no more. Some
// publishers take one out and put it back.
const maxGone = 2000

// memory is what is remembered of a feed. The first of what it has seen is the
// mark of the feed's URL: without it the feed was never read, or it is another.
type memory struct {
	hub.FeedState
	first bool
}

// memory is the state as far as it is of this feed.
func (p *Poller) memory(s *hub.FeedState) memory {
	if s == nil || len(s.Seen) == 0 || s.Seen[0] != p.mark {
		return memory{first: true}
	}
	m := memory{FeedState: *s}
	m.Error = ""
	return m
}

// unseen are the entries that were not seen, in their order.
func (m memory) unseen(entries []*entry) []*entry {
	seen := make(map[string]bool, len(m.Seen))
	for _, digest := range m.Seen {
		seen[digest] = true
	}
	var fresh []*entry
	for _, e := range entries {
		if !seen[e.digest] {
			fresh = append(fresh, e)
		}
	}
	return fresh
}

// after is what to remember once all entries of a document are told.
func (m memory) after(mark string, entries []*entry, a *answer) memory {
	here := make(map[string]bool, len(entries))
	for _, e := range entries {
		here[e.digest] = true
	}
	var gone []string
	if len(m.Seen) > 0 {
		gone = slices.DeleteFunc(slices.Clone(m.Seen[1:]), func(digest string) bool { return here[digest] })
	}
	seen := append([]string{mark}, gone[max(0, len(gone)-maxGone):]...)
	for _, e := range entries {
		seen = append(seen, e.digest)
	}
	return memory{FeedState: hub.FeedState{ETag: a.etag, LastModified: a.modified, Seen: seen}}
}

// until is what to remember when some of the new entries are told and the rest
// is not.
func (m memory) until(told []*entry) memory {
	out := memory{FeedState: hub.FeedState{Seen: slices.Clone(m.Seen)}}
	for _, e := range told {
		out.Seen = append(out.Seen, e.digest)
	}
	return out
}
