package route

import (
	"encoding/json"
	"fmt"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/forum"
)

// publishDerived publishes what follows from an edited topic and what was known
// of it: that it was moved, or tagged otherwise. They are events of their own,
// with ids made from the edit's, so that an edit that is read again makes none
// twice.
//
// What was known may have been learned from a post that was written there before
// the edit came, or from the edit itself, when it is taken again: where the topic
// stood is remembered until the edit's events are published.
func (b *batch) publishDerived(e *hub.Event, f *hub.Forum, before *hub.Topic) error {
	if before == nil || before.Archetype == "" {
		return nil
	}
	key := placeKey{e.Source, f.Topic.ID}
	if left := b.r.desk.left[key]; left != nil {
		before = left
	} else if len(changes(before, f.Topic)) > 0 && e.Type != hub.ForumTopicCreated {
		b.r.desk.leave(key, before)
	}
	if !tellsTopic(e.Type) {
		return nil
	}
	for _, kind := range changes(before, f.Topic) {
		d, err := derived(e, f, before, kind)
		if err != nil {
			b.r.Log.Error("a derived event cannot be written", "event", e.ID, "type", kind, "err", err)
			continue
		}
		if _, err := b.r.Bus.Publish(b.ctx, d); err != nil {
			return fmt.Errorf("publish that a topic has changed: %w", err)
		}
	}
	delete(b.r.desk.left, key)
	return nil
}

// tellsTopic reports whether an event tells all of its topic after a change.
func tellsTopic(t hub.EventType) bool {
	switch t {
	case hub.ForumTopicTagsChanged, hub.ForumTopicCategoryChanged, hub.ForumTopicCreated:
		return false // ours, and no change
	}
	return t.Match("forum.topic.*")
}

func changes(before, now *hub.Topic) []hub.EventType {
	var kinds []hub.EventType
	if before.CategoryID != now.CategoryID && now.CategoryID != "" {
		kinds = append(kinds, hub.ForumTopicCategoryChanged)
	}
	if before.Tags != nil && now.Tags != nil && !forum.SameNames(before.Tags, now.Tags) {
		kinds = append(kinds, hub.ForumTopicTagsChanged)
	}
	return kinds
}

func derived(e *hub.Event, f *hub.Forum, before *hub.Topic, kind hub.EventType) (*hub.Event, error) {
	was := hub.Place{CategoryID: before.CategoryID, Tags: f.Topic.Tags}
	if kind == hub.ForumTopicTagsChanged { // each tells of its own change alone
		was = hub.Place{CategoryID: f.Topic.CategoryID, Tags: before.Tags}
	}
	data, err := json.Marshal(hub.Forum{Site: f.Site, Event: f.Event, Topic: f.Topic, Actor: f.Actor, Before: &was})
	if err != nil {
		return nil, err
	}
	return &hub.Event{
		SpecVersion: hub.SpecVersion, ID: hub.EventID("e" + hub.Digest("derived", string(e.ID), string(kind))),
		Source: e.Source, Type: kind, Subject: e.Subject, Time: e.Time, DataContentType: "application/json",
		ReceivedTime: e.ReceivedTime, ReplyTo: e.ID, Data: data,
	}, nil
}
