package catchup

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/discourse"
)

// A webhook that failed tells how a post, a topic or a category stood when it was
// sent. What happened since may have come in: taken as news, the old state would
// bring deleted posts back, move topics back, and open a category that was
// closed. So before it is let in, it is brought up to date with what the forum
// says now.

// present is how things are now, asked once in a look.
type present struct {
	forum  Forum
	topics map[string]*hub.Topic      // nil: there is none
	posts  map[string]*discourse.Post // nil: there is none
	site   *hub.Taxonomy
}

type object = map[string]json.RawMessage

// bring brings a webhook up to date. keep is false for one whose news are news
// no more. What cannot be read is for the door to refuse.
func (p *present) bring(ctx context.Context, d discourse.Redelivery) (_ discourse.Redelivery, keep bool, err error) {
	root := d.Header.Get(headerRoot)
	var body map[string]object
	if !readable(d.Body, &body) || body[root] == nil {
		return d, true, nil
	}
	value, event := body[root], d.Header.Get(headerEvent)
	was := maps.Clone(value)
	switch root {
	case "category":
		keep, err = p.category(ctx, event, value)
	case "topic":
		event, keep, err = p.topic(ctx, event, value)
	case "like":
		keep, err = p.like(ctx, event, value)
	default:
		keep, err = p.part(ctx, root, event, value)
	}
	if !keep || err != nil || same(was, value) {
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
	if idOf(value["id"]) == "" {
		return event, true, nil
	}
	t, err := p.findTopic(ctx, value["id"])
	switch {
	case err != nil:
		return event, false, err
	case t == nil || event == "topic_destroyed":
		return event, (t == nil) == (event == "topic_destroyed"), nil
	}
	turned := false // of the flag that names the event: "topic_closed_status_updated"
	for key, now := range map[string]bool{"visible": !t.Unlisted, "closed": t.Closed, "archived": t.Archived} {
		if raw, told := value[key]; told && isTrue(raw) != now {
			value[key] = encode(now)
			turned = turned || strings.Contains(event, key)
		}
	}
	if was := isTrue(value["pinned"]) || isTrue(value["pinned_globally"]) || isText(value["pinned_at"]); was != t.Pinned {
		value["pinned"], value["pinned_globally"], value["pinned_at"] = encode(t.Pinned), encode(t.Pinned), encode(nil)
		turned = turned || strings.Contains(event, "pinned")
	}
	if isText(value["deleted_at"]) {
		value["deleted_at"] = encode(nil)
	}
	if value["title"] == nil && value["fancy_title"] != nil { // which would be read instead
		value["title"] = encode(t.Title)
	}
	set(value, "title", t.Title)
	set(value, "slug", t.Slug)
	set(value, "archetype", t.Archetype)
	setID(value, "category_id", t.CategoryID)
	setTags(value, "tags", t.Tags)
	if turned {
		event = "topic_edited"
	}
	return event, true, nil
}

// like brings up to date what a post that was liked says of its topic.
func (p *present) like(ctx context.Context, event string, value object) (keep bool, err error) {
	var post object
	if !readable(value["post"], &post) {
		return true, nil
	}
	was := maps.Clone(post)
	if keep, err = p.part(ctx, "like", event, post); !same(was, post) {
		value["post"] = encode(post)
	}
	return keep, err
}

// part brings up to date a post, and what it, or anything else in a topic, says
// of the topic. Of posts in one that is gone there is nothing to tell but that.
func (p *present) part(ctx context.Context, root, event string, value object) (keep bool, err error) {
	if idOf(value["topic_id"]) == "" {
		return true, nil
	}
	isPost := root == "post" || root == "like" || root == "solved"
	if isPost && idOf(value["id"]) != "" {
		if keep, err := p.post(ctx, event, value); !keep || err != nil {
			return false, err
		}
	}
	t, err := p.findTopic(ctx, value["topic_id"])
	if err != nil {
		return false, err
	}
	if t == nil {
		return !isPost || event == "post_destroyed", nil
	}
	if root == "solved" && (t.Solved > 0) != (event == "accepted_solution") { // it was taken back, or given again
		return false, nil
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
	id := idOf(value["id"])
	if id == "" {
		return true, nil
	}
	if p.site == nil {
		site, err := p.forum.Site(ctx)
		if err != nil {
			return false, err
		}
		p.site = &site
	}
	for _, c := range p.site.Categories {
		if c.ID != id {
			continue
		}
		if event == "category_destroyed" {
			return false, nil
		}
		set(value, "name", c.Name)
		set(value, "slug", c.Slug)
		if !strings.EqualFold("#"+textOf(value["color"]), c.Color) {
			set(value, "color", strings.TrimPrefix(c.Color, "#"))
		}
		if value["parent_category_id"] == nil && c.ParentID != "" { // one that stands at the top does not tell
			value["parent_category_id"] = encode(nil)
		}
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
	if raw, told := o[key]; told && now != "" && textOf(raw) != now {
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

// setTags changes a list of tags that was told.
func setTags(o object, key string, now []string) {
	raw, told := o[key]
	if !told || now == nil {
		return
	}
	was, known := tagsOf(raw)
	if !known || !slices.Equal(slices.Sorted(slices.Values(was)), slices.Sorted(slices.Values(now))) {
		o[key] = encode(now)
	}
}

// tagsOf reads names, or since 2026 objects that have one.
func tagsOf(raw json.RawMessage) (names []string, known bool) {
	var list []json.RawMessage
	if !readable(raw, &list) {
		return nil, false
	}
	for _, item := range list {
		var tag struct {
			Name string `json:"name"`
		}
		if tag.Name = textOf(item); tag.Name == "" && !readable(item, &tag) {
			return nil, false
		}
		names = append(names, tag.Name)
	}
	return names, true
}

func same(a, b object) bool {
	return maps.EqualFunc(a, b, func(a, b json.RawMessage) bool { return bytes.Equal(a, b) })
}

func readable(raw json.RawMessage, v any) bool { return json.Unmarshal(raw, v) == nil }

func isTrue(raw json.RawMessage) bool { return string(raw) == "true" }

func isText(raw json.RawMessage) bool { return len(raw) > 2 && raw[0] == '"' }

// textOf reads a string, and nothing of what is none.
func textOf(raw json.RawMessage) string {
	var s string
	if !readable(raw, &s) {
		return ""
	}
	return s
}

// idOf reads a number or a string.
func idOf(raw json.RawMessage) string {
	var n json.Number
	if !readable(raw, &n) {
		return ""
	}
	return n.String()
}

// encode writes what cannot fail to be written.
func encode(v any) json.RawMessage {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false) // it could make a post's HTML too large for the door
	if err := enc.Encode(v); err != nil {
		panic("catchup: " + err.Error())
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n"))
}
