package discourse

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// defaultPosts is the limit of PostsSince where none is given.
const defaultPosts = 50

// PostsSince lists what was posted after a point in time, the oldest first, as
// far as it is public: no private messages, whispers, small actions, hidden or
// unlisted ones. Each has the shape that a webhook gives a post. It returns
// limit posts, or more if the last were posted in the same instant; more says
// that there are newer ones, to be asked for with since as the time of the last.
func (c *Client) PostsSince(ctx context.Context, since time.Time, limit int) (posts []json.RawMessage, more bool, err error) {
	w := &walk{client: c, since: since, limit: cmp.Or(max(limit, 0), defaultPosts), seen: map[int64]found{}}
	if err := w.walk(ctx); err != nil {
		return nil, false, err
	}
	all, end := w.wanted()
	for _, p := range all[:end] {
		post, err := asWebhook(p.raw)
		if err != nil {
			return nil, false, &AwayError{Err: fmt.Errorf("%s/posts.json: a post cannot be read: %w", c.site.base, err)}
		}
		posts = append(posts, post)
	}
	return posts, end < len(all) || w.reached < w.top, nil
}

// walk looks for the posts after a point in time. A forum lists its newest
// posts first, 50 at a time, and those before an id. So that an old time costs
// few requests, the walk first leaps down until all is older, and then climbs.
//
// What "before" means has changed: first the post of that id and the 49 ids
// below, then 50 posts from that id down, now 50 posts below that id. The walk
// takes from each answer only what holds for all three.
// https://github.com/discourse/discourse/blob/main/lib/latest_posts_query.rb
type walk struct {
	client *Client
	since  time.Time
	limit  int

	seen    map[int64]found
	spans   []span // of ids that were seen whole, in the order they were asked
	top     int64  // the newest post
	reached int64  // every post above the floor up to here was seen
	floor   int64  // every post up to here is too old
}

type found struct {
	id  int64
	at  time.Time
	raw json.RawMessage
}

type span struct{ from, to int64 }

// window is how many ids above a known one an answer surely covers.
const window = 49

func (w *walk) walk(ctx context.Context) error {
	page, err := w.page(ctx, 0)
	if err != nil || len(page) == 0 || w.old(page) {
		return err
	}
	w.top = page[0].id
	if err := w.descend(ctx, page[len(page)-1].id); err != nil {
		return err
	}
	w.reached = w.floor
	for w.reached < w.top && !w.enough() {
		if err := w.climb(ctx); err != nil {
			return err
		}
	}
	return nil
}

// descend finds a floor below low, the oldest post that is known to be new.
func (w *walk) descend(ctx context.Context, low int64) error {
	before := low
	for leap := int64(window); ; leap *= 2 {
		if before <= 1 {
			w.floor = 0
			break
		}
		page, err := w.page(ctx, before)
		if err != nil {
			return err
		}
		if len(page) > 0 && w.old(page) {
			w.floor = before - 1
			break
		}
		if len(page) > 0 {
			low = min(low, page[len(page)-1].id)
		}
		before = min(before, low) - leap
	}
	// Between the floor and low may lie as much as the last leap.
	for low-w.floor > 4*window {
		middle := w.floor + (low-w.floor)/2
		page, err := w.page(ctx, middle)
		if err != nil {
			return err
		}
		switch {
		case len(page) == 0: // nothing below, or nothing close
			return nil
		case w.old(page):
			w.floor = middle - 1
		case page[len(page)-1].id >= low:
			return nil
		default:
			low = page[len(page)-1].id
		}
		if low <= w.floor {
			return nil
		}
	}
	return nil
}

// climb sees the next ids above what was reached, unless it has seen them.
func (w *walk) climb(ctx context.Context) error {
	for _, s := range w.spans {
		if s.from <= w.reached+1 && s.to > w.reached {
			w.reached = s.to
			return nil
		}
	}
	if _, err := w.page(ctx, w.reached+window+1); err != nil {
		return err
	}
	w.reached += window
	return nil
}

// page asks for one page, newest first, without what is not before.
func (w *walk) page(ctx context.Context, before int64) ([]found, error) {
	path := "/posts.json"
	if before > 0 {
		path += fmt.Sprintf("?before=%d", before)
	}
	var said struct {
		Posts *[]json.RawMessage `json:"latest_posts"`
	}
	if err := w.client.must(ctx, w.client.self(), path, &said); err != nil {
		return nil, err
	}
	if said.Posts == nil {
		return nil, &AwayError{Err: fmt.Errorf("%s/posts.json: the answer lists no posts", w.client.site.base)}
	}
	var page []found
	for _, raw := range *said.Posts {
		var p struct {
			ID ident  `json:"id"`
			At moment `json:"created_at"`
		}
		if decode(raw, &p) != nil || p.ID.number() <= 0 || p.At.IsZero() {
			continue
		}
		f := found{id: p.ID.number(), at: p.At.Time, raw: raw}
		w.seen[f.id] = f
		if before == 0 || f.id < before {
			page = append(page, f)
		}
	}
	slices.SortFunc(page, func(a, b found) int { return cmp.Compare(b.id, a.id) })
	if len(page) > 0 {
		w.spans = append(w.spans, span{page[len(page)-1].id, max(page[0].id, before-1)})
	}
	return page, nil
}

// old reports whether all of a page is too old. One post proves nothing: an
// import dates posts back.
func (w *walk) old(page []found) bool {
	return !slices.ContainsFunc(page, w.fresh)
}

func (w *walk) fresh(f found) bool { return f.at.After(w.since) }

// within is whether f is wanted and everything before it was seen.
func (w *walk) within(f found) bool { return f.id <= w.reached && w.fresh(f) }

// enough reports whether a post is known that comes after those to return.
func (w *walk) enough() bool {
	all, end := w.wanted()
	return end < len(all)
}

// wanted are the posts so far, the oldest first; those before end are to be
// returned.
func (w *walk) wanted() (all []found, end int) {
	for _, f := range w.seen {
		if w.within(f) {
			all = append(all, f)
		}
	}
	slices.SortFunc(all, func(a, b found) int {
		return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.id, b.id))
	})
	end = min(w.limit, len(all))
	for end > 0 && end < len(all) && all[end].at.Equal(all[end-1].at) {
		end++
	}
	return all, end
}

// readers are the keys of a listed post that tell of who reads it, or of how a
// page shows it. A webhook leaves them out:
// https://github.com/discourse/discourse/blob/main/app/serializers/web_hook_post_serializer.rb
var readers = []string{
	"actions_summary", "badges_granted", "can_delete", "can_edit", "can_permanently_delete", "can_recover", "can_see_hidden_post",
	"can_view", "can_view_edit_history", "can_wiki", "excerpt", "flair_bg_color", "flair_color", "flair_url", "link_counts", "mentioned_users",
	"notice", "read", "readers_count", "topic_html_title", "truncated", "yours",
}

// asWebhook gives a listed post the shape that it has in a webhook. The list
// does not say what kind of topic a post is in; it holds no private messages.
func asWebhook(listed json.RawMessage) (json.RawMessage, error) {
	var post map[string]json.RawMessage
	if err := json.Unmarshal(listed, &post); err != nil {
		return nil, err
	}
	for _, key := range readers {
		delete(post, key)
	}
	if post["topic_archetype"] == nil {
		post["topic_archetype"] = json.RawMessage(`"regular"`)
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false) // it would double the size of a post's HTML
	if err := enc.Encode(post); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n")), nil
}
