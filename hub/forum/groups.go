package forum

import (
	"context"
	"encoding/json"
	"fmt"
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

// learnGroup takes in that a group has changed, or who is in it.
func (s *State) learnGroup(ctx context.Context, e *hub.Event, f *hub.Forum) error {
	if !e.Type.Match("forum.group.*") && !strings.Contains(string(e.Type), "group") {
		return nil
	}
	s.forgetSource(e.Source)
	s.mu.Lock()
	for key := range s.members {
		if key.source == e.Source {
			delete(s.members, key)
		}
	}
	s.mu.Unlock()
	if !e.Type.Match("forum.group.*") {
		return nil
	}
	var g struct {
		ID   json.Number `json:"id"`
		Name string      `json:"name"`
	}
	if json.Unmarshal(f.Object, &g) != nil || g.Name == "" {
		return nil // a group that tells no name teaches nothing
	}
	if e.Type == hub.ForumGroupDeleted {
		if err := s.store.DeleteGroup(ctx, e.Source, g.Name); err != nil {
			return fmt.Errorf("group %s of %s: %w", g.Name, e.Source, err)
		}
		return nil
	}
	return s.putGroup(ctx, e.Source, hub.ForumGroup{ID: g.ID.String(), Name: g.Name})
}

func (s *State) putGroup(ctx context.Context, source hub.Source, g hub.ForumGroup) error {
	g.Members = nil
	if err := s.store.PutGroup(ctx, source, g); err != nil {
		return fmt.Errorf("group %s of %s: %w", g.Name, source, err)
	}
	return nil
}

func (s *State) replaceGroups(ctx context.Context, source hub.Source, told []hub.ForumGroup) error {
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
		if err := s.store.DeleteGroup(ctx, source, name); err != nil {
			return fmt.Errorf("group %s of %s: %w", name, source, err)
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

// fresh reports whether the members of a group are known.
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
	_, err, _ := s.flight.Do("members "+string(src.Name)+" "+key.group, func() (any, error) {
		names, err := src.API.GroupMembers(ctx, group)
		s.answered(src.Name, err)
		if err != nil && !gone(err) {
			return nil, waits(err)
		}
		m := &membership{users: map[string]bool{}, at: s.now()}
		for _, n := range names {
			m.users[strings.ToLower(n)] = true
		}
		s.mu.Lock()
		s.members[key] = m
		s.mu.Unlock()
		return nil, nil
	})
	return err
}
