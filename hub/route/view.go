package route

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/forum"
	"github.com/bellhop-chat/bellhop/rules"
)

// view is an event as things stand now: what the rules see of it, and how it is
// told.
type view struct {
	index    *rules.Index
	facts    *rules.Facts
	compose  composer
	source   *forum.Source // nil: no forum
	delay    time.Duration // of rows that name none
	dropped  string        // why nobody may hear it
	lacks    bool          // the forum must be asked first
	creation bool
	notes    []string
	chats    []hub.TraceChat
	waits    bool // a chat waits for its delay
	// logged are those of the notifications of an event that is told again which
	// the delivery log has, whatever became of them.
	logged map[hub.NotificationID]bool
}

// view looks at a matter with the newest that is known.
func (b *batch) view(m *matter) (*view, error) { return b.viewOf(m, b.r.Forums) }

func (b *batch) viewOf(m *matter, forums *forum.State) (*view, error) {
	r := b.r
	v := &view{index: r.index.Load(), compose: composer{write: r.write, event: m.event, below: r.Actions}}
	if m.thing != nil {
		v.delay = r.Delay(m.event.Source)
		v.compose.thing = m.thing
		v.facts = thingFacts(m.event, m.thing)
		return v, nil
	}
	v.creation = m.creation
	if v.source = forums.Source(m.event.Source); v.source == nil {
		known, err := r.Known(b.ctx, m.event.Source)
		if err != nil {
			return nil, err
		}
		if v.source = forums.Source(m.event.Source); v.source == nil && !known { // it may have become a forum meanwhile
			v.dropped = "its source is not configured any more, so that nobody can be asked who may see it"
			return v, nil
		}
	}
	if v.source != nil {
		v.delay = v.source.Delay
	}
	return v, v.fill(b, forums, m)
}

// fill takes in the newest state of the topic and the post.
func (v *view) fill(b *batch, forums *forum.State, m *matter) error {
	e, f := m.event, *m.forum
	if f.Topic != nil {
		now, err := forums.Topic(b.ctx, e.Source, f.Topic.ID)
		if err != nil {
			return err
		}
		if now != nil {
			f.Topic = now
		}
	}
	if m.post != nil && (e.Type == hub.ForumPostCreated || m.creation) {
		f.Post = m.post
	}
	if v.dropped = dropped(e, &f); v.dropped != "" {
		return nil
	}
	if v.source != nil && v.source.Check && e.Type.Match("forum.chat.*") {
		v.dropped = `who may see a chat message cannot be asked of the forum; visibility = "trust_webhook" tells of those in public channels`
		return nil
	}
	w := wanted(v.index)
	var err error
	if v.lacks, err = forums.Lacks(b.ctx, e.Source, &f, w); err != nil || v.lacks && !b.dry {
		return err
	}
	if f.Topic != nil && f.Topic.Archetype == "" {
		v.dropped = "the event does not tell whether its topic is private, and the hub does not know the topic"
		return nil
	}
	line, err := lineage(b, forums, e.Source, f.Topic)
	if err != nil {
		return err
	}
	v.compose.forum, v.compose.line = &f, line
	v.notes = forums.Unknown(e.Source, &f, line, w)
	v.facts = facts(e, &f, line, v.index.ReadsText())
	if v.source != nil && v.source.Unlisted {
		v.facts.Unlisted = false
	}
	if m.creation {
		v.facts.Type, v.facts.Also, v.facts.Reply = hub.ForumPostCreated, hub.ForumTopicCreated, false
	}
	if author := v.facts.Author; author != "" && len(w.AuthorGroups) > 0 {
		v.facts.AuthorIn = forums.GroupsOf(e.Source, author, w.AuthorGroups)
	}
	return v.before(b, forums, e.Source, f.Before)
}

func lineage(b *batch, forums *forum.State, source hub.Source, t *hub.Topic) ([]hub.ForumCategory, error) {
	if t == nil {
		return nil, nil
	}
	return forums.Lineage(b.ctx, source, t.CategoryID)
}

