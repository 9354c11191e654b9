package forumtest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"html"
	"net/url"
	"strings"
	"time"
)

// object is a JSON object: keys and values in turn, written in this order as
// Discourse does. A value that is skip is left out with its key.
type object []any

type skipped struct{}

var skip = skipped{}

// MarshalJSON writes the object.
func (o object) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i := 0; i+1 < len(o); i += 2 {
		if o[i+1] == skip {
			continue
		}
		if b.Len() > 1 {
			b.WriteByte(',')
		}
		value, err := encode(o[i+1])
		if err != nil {
			return nil, fmt.Errorf("%v: %w", o[i], err)
		}
		fmt.Fprintf(&b, "%q:%s", o[i], value)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// encode does not escape <, > and &, as Discourse does not.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// when is a time as Discourse writes it, nil for none.
func when(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UTC().Format("2006-01-02T15:04:05.000Z")
}

func orNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// onlyIf leaves a key out where it does not apply.
func onlyIf(applies bool, v any) any {
	if applies {
		return v
	}
	return skip
}

func avatar(u *user) string {
	return "/letter_avatar_proxy/v4/letter/" + strings.ToLower(u.username[:1]) + "/5daacb/{size}.png"
}

// folder is the path that the forum is installed at.
func (f *Forum) folder() string {
	u, err := url.Parse(f.URL)
	if err != nil {
		return ""
	}
	return strings.TrimRight(u.Path, "/")
}

func (f *Forum) userJSON(u *user) any {
	if u == nil {
		return nil
	}
	return object{"id", u.id, "username", u.username, "name", orNull(u.Name), "avatar_template", f.folder() + avatar(u)}
}

// postJSON is a post as a webhook has it, with the eyes of system.
func (f *Forum) postJSON(p *post) object {
	t := p.topic
	alive, filtered := 0, 0
	for _, other := range t.posts {
		if other.deleted.IsZero() {
			alive++
			if other.kind == regular {
				filtered++
			}
		}
	}
	o := append(f.postHead(p), f.postTail(p)...)
	return append(o,
		"post_url", fmt.Sprintf("%s/t/%s/%d/%d", f.folder(), t.slug, t.id, p.number),
		"topic_posts_count", alive, "topic_filtered_posts_count", filtered, "topic_archetype", t.archetype(),
		"category_slug", onlyIf(!t.private(), categorySlug(t)))
}

func (f *Forum) postHead(p *post) object {
	t, u := p.topic, p.by
	return object{
		"id", p.id, "name", orNull(u.Name), "username", u.username, "avatar_template", f.folder() + avatar(u),
		"created_at", when(p.created), "cooked", p.cooked, "post_number", p.number, "post_type", p.kind,
		"posts_count", len(t.posts), "updated_at", when(p.updated), "reply_count", 0, "reply_to_post_number", nil,
		"quote_count", 0, "incoming_link_count", 0, "reads", 0, "score", 0,
		"topic_id", t.id, "topic_slug", t.slug, "topic_title", t.title, "category_id", categoryID(t),
		"display_username", orNull(u.Name), "primary_group_name", nil, "flair_name", nil, "flair_group_id", nil, "version", p.version,
	}
}

func (f *Forum) postTail(p *post) object {
	u := p.by
	return object{
		"user_title", nil, "bookmarked", false, "raw", p.raw, "moderator", u.Moderator, "admin", u.Admin, "staff", u.staff(),
		"user_id", u.id, "hidden", p.hidden, "hidden_reason_id", onlyIf(p.hidden, 5), "trust_level", 2,
		"deleted_at", when(p.deleted), "deleted_by", onlyIf(p.deleter != nil, f.userJSON(p.deleter)), "user_deleted", false,
		"edit_reason", nil, "wiki", false, "action_code", onlyIf(p.action != "", p.action),
		"reviewable_id", nil, "reviewable_score_count", 0, "reviewable_score_pending_count", 0,
	}
}

// solvedJSON says false of the answer that was just accepted, as Discourse does.
func (f *Forum) solvedJSON(p *post) object {
	return append(f.postJSON(p), "can_accept_answer", true, "can_unaccept_answer", false, "accepted_answer", false, "topic_accepted_answer", nil)
}

func categoryID(t *topic) any {
	if t.private() {
		return nil
	}
	return t.category.id
}

func categorySlug(t *topic) any {
	if t.private() {
		return nil
	}
	return t.category.slug
}

func (f *Forum) tagsJSON(t *topic) any {
	if f.opts.NoTagging {
		return skip
	}
	list := make([]any, len(t.tags))
	for i, tag := range t.tags {
		if f.opts.TagObjects {
			list[i] = object{"id", tag.id, "name", tag.name, "slug", tag.name}
		} else {
			list[i] = tag.name
		}
	}
	return list
}

// topicJSON is a topic as a webhook has it.
func (f *Forum) topicJSON(t *topic) object {
	replies, writers := 0, map[*user]bool{}
	for _, p := range t.posts {
		if p.deleted.IsZero() {
			writers[p.by] = true
			if p.kind == regular && p.number > 1 {
				replies++
			}
		}
	}
	last := t.posts[len(t.posts)-1]
	return object{
		"tags", f.tagsJSON(t), "tags_descriptions", onlyIf(!f.opts.NoTagging, object{}),
		"fancy_title", html.EscapeString(t.title), "id", t.id, "title", t.title,
		"posts_count", len(t.posts), "created_at", when(t.created), "views", 0, "reply_count", replies, "like_count", 0,
		"last_posted_at", when(last.created), "visible", !t.unlisted, "closed", t.closed, "archived", false,
		"archetype", t.archetype(), "slug", t.slug, "category_id", categoryID(t), "word_count", 12,
		"deleted_at", when(t.deleted), "user_id", t.by.id, "featured_link", nil, "pinned_globally", false, "pinned_at", nil,
		"pinned_until", nil, "unpinned", nil, "pinned", false, "highest_post_number", len(t.posts),
		"deleted_by", f.userJSON(t.deleter), "has_deleted", false, "bookmarked", false,
		"message_archived", onlyIf(t.private(), false), "participant_count", len(writers),
		"queued_posts_count", 0, "thumbnails", nil, "created_by", f.userJSON(t.by), "last_poster", f.userJSON(last.by), "pending_posts",
		[]any{},
	}
}

func (f *Forum) categoryJSON(c *category) object {
	permissions := []any{}
	for _, g := range c.readers {
		permissions = append(permissions, object{"permission_type", 1, "group_name", g.name, "group_id", g.id})
	}
	if len(permissions) == 0 {
		permissions = append(permissions, object{"permission_type", 1, "group_name", "everyone", "group_id", 0})
	}
	return append(f.categoryHead(c), "custom_fields", object{}, "group_permissions", permissions, "can_delete", true, "required_tag_groups", []any{})
}

func (f *Forum) categoryHead(c *category) object {
	parent := any(skip)
	if c.parent != nil {
		parent = c.parent.id
	}
	return object{
		"id", c.id, "name", c.name, "color", c.color, "text_color", "FFFFFF", "style_type", "square", "icon", nil, "emoji", nil,
		"slug", c.slug, "topic_count", 0, "post_count", 0, "position", c.id, "description", nil, "description_text", nil, "description_excerpt", nil,
		"topic_url", fmt.Sprintf("%s/t/about-the-%s-category/90", f.folder(), c.slug), "read_restricted", c.restricted(),
		"permission", nil, "parent_category_id", parent, "topic_template", nil, "has_children", nil,
	}
}

func (f *Forum) tagJSON(t *tag) object {
	return object{"id", t.id, "name", t.name, "topic_count", f.topicsWith(t), "staff", false, "description", nil}
}

func (f *Forum) topicsWith(t *tag) int {
	n := 0
	for _, topic := range f.topics {
		for _, other := range topic.tags {
			if other == t && topic.deleted.IsZero() {
				n++
			}
		}
	}
	return n
}

func (f *Forum) groupJSON(g *group) object {
	return object{
		"id", g.id, "automatic", g.automatic, "name", g.name, "display_name", g.name, "user_count", len(g.members),
		"mentionable_level", 99, "messageable_level", 99, "visibility_level", 0, "primary_group", false, "title", nil,
		"grant_trust_level", nil, "incoming_email", nil, "has_messages", false, "flair_url", nil, "flair_bg_color", nil, "flair_color", nil,
		"bio_raw", nil, "bio_cooked", nil, "bio_excerpt", nil, "public_admission", false, "public_exit", false,
		"allow_membership_requests", false, "full_name", nil, "default_notification_level", 3, "membership_request_template", nil,
		"members_visibility_level", 0, "can_see_members", true, "can_admin_group", true, "publish_read_state", false,
	}
}

func (f *Forum) membershipJSON(g *group, u *user) object {
	return object{"group_id", g.id, "user_id", u.id, "notification_level", 3, "id", g.id*1000 + u.id, "created_at", when(f.now())}
}
