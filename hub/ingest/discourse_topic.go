package ingest

import (
	"cmp"
	"html"
	"strings"

	"github.com/bellhop-chat/bellhop/hub"
)

// topic is a topic as WebHookTopicViewSerializer writes it. A flag is nil if it
// is not told.
type topic struct {
	ID             ident   `json:"id"`
	Title          string  `json:"title"`
	FancyTitle     string  `json:"fancy_title"` // HTML
	Slug           string  `json:"slug"`
	Archetype      string  `json:"archetype"`
	CategoryID     ident   `json:"category_id"`
	Tags           labels  `json:"tags"`
	Visible        *bool   `json:"visible"`
	Closed         *bool   `json:"closed"`
	Archived       *bool   `json:"archived"`
	Pinned         *bool   `json:"pinned"`
	PinnedGlobally *bool   `json:"pinned_globally"`
	PinnedAt       moment  `json:"pinned_at"`
	Posts          whole   `json:"posts_count"`
	CreatedAt      moment  `json:"created_at"`
	CreatedBy      *member `json:"created_by"`
	DeletedAt      moment  `json:"deleted_at"`
	DeletedBy      *member `json:"deleted_by"`
}

func (w *webhook) tellTopic() (*told, error) {
	var t topic
	if err := decode(w.value, &t); err != nil {
		return nil, err
	}
	kind := t.event(w.name)
	if kind == "" {
		return &told{note: "no event of this name is known for a topic"}, nil
	}
	if t.ID == "" {
		return &told{note: "the topic has no id"}, nil
	}
	out := &told{kind: kind, subject: "topic/" + string(t.ID), forum: hub.Forum{Topic: w.topicOf(&t)}}
	switch kind {
	case hub.ForumTopicRecovered:
		out.forum.Topic.Deleted = false
	case hub.ForumTopicCreated:
		out.at, out.key = t.CreatedAt.Time, []string{string(t.ID)}
	case hub.ForumTopicDeleted:
		out.forum.Topic.Deleted = true // older forums make the body before they delete
		out.at = t.DeletedAt.Time      // when a change happened is told of no other
		if t.DeletedBy != nil && (t.CreatedBy == nil || t.DeletedBy.ID != t.CreatedBy.ID) {
			out.forum.Actor = w.site.person(t.DeletedBy)
		}
	}
	return out, nil
}

// event is what happened to t: a status has one name for on and off, and the
// flag tells which.
func (t *topic) event(name string) hub.EventType {
	status, ok := strings.CutSuffix(name, "_status_updated")
	if !ok {
		return family(name, "topic", "created", "edited", "destroyed", "recovered")
	}
	switch status {
	case "topic_closed", "topic_autoclosed":
		return pick(t.Closed, hub.ForumTopicClosed, hub.ForumTopicOpened)
	case "topic_archived":
		return pick(t.Archived, hub.ForumTopicArchived, hub.ForumTopicUnarchived)
	case "topic_visible":
		return pick(t.Visible, hub.ForumTopicListed, hub.ForumTopicUnlisted)
	case "topic_pinned", "topic_pinned_globally":
		return pick(t.pinned(), hub.ForumTopicPinned, hub.ForumTopicUnpinned)
	}
	if strings.HasPrefix(status, "topic_") {
		return hub.ForumTopicStatus
	}
	return ""
}

func pick(flag *bool, on, off hub.EventType) hub.EventType {
	switch {
	case flag == nil:
		return hub.ForumTopicStatus
	case *flag:
		return on
	}
	return off
}

// pinned is nil if nothing is told about it. The key "pinned" alone is for one
// reader: it turns false for who has read a pinned topic.
func (t *topic) pinned() *bool {
	if t.Pinned == nil && t.PinnedGlobally == nil && t.PinnedAt.IsZero() {
		return nil
	}
	is := !t.PinnedAt.IsZero() || isSet(t.Pinned) || isSet(t.PinnedGlobally)
	return &is
}

func isSet(flag *bool) bool { return flag != nil && *flag }

func (w *webhook) topicOf(t *topic) *hub.Topic {
	return &hub.Topic{
		ID: string(t.ID), Title: cmp.Or(t.Title, html.UnescapeString(t.FancyTitle)), Slug: t.Slug, URL: w.site.topic(t.Slug, t.ID, ""),
		Archetype: t.Archetype, CategoryID: string(t.CategoryID), Tags: t.Tags,
		Unlisted: t.Visible != nil && !*t.Visible, Closed: isSet(t.Closed), Archived: isSet(t.Archived),
		Pinned: isSet(t.pinned()), Author: w.site.person(t.CreatedBy), CreatedAt: t.CreatedAt.Time,
		Posts: int(t.Posts), Deleted: !t.DeletedAt.IsZero(),
	}
}
