package forum

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
)

// absentFor is how long a topic that the forum does not know is not asked for
// again.
const absentFor = time.Minute

// Wants is what rules may ask of an event, beyond what it tells.
type Wants struct {
	AuthorGroups []string // groups whose members matter
	Shares       bool     // the groups that a private message is shared with
}

// Lacks reports whether the forum must be asked before the event of f can be
// held against the rules. f's topic is the newest known.
func (s *State) Lacks(ctx context.Context, source hub.Source, f *hub.Forum, w Wants) (bool, error) {
	src := s.Source(source)
	if src == nil || !src.asks() {
		return false, nil
	}
	if f.Topic != nil && s.lacksTopic(topicKey{source, f.Topic.ID}, f.Topic, w) {
		return true, nil
	}
	if missing, err := s.lacksCategory(ctx, source, f); missing || err != nil {
		return missing, err
	}
	for _, g := range w.AuthorGroups {
		if author(f) != "" && !s.freshMembers(memberKey{source, strings.ToLower(g)}) {
			return true, nil
		}
	}
	return false, nil
}

func (s *State) lacksTopic(key topicKey, t *hub.Topic, w Wants) bool {
	private := t.Archetype == hub.ArchetypePM
	told := t.Archetype != "" && t.Tags != nil && (!private || t.Groups != nil)
	if told || private && !w.Shares {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	at, asked := s.absent[key]
	return !asked || s.now().Sub(at) > absentFor
}

func (s *State) lacksCategory(ctx context.Context, source hub.Source, f *hub.Forum) (bool, error) {
	if f.Topic == nil || f.Topic.CategoryID == "" {
		return false, nil
	}
	line, err := s.Lineage(ctx, source, f.Topic.CategoryID)
	if err != nil {
		return false, err
	}
	if len(line) > 0 && line[len(line)-1].ParentID == "" {
		return false, nil
	}
	missing := false
	err = s.inPlaces(ctx, source, func(p *places) { missing = !s.lately(p.asked) })
	return missing, err
}

// Complete asks the forum for what Lacks says is missing, and completes f's
// topic. *Waits says that the forum does not answer. It blocks for as long as
// the forum takes.
func (s *State) Complete(ctx context.Context, source hub.Source, f *hub.Forum, w Wants) error {
	src := s.Source(source)
	if src == nil || !src.asks() {
		return nil
	}
	if f.Topic != nil {
		if err := s.completeTopic(ctx, src, f, w); err != nil {
			return err
		}
	}
	if missing, err := s.lacksCategory(ctx, source, f); err != nil {
		return err
	} else if missing {
		if err := s.askPlaces(ctx, src); err != nil {
			return err
		}
	}
	if author(f) == "" {
		return nil
	}
	for _, g := range w.AuthorGroups {
		if err := s.askMembers(ctx, src, g); err != nil {
			return err
		}
	}
	return nil
}

// completeTopic asks for f's topic, unless an answer has come since f was made.
func (s *State) completeTopic(ctx context.Context, src *Source, f *hub.Forum, w Wants) error {
	key := topicKey{src.Name, f.Topic.ID}
	if !s.lacksTopic(key, f.Topic, w) {
		return nil
	}
	known, err := s.topic(ctx, key)
	if err != nil {
		return err
	}
	if known == nil || s.lacksTopic(key, known, w) {
		if err := s.askTopic(ctx, src, key); err != nil {
			return err
		}
		if known, err = s.topic(ctx, key); err != nil {
			return err
		}
	}
	if known != nil {
		f.Topic = copied(known)
	}
	return nil
}

// askTopic asks for a topic. What the forum says replaces what was known, unless
// that has changed while the forum was asked.
func (s *State) askTopic(ctx context.Context, src *Source, key topicKey) error {
	_, err := s.flight.do(ctx, fmt.Sprintf("topic %q %q", key.source, key.id), func() (any, error) {
		for range tries {
			known, err := s.topic(ctx, key)
			if err != nil {
				return nil, err
			}
			told, err := src.API.Topic(ctx, key.id)
			s.answered(ctx, src.Name, err)
			if gone(err) || err == nil && told.Archetype == "" { // which does not say whether it is private
				if s.miss(key, known) {
					return nil, nil
				}
				continue
			}
			if err != nil {
				return nil, waits(err)
			}
			now := *told
			now.ID = key.id
			if known != nil {
				now.Author = cmp.Or(now.Author, known.Author)
				if now.CategorySlug == "" && now.CategoryID == known.CategoryID {
					now.CategorySlug = known.CategorySlug
				}
			}
			if s.replace(key, known, &now) {
				return nil, nil
			}
		}
		return nil, waits(errUnsteady)
	})
	return err
}

// miss notes that the forum does not know a topic. It reports false, and does
// nothing, if something was learned of it since the forum was asked.
func (s *State) miss(key topicKey, was *hub.Topic) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.still(key, was) {
		return false
	}
	if len(s.absent) >= maxTopics {
		clear(s.absent)
	}
	s.absent[key] = s.now()
	return true
}

// Unknown says in words what of an event is not known and why.
func (s *State) Unknown(source hub.Source, f *hub.Forum, line []hub.ForumCategory, w Wants) []string {
	t := f.Topic
	if t == nil {
		return nil
	}
	why := "its webhook does not tell, and no api_key is configured to ask the forum"
	if src := s.Source(source); src != nil && src.asks() {
		why = "the forum's API does not tell"
	}
	var notes []string
	note := func(format string, args ...any) { notes = append(notes, fmt.Sprintf(format, args...)+": "+why) }
	if t.Tags == nil && t.Archetype != hub.ArchetypePM {
		note("the tags of topic %s are not known", t.ID)
	}
	if t.CategoryID != "" && len(line) == 0 {
		note("category %s is known by its number and its slug alone", t.CategoryID)
	}
	if t.Archetype == hub.ArchetypePM && t.Groups == nil && w.Shares {
		note("the groups that the private message is shared with are not known")
	}
	if len(w.AuthorGroups) > 0 && author(f) != "" && s.GroupsOf(source, author(f), w.AuthorGroups) == nil {
		note("the groups of %s are not known", author(f))
	}
	return notes
}

func author(f *hub.Forum) string {
	switch {
	case f.Post != nil:
		return f.Post.Author.Username
	case f.Topic != nil && f.Topic.Author != nil:
		return f.Topic.Author.Username
	}
	return ""
}
