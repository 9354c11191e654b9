package forumtest

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Options say what kind of forum it is. The zero Options are a forum that takes
// no key.
type Options struct {
	URL     string // see Forum.URL
	Key     string // Api-Key
	KeyUser string // the one user the key may act as; "" is any
	// LoginRequired keeps visitors out who are not logged in.
	LoginRequired bool
	// Detailed404 is the setting detailed_404: what may not be seen is 403, what
	// was deleted 410. Otherwise both are 404.
	Detailed404 bool
	NoTagging   bool             // the setting tagging_enabled is off
	TagObjects  bool             // tags are objects, as since 2026, and not strings
	Now         func() time.Time // time.Now if nil
	Client      *http.Client     // sends the webhooks
}

// Forum is a forum. It is an http.Handler and safe for concurrent use.
type Forum struct {
	// URL is the forum's address, which may have a folder. It has to be set
	// before anything else is done, if not by Options.
	URL string

	opts Options
	now  func() time.Time
	log  requestLog

	mu         sync.Mutex
	users      []*user
	groups     []*group
	categories []*category
	tags       []*tag
	topics     []*topic
	posts      []*post // of all topics, oldest first
	hooks      []*hook
	attempts   []*attempt
	muted      bool
	lost       bool
	outage     *int
	limit      int
	spent      []time.Time // when requests were made, of the last minute
}

// New makes a forum with nobody in it but system, and the category
// "uncategorized".
func New(o Options) *Forum {
	f := &Forum{URL: o.URL, opts: o, now: time.Now}
	if o.Now != nil {
		f.now = o.Now
	}
	f.log.wake = make(chan struct{})
	for i, name := range []string{"everyone", "admins", "moderators", "staff"} {
		f.groups = append(f.groups, &group{id: i, name: name, automatic: true})
	}
	f.users = append(f.users, &user{id: -1, username: "system", User: User{Name: "system", Admin: true}})
	f.categories = append(f.categories, &category{id: 1, slug: "uncategorized", name: "Uncategorized", color: "0088CC"})
	return f
}

// User is what a user may be besides a name to log in with.
type User struct {
	Name      string // in full
	Admin     bool
	Moderator bool
	Suspended bool
}

type user struct {
	id       int
	username string
	User
}

func (u *user) staff() bool { return u.Admin || u.Moderator }

type group struct {
	id        int
	name      string
	automatic bool
	members   []*user
}

func (g *group) has(u *user) bool {
	switch {
	case g.name == "everyone":
		return true
	case u == nil:
		return false
	case g.automatic:
		return g.name == "staff" && u.staff() || g.name == "admins" && u.Admin || g.name == "moderators" && u.Moderator
	}
	return slices.Contains(g.members, u)
}

type category struct {
	id      int
	slug    string
	name    string
	color   string
	parent  *category
	readers []*group // empty: everyone
}

func (c *category) restricted() bool {
	return len(c.readers) > 0 && !slices.ContainsFunc(c.readers, func(g *group) bool { return g.name == "everyone" })
}

type tag struct {
	id   int
	name string
}

type topic struct {
	id       int
	title    string
	slug     string
	category *category // nil: a private message
	by       *user
	tags     []*tag
	posts    []*post
	users    []*user
	groups   []*group
	created  time.Time
	unlisted bool
	closed   bool
	solved   int
	deleted  time.Time
	deleter  *user
}

func (t *topic) private() bool { return t.category == nil }

func (t *topic) archetype() string {
	if t.private() {
		return "private_message"
	}
	return "regular"
}

// The numbers of Discourse's Post.types.
const (
	regular     = 1
	smallAction = 3
	whisper     = 4
)

type post struct {
	id      int
	number  int
	kind    int
	topic   *topic
	by      *user
	raw     string
	cooked  string
	action  string
	version int
	hidden  bool
	created time.Time
	updated time.Time
	deleted time.Time
	deleter *user
}

// AddUser adds a user.
func (f *Forum) AddUser(username string, u User) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.findUser(username) != nil {
		panic("forumtest: there are two users " + username)
	}
	f.users = append(f.users, &user{id: 20 + len(f.users), username: username, User: u})
}

// Suspend suspends a user or lets them in again, which no webhook of ours tells.
func (f *Forum) Suspend(username string, suspended bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.user(username).Suspended = suspended
}

// AddGroup adds a group (group_created) and its members (user_added_to_group).
func (f *Forum) AddGroup(name string, members ...string) {
	f.change(func(out *outbox) {
		if f.findGroup(name) != nil {
			panic("forumtest: there are two groups " + name)
		}
		g := &group{id: 37 + len(f.groups), name: name}
		f.groups = append(f.groups, g)
		out.add("group", "group_created", f.groupJSON(g))
		for _, m := range members {
			f.join(out, g, f.user(m))
		}
	})
}

