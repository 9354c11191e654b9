package forum

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
)

// membersFor is how long the members of a group are taken for known: nobody
// tells of every change.
const membersFor = 10 * time.Minute

type memberKey struct {
	source hub.Source
	group  string // folded
}

// membership is who is in a group.
type membership struct {
	users map[string]bool // folded
	at    time.Time
}

// aboutGroups reports whether an event tells of a group or of who is in one.
func aboutGroups(t hub.EventType) bool {
	return t.Match("forum.group.*") || t.Match("forum.user.*") && strings.Contains(string(t), "group")
}

// learnGroup takes in that a group has changed, or who is in it. Who may see
// what hangs on both.
func (s *State) learnGroup(ctx context.Context, e *hub.Event, f *hub.Forum) error {
	s.forgetMembers(e.Source)
	switch e.Type {
	case hub.ForumGroupCreated, hub.ForumGroupUpdated, hub.ForumGroupDeleted:
	default: // of a membership, which is asked for and not kept
		return nil
	}
	g, ok := groupOf(f.Object)
	if !ok {
		return nil
	}
	return s.order(ctx, e.Source, func() error {
		if e.Type == hub.ForumGroupDeleted {
			return s.dropGroup(ctx, e.Source, g.Name)
		}
		if e.Type == hub.ForumGroupUpdated {
			if err := s.renameGroup(ctx, e.Source, g.ID, g.Name); err != nil {
				return err
			}
		}
		return s.putGroup(ctx, e.Source, g)
	})
}

// groupOf reads a group as a forum tells it; one without a name teaches nothing.
func groupOf(object json.RawMessage) (hub.ForumGroup, bool) {
	var g struct {
		ID   json.Number `json:"id"`
		Name string      `json:"name"`
	}
	err := json.Unmarshal(object, &g)
	return hub.ForumGroup{ID: g.ID.String(), Name: g.Name}, err == nil && g.Name != ""
}

// forgetMembers forgets who is in the groups of a forum, and what they may see.
func (s *State) forgetMembers(source hub.Source) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forgetSights(func(k sightKey) bool { return k.source == source })
	maps.DeleteFunc(s.members, func(k memberKey, _ *membership) bool { return k.source == source })
	for k, q := range s.counts {
		q.old = q.old || k.source == source
	}
}

// renameGroup forgets the name that a group had before.
func (s *State) renameGroup(ctx context.Context, source hub.Source, id, name string) error {
	stored, err := s.store.Groups(ctx, source)
	if err != nil {
		return fmt.Errorf("groups of %s: %w", source, err)
	}
	for _, g := range stored {
		if g.ID == id && id != "" && g.Name != name {
			if err := s.dropGroup(ctx, source, g.Name); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *State) putGroup(ctx context.Context, source hub.Source, g hub.ForumGroup) error {
	g.Members = nil
	if err := s.store.PutGroup(ctx, source, g); err != nil {
		return fmt.Errorf("group %s of %s: %w", g.Name, source, err)
	}
	return nil
}

func (s *State) dropGroup(ctx context.Context, source hub.Source, name string) error {
	if err := s.store.DeleteGroup(ctx, source, name); err != nil {
		return fmt.Errorf("group %s of %s: %w", name, source, err)
	}
	return nil
}

// replaceGroups stores groups; all is that there are no others.
func (s *State) replaceGroups(ctx context.Context, source hub.Source, told []hub.ForumGroup, all bool) error {
	stored, err := s.store.Groups(ctx, source)
	if err != nil {
		return fmt.Errorf("groups of %s: %w", source, err)
	}
	have := map[string]string{} // id by name
	for _, g := range stored {
		have[g.Name] = g.ID
	}
	for _, g := range told {
		if id, ok := have[g.Name]; !ok || id != g.ID {
			if err := s.putGroup(ctx, source, g); err != nil {
				return err
			}
		}
		delete(have, g.Name)
	}
	for name := range have {
		if !all {
			break
		}
		if err := s.dropGroup(ctx, source, name); err != nil {
			return err
		}
	}
	return nil
}

// GroupsOf says which of some groups a user is in; nil is that it is not known,
// since the forum was not asked yet or cannot be.
func (s *State) GroupsOf(source hub.Source, user string, among []string) []string {
	in := []string{}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, g := range among {
		m := s.members[memberKey{source, strings.ToLower(g)}]
		if m == nil {
			return nil
		}
		if m.users[strings.ToLower(user)] {
			in = append(in, g)
		}
	}
	return in
}

// freshMembers reports whether the members of a group are known.
func (s *State) freshMembers(key memberKey) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.members[key]
	return m != nil && s.now().Sub(m.at) < membersFor
}

// askMembers asks who is in a group. One that does not exist has nobody.
func (s *State) askMembers(ctx context.Context, src *Source, group string) error {
	key := memberKey{src.Name, strings.ToLower(group)}
	if s.freshMembers(key) {
		return nil
	}
	_, err := s.flight.do(ctx, fmt.Sprintf("members %q %q", key.source, key.group), func() (any, error) {
		for range tries {
			q := s.beginCount(key)
			names, err := src.API.GroupMembers(ctx, group)
			s.answered(ctx, src.Name, err)
			if gone(err) {
				names, err = nil, nil
			}
			if s.endCount(key, q, names, err) {
				return nil, waits(err)
			}
		}
		return nil, waits(errUnsteady)
	})
	return err
}

func (s *State) beginCount(key memberKey) *question {
	s.mu.Lock()
	defer s.mu.Unlock()
	q := &question{}
	s.counts[key] = q
	return q
}

// endCount keeps an answer. It reports false if it is worth nothing, because
// some group has changed since it was asked for.
func (s *State) endCount(key memberKey, q *question, names []string, err error) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.counts, key)
	if err != nil {
		return true
	}
	if q.old {
		return false
	}
	m := &membership{users: map[string]bool{}, at: s.now()}
	for _, n := range names {
		m.users[strings.ToLower(n)] = true
	}
	s.members[key] = m
	return true
}