// before tells the rules where a topic stood that was moved or tagged.
func (v *view) before(b *batch, forums *forum.State, source hub.Source, was *hub.Place) error {
	if was == nil {
		return nil
	}
	old := &hub.Topic{CategoryID: was.CategoryID}
	line, err := lineage(b, forums, source, old)
	if err != nil {
		return err
	}
	v.facts.Before = &rules.Before{Categories: categories(old, line), Tags: was.Tags}
	return nil
}

// announces reports whether what is sent tells a chat of a post, so that it is
// told once and changed with the post. A row that asks for moves by their kind
// hears each of them.
func (m *matter) announces(d *rules.Decision) bool {
	return m.creation || m.event.Type == hub.ForumPostCreated || m.forum != nil && m.forum.Before != nil && !d.Asked
}

// match finds the row that decides for each chat, among those whose reader may
// see the topic; elapsed is how long the event has waited. ask lists the readers
// about whom the forum must be asked first.
func (v *view) match(forums *forum.State, elapsed time.Duration) (decisions []rules.Decision, blind, ask []string) {
	for {
		v.facts.Blind = blind
		decisions = v.index.Match(v.facts, decisions[:0])
		if v.source == nil || !v.source.Check || v.facts.Topic == "" {
			return decisions, nil, nil
		}
		var newly []string
		for i := range decisions {
			d := &decisions[i]
			as := d.Options.ReadAs
			if slices.Contains(newly, as) || slices.Contains(ask, v.reader(as)) || d.Options.DelayOr(v.delay) > elapsed && !d.Mute {
				continue
			}
			switch visible, known := forums.Seen(v.compose.event.Source, v.facts.Topic, v.reader(as)); {
			case !known:
				ask = append(ask, v.reader(as))
			case !visible:
				newly = append(newly, as)
			}
		}
		if len(ask) > 0 || len(newly) == 0 {
			return decisions, blind, ask
		}
		blind = append(blind, newly...)
	}
}

// reader is who must be able to see what a row sends.
func (v *view) reader(as string) string {
	if as == "" && v.source != nil {
		return v.source.ReadAs
	}
	return as
}

func (v *view) noteBlind(blind []string) {
	for _, as := range blind {
		v.notes = append(v.notes, fmt.Sprintf("the forum says that %s may not see the topic: rows that read as such hear nothing", forum.ReaderName(v.reader(as))))
	}
}

// id is the id of what a chat is told. A topic's creation comes as two events
// and is told once.
func (v *view) id(chat hub.Chat) hub.NotificationID {
	e := v.compose.event
	if v.creation {
		return hub.NotificationFor(hub.EventID("c"+hub.Digest("creation", string(e.Source), v.facts.Topic)), chat)
	}
	return hub.NotificationFor(e.ID, chat)
}

// sayKey names the post that a matter's announcements are about.
func (m *matter) sayKey() sayKey {
	k := m.key()
	if k.number == 0 && m.forum != nil && m.forum.Before != nil { // moved: told as if the topic were new
		k.number = 1
	}
	return sayKey{k.source, k.topic, k.number}
}

// postID is the id of the post, "" if the event does not tell it.
func (m *matter) postID() string {
	if m.forum == nil || m.forum.Post == nil {
		return ""
	}
	return m.forum.Post.ID
}

// dropped says why nobody should hear an event, whatever the rows say; "" is
// that rows decide. See rules.md: hidden and deleted posts, whispers, small
// actions, and what may be private but does not say.
func dropped(e *hub.Event, f *hub.Forum) string {
	if p := f.Post; p != nil {
		switch {
		case p.Kind != hub.PostRegular:
			return "the post is a " + strings.ReplaceAll(string(p.Kind), "_", " ")
		case p.Hidden:
			return "the post is hidden"
		case p.Deleted && e.Type != hub.ForumPostDeleted:
			return "the post is deleted"
		}
	}
	if f.Topic != nil && f.Topic.Deleted && e.Type == hub.ForumPostCreated {
		return "the topic is deleted"
	}
	if e.Type.Match("forum.chat.*") && directChat(f.Object) {
		return "the chat message is a direct one"
	}
	return ""
}
