package catchup

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"strings"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/discourse"
)

// A webhook that failed tells how a topic or a category stood when it was sent.
// What happened since may have come in: taken as news, the old state would move
// topics back, and open a category that was closed. So before it is let in, it
// is brought up to date with what the forum says now.

// present is how things are now, asked once in a look.
type present struct {
	forum  Forum
	topics map[string]*hub.Topic // nil: there is none
	site   *hub.Taxonomy
}

type object = map[string]json.RawMessage

// bring brings a webhook up to date. keep is false for one whose news are news
// no more. What cannot be read is for the door to refuse.
func (p *present) bring(ctx context.Context, d discourse.Redelivery) (_ discourse.Redelivery, keep bool, err error) {
	root := d.Header.Get(headerRoot)
	var body map[string]object
	if json.Unmarshal(d.Body, &body) != nil || body[root] == nil {
		return d, true, nil
	}
	value, event := body[root], d.Header.Get(headerEvent)
	was := maps.Clone(value)
	switch {
	case root == "category":
		keep, err = p.category(ctx, event, value)
	case root == "topic":
		event, keep, err = p.topic(ctx, event, value)
	case root == "like":
		var post object
		if json.Unmarshal(value["post"], &post) != nil {
			return d, true, nil
		}
		if keep, err = p.part(ctx, root, event, post); keep {
			value["post"] = encode(post)
		}
	default:
		keep, err = p.part(ctx, root, event, value)
	}
	if !keep || err != nil || maps.EqualFunc(was, value, func(a, b json.RawMessage) bool { return bytes.Equal(a, b) }) {
		return d, keep, err
	}
	d.Body, d.Header = encode(body), d.Header.Clone()
	d.Header.Set(headerEvent, event)
	d.Header.Del(headerSignature) // it was made of the older body
	return d, true, nil
}

// topic brings up to date what a topic says of itself. A change of its status
// that was changed again is told as an edit.
func (p *present) topic(ctx context.Context, event string, value object) (_ string, keep bool, err error) {
	t, err := p.findTopic(ctx, value["id"])
	switch {
	case err != nil:
		return event, false, err
	case t == nil || event == "topic_destroyed":
		return event, (t == nil) == (event == "topic_destroyed"), nil
	}
	turned := false
	for key, now := range map[string]bool{"visible": !t.Unlisted, "closed": t.Closed, "archived": t.Archived} {
		if raw, told := value[key]; told && isTrue(raw) != now {
			value[key], turned = encode(now), true
		}
	}
	if was := isTrue(value["pinned"]) || isTrue(value["pinned_globally"]) || isText(value["pinned_at"]); was != t.Pinned {
		value["pinned"], value["pinned_globally"], value["pinned_at"], turned = encode(t.Pinned), encode(t.Pinned), encode(nil), true
	}
	if isText(value["deleted_at"]) {
		value["deleted_at"] = encode(nil)
	}
	set(value, "title", t.Title)
	set(value, "slug", t.Slug)
	set(value, "archetype", t.Archetype)
	setID(value, "category_id", t.CategoryID)
	setTags(value, "tags", t.Tags)
	if turned && event != "topic_created" {
		event = "topic_edited"
	}
	return event, true, nil
}

// part brings up to date what a post, or anything else in a topic, says of the
// topic. Of posts in one that is gone there is nothing to tell but that.
func (p *present) part(ctx context.Context, root, event string, value object) (keep bool, err error) {
	if idOf(value["topic_id"]) == "" {
		return true, nil
	}
	t, err := p.findTopic(ctx, value["topic_id"])
	if err != nil {
		return false, err
	}
	if t == nil {
		isPost := root == "post" || root == "like" || root == "solved"
		return !isPost || event == "post_destroyed", nil
	}
	set(value, "topic_title", t.Title)
	set(value, "topic_slug", t.Slug)
	set(value, "topic_archetype", t.Archetype)
	setTags(value, "topic_tags", t.Tags)
	if setID(value, "category_id", t.CategoryID) {
		delete(value, "category_slug")
	}
	return true, nil
}

// category brings up to date what a category says of itself.
func (p *present) category(ctx context.Context, event string, value object) (keep bool, err error) {
	if p.site == nil {
		site, err := p.forum.Site(ctx)
		if err != nil {
			return false, err
		}
		p.site = &site
	}
	id := idOf(value["id"])
	for _, c := range p.site.Categories {
		if c.ID != id {
			continue
		}
		if event == "category_destroyed" {
			return false, nil
		}
		set(value, "name", c.Name)
		set(value, "slug", c.Slug)
		set(value, "color", strings.TrimPrefix(c.Color, "#"))
		setID(value, "parent_category_id", c.ParentID)
		if isTrue(value["read_restricted"]) != c.Restricted || value["read_restricted"] == nil {
			value["read_restricted"] = encode(c.Restricted)
		}
		return true, nil
	}
	return event == "category_destroyed" || !p.site.Complete, nil
}

// findTopic asks for a topic, nil if there is none, or none any more.
func (p *present) findTopic(ctx context.Context, raw json.RawMessage) (*hub.Topic, error) {
	id := idOf(raw)
	if t, ok := p.topics[id]; ok {
		return t, nil
	}
	t, err := p.forum.Topic(ctx, id)
	if errors.Is(err, discourse.ErrNotFound) {
		t, err = nil, nil
	}
	if err != nil {
		return nil, err
	}
	if t != nil && t.Deleted {
		t = nil
	}
	if p.topics == nil {
		p.topics = map[string]*hub.Topic{}
	}
	p.topics[id] = t
	return t, nil
}

// set changes a text that was told.
func set(o object, key, now string) {
	var was string
	if raw, told := o[key]; told && now != "" && (json.Unmarshal(raw, &was) != nil || was != now) {
		o[key] = encode(now)
	}
}

// setID changes an id that was told, and reports whether it did. None is null.
func setID(o object, key, now string) bool {
	raw, told := o[key]
	if !told || idOf(raw) == now {
		return false
	}
	o[key] = encode(nil)
	if now != "" {
		o[key] = encode(now)
	}
	return true
}

// setTags changes a list of tags that was told, whose form has changed with time.
func setTags(o object, key string, now []string) {
	if _, told := o[key]; told && now != nil {
		o[key] = encode(now)
	}
}

func isTrue(raw json.RawMessage) bool { return string(raw) == "true" }

func isText(raw json.RawMessage) bool { return len(raw) > 2 && raw[0] == '"' }

// idOf reads a number or a string.
func idOf(raw json.RawMessage) string {
	var n json.Number
	if json.Unmarshal(raw, &n) != nil {
		return ""
	}
	return n.String()
}

// encode writes what cannot fail to be written.
func encode(v any) json.RawMessage {
	out, err := json.Marshal(v)
	if err != nil {
		panic("catchup: " + err.Error())
	}
	return out
}
