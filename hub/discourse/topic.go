package discourse

import (
	"cmp"
	"context"
	"fmt"
	"html"
	"net/http"
	"strconv"

	"github.com/bellhop-chat/bellhop/hub"
)

// topic is what TopicViewSerializer tells:
// https://github.com/discourse/discourse/blob/main/app/serializers/topic_view_serializer.rb
type topic struct {
	ID             ident         `json:"id"`
	Title          string        `json:"title"`
	FancyTitle     string        `json:"fancy_title"` // HTML
	Slug           string        `json:"slug"`
	Archetype      string        `json:"archetype"`
	CategoryID     ident         `json:"category_id"`
	Tags           listOf[label] `json:"tags"` // absent where the forum has no tags, or shows none
	Visible        *bool         `json:"visible"`
	Closed         bool          `json:"closed"`
	Archived       bool          `json:"archived"`
	Pinned         bool          `json:"pinned"` // for this reader, who may have put it away
	PinnedGlobally bool          `json:"pinned_globally"`
	PinnedAt       given         `json:"pinned_at"`
	DeletedAt      given         `json:"deleted_at"`
	CreatedAt      moment        `json:"created_at"`
	Posts          whole         `json:"posts_count"`
	Details        struct {
		CreatedBy *member        `json:"created_by"`
		Groups    listOf[member] `json:"allowed_groups"`
	} `json:"details"`
	Stream struct {
		Posts listOf[shown] `json:"posts"`
	} `json:"post_stream"`
	// Of the solved plugin; a list since 2026:
	// https://github.com/discourse/discourse/pull/39806
	Accepted    solution         `json:"accepted_answer"`
	AcceptedAll listOf[solution] `json:"accepted_answers"`
}

type solution struct {
	Number whole `json:"post_number"`
}

// shown is a post as far as it says whether it is shown.
type shown struct {
	Number    whole `json:"post_number"`
	Hidden    given `json:"hidden"`
	Covered   given `json:"cooked_hidden"`
	DeletedAt given `json:"deleted_at"`
}

// Topic asks for a topic as it is now.
func (c *Client) Topic(ctx context.Context, id string) (*hub.Topic, error) {
	t, err := c.topic(ctx, c.self(), id, "")
	if err != nil {
		return nil, err
	}
	return c.topicOf(t), nil
}

// Visible reports whether a reader may see a topic; "" is a visitor who is not
// logged in, and asked for without the key. What is deleted, or was hidden by
// the forum, is not visible to anybody, even where its staff still sees it; one
// that is only unlisted is.
func (c *Client) Visible(ctx context.Context, topic, reader string) (bool, error) {
	who, query, err := c.reader(reader)
	if err != nil {
		return false, err
	}
	t, err := c.topic(ctx, who, topic, query)
	switch {
	case isAbsent(err):
		return false, nil
	case err != nil:
		return false, err
	}
	return t.open(), nil
}

// reader is as whom to ask what a reader may see, and what to ask with.
func (c *Client) reader(name string) (who asker, query string, err error) {
	switch {
	case name == "":
		// Discourse keeps answers to visitors for a minute, by their address:
		// https://github.com/discourse/discourse/blob/main/lib/middleware/anonymous_cache.rb
		return asker{}, "?_=" + strconv.FormatInt(c.now().UnixNano(), 36), nil
	case !c.HasKey():
		return asker{}, "", keyless(name)
	}
	return asker{key: true, user: name}, "", nil
}

// topic asks for a topic and makes sure that it is the one that was asked for.
func (c *Client) topic(ctx context.Context, who asker, id, query string) (*topic, error) {
	where := c.site.base + "/t/" + segment(id)
	if !numeric(id) { // it would be looked for as a slug
		return nil, &absent{where: where, status: http.StatusNotFound, message: "a topic has a number"}
	}
	var t topic
	if err := c.get(ctx, who, "/t/"+id+".json"+query, &t); err != nil {
		return nil, err
	}
	if string(t.ID) != id {
		return nil, &AwayError{Err: fmt.Errorf("%s: the answer is not about this topic", where)}
	}
	return &t, nil
}

// open reports whether a topic that was shown is there for all who may see it.
func (t *topic) open() bool {
	for _, p := range t.Stream.Posts {
		if p.Number == 1 && bool(p.Hidden || p.Covered || p.DeletedAt) {
			return false
		}
	}
	return !bool(t.DeletedAt)
}

func (c *Client) topicOf(t *topic) *hub.Topic {
	out := &hub.Topic{
		ID: string(t.ID), Title: cmp.Or(t.Title, html.UnescapeString(t.FancyTitle)), Slug: t.Slug,
		URL: c.site.topic(t.Slug, string(t.ID)), Archetype: t.Archetype, CategoryID: string(t.CategoryID),
		Tags:     []string{}, // the API tells all there are
		Unlisted: t.Visible != nil && !*t.Visible, Closed: t.Closed, Archived: t.Archived,
		Pinned: t.Pinned || t.PinnedGlobally || bool(t.PinnedAt), Deleted: bool(t.DeletedAt), Solved: int(t.Accepted.Number),
		Groups: []string{}, Author: c.site.person(t.Details.CreatedBy), CreatedAt: t.CreatedAt.Time, Posts: int(t.Posts),
	}
	for _, tag := range t.Tags {
		if tag.Name != "" {
			out.Tags = append(out.Tags, tag.Name)
		}
	}
	for _, g := range t.Details.Groups {
		if g.Name != "" {
			out.Groups = append(out.Groups, g.Name)
		}
	}
	if out.Solved == 0 && len(t.AcceptedAll) > 0 {
		out.Solved = int(t.AcceptedAll[0].Number)
	}
	return out
}
