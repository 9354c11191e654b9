package forumtest

import (
	"html"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Topic starts a topic in a category, named by its slug or id, and returns its
// id (topic_created and post_created, in this order).
func (f *Forum) Topic(by, category, title, text string, tags ...string) (id string) {
	f.change(func(out *outbox) {
		t := f.start(by, title)
		t.category = f.category(category)
		for _, name := range tags {
			t.tags = append(t.tags, f.tagNamed(out, name))
		}
		id = f.open(out, t, text)
	})
	return id
}

// Message starts a private message to users and groups, and returns the id of
// its topic (topic_created and post_created).
func (f *Forum) Message(by, title, text string, users, groups []string) (id string) {
	f.change(func(out *outbox) {
		t := f.start(by, title)
		t.users = []*user{t.by}
		for _, name := range users {
			t.users = append(t.users, f.user(name))
		}
		t.groups = f.groupsOf(groups)
		id = f.open(out, t, text)
	})
	return id
}

func (f *Forum) start(by, title string) *topic {
	return &topic{id: 301 + len(f.topics), title: title, slug: slugOf(title), by: f.user(by), created: f.now()}
}

func (f *Forum) open(out *outbox, t *topic, text string) string {
	f.topics = append(f.topics, t)
	p := f.write(t, t.by, regular, text)
	out.add("topic", "topic_created", f.topicJSON(t))
	out.add("post", "post_created", f.postJSON(p))
	return strconv.Itoa(t.id)
}

// Reply answers in a topic and returns the number of the post (post_created).
func (f *Forum) Reply(topic, by, text string) (number int) {
	return f.add(topic, by, regular, text)
}

// Whisper writes what only staff sees (post_created).
func (f *Forum) Whisper(topic, by, text string) (number int) {
	return f.add(topic, by, whisper, text)
}

func (f *Forum) add(topic, by string, kind int, text string) (number int) {
	f.change(func(out *outbox) {
		p := f.write(f.topic(topic), f.user(by), kind, text)
		out.add("post", "post_created", f.postJSON(p))
		number = p.number
	})
	return number
}

func (f *Forum) write(t *topic, by *user, kind int, text string) *post {
	now := f.now()
	p := &post{
		id: 901 + len(f.posts), number: len(t.posts) + 1, kind: kind, topic: t, by: by,
		raw: text, cooked: f.cook(text), version: 1, created: now, updated: now,
	}
	t.posts, f.posts = append(t.posts, p), append(f.posts, p)
	return p
}

// act writes the post that tells of a change of a topic's state.
func (f *Forum) act(out *outbox, t *topic, code string) {
	p := f.write(t, f.user("system"), smallAction, "")
	p.action = code
	out.add("post", "post_created", f.postJSON(p))
}

// EditPost changes a post's text (post_edited). It is a new version.
func (f *Forum) EditPost(topic string, number int, text string) {
	f.change(func(out *outbox) {
		p := f.post(topic, number)
		p.raw, p.cooked, p.version, p.updated = text, f.cook(text), p.version+1, f.now()
		out.add("post", "post_edited", f.postJSON(p))
	})
}

// Rename changes a topic's title (topic_edited).
func (f *Forum) Rename(id, title string) {
	f.edit(id, func(_ *outbox, t *topic) { t.title, t.slug = title, slugOf(title) })
}

// Move moves a topic to another category (topic_edited).
func (f *Forum) Move(id, category string) {
	f.edit(id, func(_ *outbox, t *topic) { t.category = f.category(category) })
}

// Tag gives a topic these tags and no others (topic_edited).
func (f *Forum) Tag(id string, tags ...string) {
	f.edit(id, func(out *outbox, t *topic) {
		t.tags = nil
		for _, name := range tags {
			t.tags = append(t.tags, f.tagNamed(out, name))
		}
	})
}

func (f *Forum) edit(id string, how func(*outbox, *topic)) {
	f.change(func(out *outbox) {
		t := f.topic(id)
		how(out, t)
		out.add("topic", "topic_edited", f.topicJSON(t))
	})
}

// DeletePost deletes a post as staff does (post_destroyed); deleting the first
// is DeleteTopic.
func (f *Forum) DeletePost(topic string, number int) {
	if number == 1 {
		f.DeleteTopic(topic)
		return
	}
	f.change(func(out *outbox) {
		p := f.post(topic, number)
		p.deleted, p.deleter = f.now(), f.user("system")
		out.add("post", "post_destroyed", f.postJSON(p))
	})
}

// DeleteTopic deletes a topic (post_destroyed of its first post, and
// topic_destroyed).
func (f *Forum) DeleteTopic(topic string) {
	f.change(func(out *outbox) {
		t, p := f.topic(topic), f.post(topic, 1)
		t.deleted, t.deleter = f.now(), f.user("system")
		p.deleted, p.deleter = t.deleted, t.deleter
		out.add("post", "post_destroyed", f.postJSON(p))
		out.add("topic", "topic_destroyed", f.topicJSON(t))
	})
}

// RecoverPost brings back a post (post_recovered), and with the first its topic
// (topic_recovered).
func (f *Forum) RecoverPost(topic string, number int) {
	f.change(func(out *outbox) {
		p := f.post(topic, number)
		p.deleted, p.deleter = time.Time{}, nil
		if number == 1 {
			p.topic.deleted, p.topic.deleter = time.Time{}, nil
			out.add("topic", "topic_recovered", f.topicJSON(p.topic))
		}
		out.add("post", "post_recovered", f.postJSON(p))
	})
}

// HidePost hides a post as flags of the community do (post_edited), and with
// the first unlists its topic (topic_visible_status_updated).
func (f *Forum) HidePost(topic string, number int) {
	f.change(func(out *outbox) {
		p := f.post(topic, number)
		p.hidden, p.updated = true, f.now()
		out.add("post", "post_edited", f.postJSON(p))
		if number == 1 && !p.topic.unlisted {
			p.topic.unlisted = true
			out.add("topic", "topic_visible_status_updated", f.topicJSON(p.topic))
		}
	})
}

// Close closes a topic or opens it again (topic_closed_status_updated, and
// post_created of a small action).
func (f *Forum) Close(topic string, closed bool) {
	f.change(func(out *outbox) {
		t := f.topic(topic)
		t.closed = closed
		out.add("topic", "topic_closed_status_updated", f.topicJSON(t))
		f.act(out, t, "closed."+enabled(closed))
	})
}

// Unlist unlists a topic or lists it again (topic_visible_status_updated, and
// post_created of a small action).
func (f *Forum) Unlist(topic string, unlisted bool) {
	f.change(func(out *outbox) {
		t := f.topic(topic)
		t.unlisted = unlisted
		out.add("topic", "topic_visible_status_updated", f.topicJSON(t))
		f.act(out, t, "visible."+enabled(!unlisted))
	})
}

func enabled(on bool) string {
	if on {
		return "enabled"
	}
	return "disabled"
}

// Solve accepts a post as the answer (accepted_solution).
func (f *Forum) Solve(topic string, number int) {
	f.change(func(out *outbox) {
		p := f.post(topic, number)
		p.topic.solved = number
		out.add("solved", "accepted_solution", f.solvedJSON(p))
	})
}

// Unsolve takes the acceptance back (unaccepted_solution).
func (f *Forum) Unsolve(topic string) {
	f.change(func(out *outbox) {
		t := f.topic(topic)
		if t.solved == 0 {
			panic("forumtest: topic " + topic + " is not solved")
		}
		p := t.posts[t.solved-1]
		t.solved = 0
		out.add("solved", "unaccepted_solution", f.solvedJSON(p))
	})
}

// Like is that a user likes a post (post_liked).
func (f *Forum) Like(topic string, number int, by string) {
	f.change(func(out *outbox) {
		p, u := f.post(topic, number), f.user(by)
		out.add("like", "post_liked", object{"post", f.postJSON(p), "user", f.userJSON(u)})
	})
}

var (
	noWord  = regexp.MustCompile(`[^\pL\pN]+`)
	mention = regexp.MustCompile(`@([\pL\pN_.-]*[\pL\pN_])`)
)

func slugOf(title string) string {
	return strings.Trim(noWord.ReplaceAllString(strings.ToLower(title), "-"), "-")
}

// cook makes HTML of a text: paragraphs, and mentions of users and groups. A
// text that starts with < is HTML already.
func (f *Forum) cook(text string) string {
	if text == "" || strings.HasPrefix(text, "<") {
		return text
	}
	paragraphs := strings.Split(html.EscapeString(text), "\n\n")
	for i, p := range paragraphs {
		p = mention.ReplaceAllStringFunc(p, func(at string) string {
			name := at[1:]
			if g := f.findGroup(name); g != nil && !g.automatic {
				return `<a class="mention-group notify" href="` + f.folder() + `/groups/` + strings.ToLower(name) + `">` + at + `</a>`
			}
			if f.findUser(name) != nil {
				return `<a class="mention" href="` + f.folder() + `/u/` + strings.ToLower(name) + `">` + at + `</a>`
			}
			return at
		})
		paragraphs[i] = "<p>" + strings.ReplaceAll(p, "\n", "<br>\n") + "</p>"
	}
	return strings.Join(paragraphs, "\n")
}

// sees reports whether a user, nil for a visitor, may see a topic.
func (f *Forum) sees(u *user, t *topic) bool {
	admin, staff := u != nil && u.Admin, u != nil && u.staff()
	switch {
	case !t.deleted.IsZero() && !staff:
		return false
	case u == nil && f.opts.LoginRequired:
		return false
	case t.private():
		return admin || slices.Contains(t.users, u) || slices.ContainsFunc(t.groups, func(g *group) bool { return u != nil && g.has(u) })
	}
	return f.reads(u, t.category)
}

func (f *Forum) reads(u *user, c *category) bool {
	return !c.restricted() || u != nil && u.Admin || slices.ContainsFunc(c.readers, func(g *group) bool { return g.has(u) })
}