// JoinGroup makes a user a member of a group (user_added_to_group).
func (f *Forum) JoinGroup(group, username string) {
	f.change(func(out *outbox) { f.join(out, f.group(group), f.user(username)) })
}

func (f *Forum) join(out *outbox, g *group, u *user) {
	if slices.Contains(g.members, u) {
		return
	}
	g.members = append(g.members, u)
	out.add("group_user", "user_added_to_group", f.membershipJSON(g, u))
}

// LeaveGroup ends a membership (user_removed_from_group).
func (f *Forum) LeaveGroup(group, username string) {
	f.change(func(out *outbox) {
		g, u := f.group(group), f.user(username)
		if i := slices.Index(g.members, u); i >= 0 {
			g.members = slices.Delete(g.members, i, i+1)
			out.add("group_user", "user_removed_from_group", f.membershipJSON(g, u))
		}
	})
}

// Category is a category to add.
type Category struct {
	Slug    string
	Name    string   // the slug if empty
	Parent  string   // slug or id; empty: a top one
	Color   string   // "0088CC"
	Readers []string // names of the groups that may read it; empty: everyone
}

// AddCategory adds a category (category_created) and returns its id.
func (f *Forum) AddCategory(c Category) (id string) {
	f.change(func(out *outbox) {
		added := &category{id: 4 + len(f.categories), slug: c.Slug, name: cmp.Or(c.Name, c.Slug), color: cmp.Or(c.Color, "0088CC"), readers: f.groupsOf(c.Readers)}
		if c.Parent != "" {
			added.parent = f.category(c.Parent)
		}
		f.categories = append(f.categories, added)
		out.add("category", "category_created", f.categoryJSON(added))
		id = strconv.Itoa(added.id)
	})
	return id
}

// SetReaders changes who may read a category (category_updated); no groups are
// everyone.
func (f *Forum) SetReaders(category string, groups ...string) {
	f.change(func(out *outbox) {
		c := f.category(category)
		c.readers = f.groupsOf(groups)
		out.add("category", "category_updated", f.categoryJSON(c))
	})
}

// AddTag adds a tag (tag_created), unless there is one.
func (f *Forum) AddTag(name string) {
	f.change(func(out *outbox) { f.tagNamed(out, name) })
}

func (f *Forum) tagNamed(out *outbox, name string) *tag {
	for _, t := range f.tags {
		if t.name == name {
			return t
		}
	}
	t := &tag{id: 11 + len(f.tags), name: name}
	f.tags = append(f.tags, t)
	out.add("tag", "tag_created", f.tagJSON(t))
	return t
}

func (f *Forum) findUser(username string) *user {
	for _, u := range f.users {
		if strings.EqualFold(u.username, username) {
			return u
		}
	}
	return nil
}

func (f *Forum) user(username string) *user {
	if u := f.findUser(username); u != nil {
		return u
	}
	panic("forumtest: there is no user " + username)
}

func (f *Forum) findGroup(name string) *group {
	for _, g := range f.groups {
		if strings.EqualFold(g.name, name) {
			return g
		}
	}
	return nil
}

func (f *Forum) group(name string) *group {
	if g := f.findGroup(name); g != nil {
		return g
	}
	panic("forumtest: there is no group " + name)
}

func (f *Forum) groupsOf(names []string) []*group {
	var out []*group
	for _, n := range names {
		out = append(out, f.group(n))
	}
	return out
}

// category finds a category by its id, its slug or "parent/child".
func (f *Forum) category(name string) *category {
	for _, c := range f.categories {
		path := c.slug
		if c.parent != nil {
			path = c.parent.slug + "/" + c.slug
		}
		if name == strconv.Itoa(c.id) || name == c.slug || name == path {
			return c
		}
	}
	panic("forumtest: there is no category " + name)
}

func (f *Forum) findTopic(id string) *topic {
	for _, t := range f.topics {
		if strconv.Itoa(t.id) == id {
			return t
		}
	}
	return nil
}

func (f *Forum) topic(id string) *topic {
	if t := f.findTopic(id); t != nil {
		return t
	}
	panic("forumtest: there is no topic " + id)
}

func (f *Forum) post(topic string, number int) *post {
	t := f.topic(topic)
	if number < 1 || number > len(t.posts) {
		panic(fmt.Sprintf("forumtest: topic %s has no post %d", topic, number))
	}
	return t.posts[number-1]
}
