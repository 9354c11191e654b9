package forumtest

import (
	"html"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// streamPage is how many posts of a topic are shown at once.
const streamPage = 20

func (v *visit) showTopic(id string) reply {
	t := v.f.findTopic(id)
	if t == nil || !v.f.sees(v.by, t) {
		return v.unseen(t)
	}
	posts, ids := []any{}, []int{}
	for _, p := range t.posts {
		if !v.seesPost(p) {
			continue
		}
		if ids = append(ids, p.id); len(posts) < streamPage {
			posts = append(posts, v.postShown(p, false))
		}
	}
	view := object{"post_stream", object{"posts", posts, "stream", ids}, "timeline_lookup", []any{}, "suggested_topics", []any{}}
	view = append(view, v.f.topicJSON(t)...)
	details := object{
		"can_edit", v.staff(), "notification_level", 1, "participants",
		[]any{},
		"created_by", v.f.userJSON(t.by), "last_poster", v.f.userJSON(t.posts[len(t.posts)-1].by),
	}
	if t.private() {
		users, groups := []any{}, []any{}
		for _, u := range t.users {
			users = append(users, v.f.userJSON(u))
		}
		for _, g := range t.groups {
			groups = append(groups, v.f.groupJSON(g))
		}
		details = append(details, "allowed_users", users, "allowed_groups", groups)
	}
	view = append(view, "details", details)
	if t.solved > 0 {
		p := t.posts[t.solved-1]
		view = append(view, "accepted_answer", object{"post_number", p.number, "username", p.by.username, "name", orNull(p.by.Name), "excerpt", p.raw})
	}
	return ok(view)
}

// unseen is the answer about a topic that there is not, or not for this visitor:
// https://github.com/discourse/discourse/blob/main/app/controllers/topics_controller.rb
func (v *visit) unseen(t *topic) reply {
	page := object{"title", "Page Not Found", "html", "<div class=\"page-not-found\"><h1>Oops!</h1></div>", "group", nil}
	switch {
	case t == nil || !v.f.opts.Detailed404:
		return failed(http.StatusNotFound, "not_found", "The requested URL or resource could not be found.", page)
	case !t.deleted.IsZero():
		return failed(http.StatusGone, "not_found", "Sorry, this topic has been deleted.", page)
	case v.by == nil:
		return failed(http.StatusForbidden, "not_logged_in", "You need to be logged in to do that.", page)
	}
	return failed(http.StatusForbidden, "invalid_access", "You are not permitted to view the requested resource.", page)
}

func (v *visit) seesPost(p *post) bool {
	return v.staff() || p.deleted.IsZero() && p.kind != whisper
}

// showPost does not ask for detailed_404, as that is for topics. What is deleted
// is there for who may moderate its topic:
// https://github.com/discourse/discourse/blob/main/app/controllers/posts_controller.rb
func (v *visit) showPost(id string) reply {
	i := slices.IndexFunc(v.f.posts, func(p *post) bool { return strconv.Itoa(p.id) == id })
	if i < 0 {
		return notFound()
	}
	p := v.f.posts[i]
	seen := v.f.sees(v.by, p.topic)
	switch gone := !p.deleted.IsZero() || !p.topic.deleted.IsZero(); {
	case gone && (!seen || !v.staff()):
		return notFound()
	case !seen || !v.seesPost(p):
		return invalidAccess()
	}
	return ok(v.postShown(p, false))
}

// postShown is a post as PostSerializer writes it for who asks; only in a list
// of posts of many topics it says what its topic is.
func (v *visit) postShown(p *post, listed bool) object {
	o := v.f.postHead(p)
	covered := p.hidden && !v.staff()
	for i := 0; i < len(o); i += 2 {
		switch {
		case o[i] == "cooked" && covered:
			o[i+1] = "<p>This post was flagged by the community and is temporarily hidden.</p>"
		case o[i] == "topic_title" && !listed, o[i] == "category_id" && !listed:
			o[i+1] = skip
		}
	}
	o = append(o, "cooked_hidden", onlyIf(covered, true), "readers_count", 0, "yours", v.by == p.by, "can_edit", v.staff(),
		"can_delete", v.staff(), "can_recover", v.staff(), "can_see_hidden_post", v.staff(), "can_wiki", v.staff(),
		"actions_summary", []any{}, "badges_granted", []any{})
	tail := v.f.postTail(p)
	for i := 0; i < len(tail); i += 2 {
		if tail[i] == "raw" && covered {
			tail[i+1] = skip
		}
	}
	o = append(o, tail...)
	return append(o, "post_url", v.f.folder()+"/t/"+p.topic.slug+"/"+strconv.Itoa(p.topic.id)+"/"+strconv.Itoa(p.number))
}

// latestPage is LatestPostsQuery's:
// https://github.com/discourse/discourse/blob/main/lib/latest_posts_query.rb
const latestPage = 50

func (v *visit) latest() reply {
	before, _ := strconv.Atoi(v.query.Get("before"))
	list := []any{}
	for _, p := range slices.Backward(v.f.posts) {
		t := p.topic
		if before > 0 && p.id >= before || len(list) == latestPage {
			continue
		}
		if t.private() || t.unlisted || !t.deleted.IsZero() || p.kind != regular || !p.deleted.IsZero() || p.hidden || !v.f.sees(v.by, t) {
			continue
		}
		list = append(list, append(v.postShown(p, true), "topic_html_title", html.EscapeString(t.title), "excerpt", p.raw, "truncated", false))
	}
	return ok(object{"latest_posts", list})
}

func (v *visit) visibleCategories() []any {
	list := []any{}
	for _, c := range v.f.categories {
		if v.f.reads(v.by, c) {
			list = append(list, v.f.categoryHead(c))
		}
	}
	return list
}

func (v *visit) site() reply {
	groups := []any{}
	for _, g := range v.f.groups {
		groups = append(groups, object{"id", g.id, "name", g.name, "flair_url", nil, "flair_bg_color", nil, "flair_color", nil})
	}
	return ok(object{
		"default_archetype", "regular", "notification_types",
		object{"mentioned", 1, "replied", 2},
		"post_types",
		object{"regular", regular, "moderator_action", 2, "small_action", smallAction, "whisper", whisper},
		"groups", groups, "uncategorized_category_id", 1, "can_tag_topics", !v.f.opts.NoTagging,
		"categories", v.visibleCategories(), "archetypes",
		[]any{object{"id", "regular", "name", "Regular Topic", "options", []any{}}},
	})
}

func (v *visit) categories() reply {
	return ok(object{"category_list", object{"can_create_category", v.admin(), "can_create_topic", v.by != nil, "categories", v.visibleCategories()}})
}

// tags lists to an administrator also those that no topic has:
// https://github.com/discourse/discourse/blob/main/app/controllers/tags_controller.rb
func (v *visit) tags() reply {
	if v.f.opts.NoTagging {
		return notFound()
	}
	list := []any{}
	for _, t := range v.f.tags {
		n := v.f.topicsWith(t)
		if n == 0 && !v.admin() {
			continue
		}
		id := any(t.name)
		if v.f.opts.TagObjects {
			id = t.id
		}
		list = append(list, object{"id", id, "text", t.name, "name", t.name, "description", nil, "count", n, "pm_only", false, "target_tag", nil})
	}
	return ok(object{"tags", list, "extras", object{"categories", []any{}}})
}

func (v *visit) members(name string) reply {
	g := v.f.findGroup(name)
	if g == nil {
		return notFound()
	}
	limit, err := strconv.Atoi(v.query.Get("limit"))
	if err != nil {
		limit = 50
	}
	offset, _ := strconv.Atoi(v.query.Get("offset"))
	if limit < 0 || limit > 1000 || offset < 0 {
		return failed(http.StatusBadRequest, "invalid_parameters", "You supplied invalid parameters to the request: limit", skip)
	}
	all := []*user{}
	for _, u := range v.f.users {
		if u.id > 0 && g.has(u) {
			all = append(all, u)
		}
	}
	slices.SortFunc(all, func(a, b *user) int { return strings.Compare(strings.ToLower(a.username), strings.ToLower(b.username)) })
	list := []any{}
	for _, u := range all[min(offset, len(all)):min(offset+limit, len(all))] {
		list = append(list, append(v.f.userJSON(u).(object), "title", nil, "last_posted_at", nil, "last_seen_at", nil, "timezone", "Europe/Berlin"))
	}
	return ok(object{"members", list, "owners", []any{}, "meta", object{"total", len(all), "limit", limit, "offset", offset}})
}

func (v *visit) hooks() reply {
	list := []any{}
	for _, h := range v.f.hooks {
		list = append(list, object{
			"id", h.id, "payload_url", h.url, "content_type", 1, "last_delivery_status", 3, "secret", h.secret,
			"wildcard_web_hook", false, "verify_certificate", true, "active", true, "web_hook_event_types",
			[]any{},
		})
	}
	offset, _ := strconv.Atoi(v.query.Get("offset"))
	return ok(object{"web_hooks", page(list, offset), "extras", object{}, "total_rows_web_hooks", len(list)})
}

// hookEvents lists a webhook's events, the newest first.
func (v *visit) hookEvents(id string) reply {
	if !slices.ContainsFunc(v.f.hooks, func(h *hook) bool { return strconv.Itoa(h.id) == id }) {
		return notFound()
	}
	list := []any{}
	for _, a := range slices.Backward(v.f.attempts) {
		bad := a.status < 200 || a.status > 299
		status := v.query.Get("status")
		if strconv.Itoa(a.hook.id) != id || status == "failed" && !bad || status == "successful" && bad {
			continue
		}
		list = append(list, v.f.attemptJSON(a))
	}
	offset, _ := strconv.Atoi(v.query.Get("offset"))
	return ok(object{"web_hook_events", page(list, offset), "total_rows_web_hook_events", len(list), "extras", object{"web_hook_id", a2i(id)}})
}

func a2i(s string) int {
	n, _ := strconv.Atoi(s)
	return n
}

// page is 50 of a list.
func page(list []any, offset int) []any {
	return list[min(max(offset, 0), len(list)):min(max(offset, 0)+50, len(list))]
}

func (f *Forum) attemptJSON(a *attempt) object {
	headers := object{}
	for _, name := range []string{
		"Accept", "Connection", "Content-Length", "Content-Type", "Host", "User-Agent", "X-Discourse-Instance",
		"X-Discourse-Event-Id", "X-Discourse-Event-Type", "X-Discourse-Event", "X-Discourse-Event-Signature",
	} {
		value := any(a.header.Get(name))
		if name == "Content-Length" || name == "X-Discourse-Event-Id" { // numbers, as they were made
			value = a2i(a.header.Get(name))
		}
		if value != "" {
			headers = append(headers, name, value)
		}
	}
	text, err := encode(headers)
	if err != nil {
		panic(err)
	}
	return object{
		"id", a.id, "web_hook_id", a.hook.id, "request_url", a.hook.url, "headers", string(text), "payload", string(a.body),
		"status", a.status, "response_headers", "{}", "response_body", "", "duration", 12, "created_at", when(a.at), "redelivering", false,
	}
}
