package ingest_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/ingest"
	"github.com/bellhop-chat/bellhop/hub/ingest/discoursetest"
)

// sent is a webhook as a forum would send it.
func sent(event, root, value string) discoursetest.Fixture {
	f := discoursetest.Get("ping.json")
	f.Header.Set("X-Discourse-Event", event)
	f.Header.Set("X-Discourse-Event-Type", root)
	return with(f, fmt.Sprintf(`{%q:%s}`, root, value))
}

// One name stands for both directions of a status, the flag tells which.
func TestTopicStatus(t *testing.T) {
	for _, c := range []struct {
		event, flags string
		want         hub.EventType
	}{
		{"topic_closed_status_updated", `"closed":true`, hub.ForumTopicClosed},
		{"topic_closed_status_updated", `"closed":false`, hub.ForumTopicOpened},
		{"topic_autoclosed_status_updated", `"closed":true`, hub.ForumTopicClosed},
		{"topic_autoclosed_status_updated", `"closed":false`, hub.ForumTopicOpened},
		{"topic_closed_status_updated", `"archived":true`, hub.ForumTopicStatus},
		{"topic_archived_status_updated", `"archived":true`, hub.ForumTopicArchived},
		{"topic_archived_status_updated", `"archived":false`, hub.ForumTopicUnarchived},
		{"topic_visible_status_updated", `"visible":true`, hub.ForumTopicListed},
		{"topic_visible_status_updated", `"visible":false`, hub.ForumTopicUnlisted},
		{"topic_pinned_status_updated", `"pinned":true`, hub.ForumTopicPinned},
		{"topic_pinned_status_updated", `"pinned":false,"pinned_at":"2026-01-10T10:00:00.000Z"`, hub.ForumTopicPinned},
		{"topic_pinned_status_updated", `"pinned":false,"pinned_at":null`, hub.ForumTopicUnpinned},
		{"topic_pinned_globally_status_updated", `"pinned_globally":true`, hub.ForumTopicPinned},
		{"topic_pinned_globally_status_updated", `"pinned_globally":false`, hub.ForumTopicUnpinned},
		{"topic_sparkling_status_updated", `"sparkling":true`, hub.ForumTopicStatus},
	} {
		e := decode(t, sent(c.event, "topic", `{"id":301,`+c.flags+`}`))
		require.Equal(t, c.want, e.Type, "%s %s", c.event, c.flags)
	}
}

// What is not known is kept, and never refused: a forum stops sending to who
// answers 4xx.
func TestUnsupported(t *testing.T) {
	for _, c := range [][3]string{
		{"post_teleported", "post", `{"id":1,"topic_id":2}`},
		{"post_created", "topic", `{"id":1}`},
		{"topic_created", "post", `{"id":1,"topic_id":2}`},
		{"post_created", "post", `{"id":1}`},
		{"post_created", "post", `{"topic_id":1}`},
		{"post_created", "post", `null`},
		{"post_created", "post", `[1,2]`},
		{"post_liked", "like", `"post"`},
		{"topic_created", "topic", `{}`},
		{"topic_created", "topic", `17`},
		{"topic_ended", "topic", `{"id":1}`},
		{"category_created", "category", `{}`},
		{"tag_created", "tag", `{"id":3}`},
		{"user_created", "user", `{}`},
		{"user_x.y", "user", `{"id":1}`},
		{"assigned", "assign", `{}`},
		{"accepted_solution", "post", `{"id":1,"topic_id":2}`},
		{"chat_message_exploded", "chat_message", `{}`},
		{"created", "chat_message", `{}`},
		{"category_experts_approved", "category_experts", `{"id":1}`},
		{strings.Repeat("x", 9000), "post", `{}`},
	} {
		e := decode(t, sent(c[0], c[1], c[2]))
		require.Equal(t, hub.HubSignalUnsupported, e.Type, c)
		require.NoError(t, e.Validate())
		var s hub.Signal
		require.NoError(t, json.Unmarshal(e.Data, &s))
		require.NotEmpty(t, s.Note, c)
		require.True(t, strings.HasPrefix(c[0], strings.TrimSuffix(s.Name, "…")), c)
		require.Less(t, len(s.Name), 110)
		if c[1] != "user" {
			require.JSONEq(t, c[2], string(s.Body), c)
		}
	}
}

func TestTolerance(t *testing.T) {
	f := forum(t, decode(t, sent("post_created", "post", `{
		"id":"902","topic_id":"301","user_id":22,"post_number":"2","post_type":"1","version":null,
		"username":["bob"],"name":{"a":1},"cooked":"a\u00e9\ud83d\ude00\ud800b\t\"\/","category_id":{"id":5},
		"created_at":"yesterday","updated_at":1700000000,"hidden":"yes","deleted_by":"carol","topic_slug":7,
		"unknown":{"a":[1,-2.5e+3,true,false,null,"x"]},"topic_title":"bad `+"\xff\xfe"+` bytes"}`)))
	want := hub.Post{
		ID: "902", Number: 2, Kind: hub.PostRegular, Author: hub.Person{ID: "22"},
		HTML: "aé😀\uFFFDb\t\"/", URL: "https://forum.example.com/t/-/301/2",
	}
	require.Empty(t, cmp.Diff(&want, f.Post))
	require.Equal(t, "bad \uFFFD bytes", f.Topic.Title)
	require.Empty(t, f.Topic.CategoryID)
}

// Of a kind that is not known the least is to be told: it is not announced.
func TestPostKinds(t *testing.T) {
	for number, want := range map[string]hub.PostKind{
		"1": hub.PostRegular, "2": hub.PostModerator, "3": hub.PostSmallAction, "4": hub.PostWhisper, "null": hub.PostRegular, "9": "type_9",
	} {
		f := forum(t, decode(t, sent("post_created", "post", `{"id":1,"topic_id":2,"post_type":`+number+`}`)))
		require.Equal(t, want, f.Post.Kind)
	}
}

func TestTags(t *testing.T) {
	for tags, want := range map[string][]string{
		`["a","b"]`: {"a", "b"}, `[{"id":1,"name":"a","slug":"x"},"b"]`: {"a", "b"}, `[]`: {},
		`null`: nil, `"a"`: nil, `{"name":"a"}`: nil, `[null,{"slug":"x"},17,""]`: {},
	} {
		f := forum(t, decode(t, sent("topic_created", "topic", `{"id":301,"tags":`+tags+`}`)))
		require.Equal(t, want, f.Topic.Tags, tags)
	}
	many := `["t` + strings.Repeat(`","t`, 10_000) + `"]`
	f := forum(t, decode(t, sent("topic_created", "topic", `{"id":301,"tags":`+many+`}`)))
	require.Len(t, f.Topic.Tags, 256)
}

func TestLinks(t *testing.T) {
	for _, c := range []struct{ site, post, avatar, wantPost, wantAvatar, wantUser string }{
		{
			"https://forum.example.com", "/t/x/301/2", "/letter/{size}.png",
			"https://forum.example.com/t/x/301/2", "https://forum.example.com/letter/96.png", "https://forum.example.com/u/bob",
		},
		{ // a subfolder install writes its folder itself
			"https://example.com/forum", "/forum/t/x/301/2", "/forum/letter/{size}.png",
			"https://example.com/forum/t/x/301/2", "https://example.com/forum/letter/96.png", "https://example.com/forum/u/bob",
		},
		{ // but a path that only starts alike is not in it
			"https://example.com/t", "/topics/1", "//cdn.example.com/{size}.png",
			"https://example.com/t/topics/1", "https://cdn.example.com/96.png", "https://example.com/t/u/bob",
		},
		{
			"http://forum.example.com:3000", "", "https://cdn.example.com/{size}.png",
			"http://forum.example.com:3000/t/x/301/2", "https://cdn.example.com/96.png", "http://forum.example.com:3000/u/bob",
		},
		{
			"https://forum.example.com", "javascript:alert(1)", "data:image/png,x",
			"https://forum.example.com/t/x/301/2", "", "https://forum.example.com/u/bob",
		},
		{
			"https://forum.example.com", "/t/x> <b>", "relative.png",
			"https://forum.example.com/t/x/301/2", "", "https://forum.example.com/u/bob",
		},
	} {
		r := request(sent("post_created", "post", fmt.Sprintf(
			`{"id":1,"topic_id":301,"post_number":2,"topic_slug":"x","post_url":%q,"avatar_template":%q,"username":"bob"}`, c.post, c.avatar)))
		r.Site = c.site
		es, err := ingest.Discourse{}.Decode(r)
		require.NoError(t, err)
		p := forum(t, es[0]).Post
		require.Equal(t, []string{c.wantPost, c.wantAvatar, c.wantUser}, []string{p.URL, p.Author.Avatar, p.Author.URL})
	}
}

func TestEncodedSlugsAreNotEncodedTwice(t *testing.T) {
	for slug, want := range map[string]string{
		"%E8%AF%9D": "%E8%AF%9D", "话": "%E8%AF%9D", "a/../b": "a%2F..%2Fb", "100%": "100%25",
	} {
		f := forum(t, decode(t, sent("topic_created", "topic", fmt.Sprintf(`{"id":301,"slug":%q}`, slug))))
		require.Equal(t, "https://forum.example.com/t/"+want+"/301", f.Topic.URL)
	}
}

func TestMentions(t *testing.T) {
	for cooked, want := range map[string][]string{
		`<a class="mention-group notify" href="/groups/support_team">@Support_Team</a>`:                         {"support_team"},
		`<a class="mention-group" href="/g/ops">@ops</a>`:                                                       {"ops"},
		`<a class="mention-group" href="/forum/g/ops">@x</a>`:                                                   {"ops"},
		`<a class="mention-group" href="https://forum.example.com/groups/caf%C3%A9?x=1">@x</a>`:                 {"café"},
		`<a class="mention-group" href="/g/">@Some <b>Team</b></a>`:                                             {"Some Team"},
		`<a class="mention-group">@ops</a>`:                                                                     {"ops"},
		`<a class="mention-group" href="%zz">@ops</a>`:                                                          {"ops"},
		`<a class="mention-group" href="/g/a">@a</a> <a class="mention-group" href="/g/b">@b</a>`:               {"a", "b"},
		`<a class="mention-group" href="/g/a">@a</a> <a class="mention-group" href="/g/A">@A</a>`:               {"a"},
		`<a class="mention" href="/u/mention-group">@mention-group</a>`:                                         nil,
		`<a class="mention-groups" href="/g/a">@a</a>`:                                                          nil,
		`<span class="mention-group">@a</span>`:                                                                 nil,
		`<blockquote><blockquote>x</blockquote><a class="mention-group" href="/g/a">@a</a></blockquote>`:        nil,
		`<blockquote><p>x</p></blockquote><a class="mention-group" href="/g/a">@a</a>`:                          {"a"},
		`<pre><code><a class="mention-group" href="/g/a">@a</a></code></pre>`:                                   nil,
		`<code>x</code><a class="mention-group" href="/g/a">@a</a>`:                                             {"a"},
		`<aside class="quote no-group"><a class="mention-group" href="/g/a">@a</a></aside>`:                     nil,
		`<aside class="onebox x"><aside>y</aside><a class="mention-group" href="/g/a">@a</a></aside>`:           nil,
		`<aside class="poll"><a class="mention-group" href="/g/a">@a</a></aside>`:                               {"a"},
		`<blockquote><a class="mention-group" href="/g/a">@a</a>`:                                               nil,
		`<!-- <a class="mention-group" href="/g/a">@a</a> -->`:                                                  nil,
		`mention-group &lt;a class="mention-group"&gt;`:                                                         nil,
		strings.Repeat(`<a class="mention-group" href="/g/a">`, 3) + `@a</a>`:                                   {"a"},
		`<a class="mention-group" href="/g/` + strings.Repeat("a", 200) + `">@a</a>`:                            nil,
		`<p><a class='mention-group' href='/g/a' data-full-name="A > B">@a</a></p></blockquote></aside></code>`: {"a"},
	} {
		value, err := json.Marshal(map[string]any{"id": 1, "topic_id": 2, "cooked": cooked})
		require.NoError(t, err)
		require.Equal(t, want, forum(t, decode(t, sent("post_created", "post", string(value)))).Post.Groups, cooked)
	}
}

func TestManyMentionsAreBounded(t *testing.T) {
	var cooked strings.Builder
	for i := range 5000 {
		fmt.Fprintf(&cooked, `<a class='mention-group' href='/g/g%d'>@g</a>`, i)
	}
	f := forum(t, decode(t, sent("post_created", "post", fmt.Sprintf(`{"id":1,"topic_id":2,"cooked":%q}`, cooked.String()))))
	require.Len(t, f.Post.Groups, 100)
}

// A category that does not say who may read it must not pass for a public one.
func TestRestrictedCategories(t *testing.T) {
	for value, want := range map[string]bool{
		`{"id":1,"read_restricted":true}`:                                                     true,
		`{"id":1,"read_restricted":false}`:                                                    false,
		`{"id":1}`:                                                                            true,
		`{"id":1,"group_permissions":[]}`:                                                     true,
		`{"id":1,"group_permissions":[{"group_id":3}]}`:                                       true,
		`{"id":1,"group_permissions":[{"group_id":3},{"group_id":0}]}`:                        false,
		`{"id":1,"read_restricted":true,"group_permissions":[{"group_id":0}]}`:                true,
		`{"id":1,"read_restricted":null,"group_permissions":[{"group_name":"x"}],"slug":"s"}`: true,
	} {
		require.Equal(t, want, forum(t, decode(t, sent("category_updated", "category", value))).Category.Restricted, value)
	}
}

func TestColors(t *testing.T) {
	for given, want := range map[string]string{"0088CC": "#0088cc", "abc": "#abc", "": "", "red": "", "0088cc;}": "", "#0088cc": ""} {
		f := forum(t, decode(t, sent("category_updated", "category", fmt.Sprintf(`{"id":1,"color":%q}`, given))))
		require.Equal(t, want, f.Category.Color)
	}
}

func TestEventIDs(t *testing.T) {
	id := func(event, root, value, attempt string) hub.EventID {
		f := sent(event, root, value)
		f.Header.Set("X-Discourse-Event-Id", attempt)
		return decode(t, f).ID
	}
	post := func(event, version, updated string) hub.EventID {
		return id(event, "post", fmt.Sprintf(`{"id":1,"topic_id":2,"reads":%d,"version":%s,"updated_at":%q}`, time.Now().UnixNano(), version, updated), "1")
	}
	const then, later = "2026-01-10T10:00:00.000Z", "2026-01-10T10:00:00.001Z"

	require.Equal(t, post("post_created", "1", then), post("post_created", "2", later), "a post is created once")
	require.Equal(t, post("post_edited", "2", then), post("post_edited", "2", then))
	require.NotEqual(t, post("post_edited", "2", then), post("post_edited", "2", later), "an edit within the grace period")
	require.NotEqual(t, post("post_edited", "2", then), post("post_edited", "3", then))
	require.NotEqual(t, post("post_edited", "2", ""), post("post_edited", "2", ""), "without a time the body counts")
	require.NotEqual(t, post("post_created", "1", then), post("post_edited", "1", then))

	for _, c := range []struct {
		event, root, value string
		attempts           bool // whether another attempt is another event
	}{
		{"post_created", "post", `{"id":1,"topic_id":2}`, false},
		{"topic_created", "topic", `{"id":1}`, false},
		{"topic_closed_status_updated", "topic", `{"id":1,"closed":true}`, false},
		{"post_liked", "like", `{"post":{"id":1,"topic_id":2}}`, false},
		{"notification_created", "notification", `{"id":1}`, false},
		{"post_destroyed", "post", `{"id":1,"topic_id":2,"deleted_at":"2026-01-10T10:00:00.000Z"}`, false},
		{"post_destroyed", "post", `{"id":1,"topic_id":2,"deleted_at":null}`, false},
		{"post_recovered", "post", `{"id":1,"topic_id":2}`, false},
		{"category_updated", "category", `{"id":1,"read_restricted":true}`, true},
		{"topic_edited", "topic", `{"id":1,"category_id":3}`, false},
		{"tag_updated", "tag", `{"id":1,"name":"x"}`, true},
		{"assigned", "assign", `{"topic_id":1}`, false},
		{"ping", "ping", `"OK"`, true},
	} {
		one, two := id(c.event, c.root, c.value, "1000"), id(c.event, c.root, c.value, "1001")
		require.Equal(t, c.attempts, one != two, c.event)
		require.Equal(t, one, id(c.event, c.root, c.value, "1000"), "a redelivery has the same number")
	}

	r := request(first())
	r.Source = "other"
	es, err := ingest.Discourse{}.Decode(r)
	require.NoError(t, err)
	require.NotEqual(t, decode(t, first()).ID, es[0].ID, "two forums may have a post of the same id")
}

func TestPersonalDataIsStripped(t *testing.T) {
	const value = `{"id":7,"username":"eve","name":"eve@mail.example.com","email":"eve@mail.example.com","secondary_emails":["e2@mail.example.com"],
		"unconfirmed_emails":["e3@mail.example.com"],"user_auth_tokens":[{"client_ip":"203.0.113.9","auth_token":"s3cr3t"}],
		"ip_address":"203.0.113.10","registration_ip_address":"203.0.113.11","clientIp":"203.0.113.12","associated_accounts":[{"name":"google","description":"e4@mail.example.com"}],
		"user_fields":{"1":"+49 170"},"custom_fields":{"a":"+49 171"},"user_option":{"timezone":"Europe/Berlin"},"location":"Berlin","date_of_birth":"1904-02-29","birthdate":"1904-02-28",
		"api_key":"k3y","suspend_reason":"spam from 203.0.113.13, [2001:db8::1]:443 and e5@mail.example.com","title":"x","website":"http://198.51.100.4/","extra":{"deep":["e6@mail.example.com"]}}`
	secrets := []string{"mail.example.com", "203.0.113", "2001:db8", "s3cr3t", "k3y", "+49", "Berlin", "1904"}
	for _, c := range [][3]string{
		{"user_updated", "user", value},
		{"user_promoted", "user_promoted", value},
		{"user_", "user", value},
		{"user_merged", "users", `{"from":` + value + `,"to":[` + value + `]}`},
		{"group_updated", "group", `{"id":1,"owners":[` + value + `],"incoming_email":"e7@mail.example.com"}`},
		{"reviewable_created", "reviewable", `{"id":1,"type":"ReviewableUser","payload":` + value + `,"raw_email":"e8@mail.example.com"}`},
		{"chat_message_created", "chat_message", `{"message":{"id":1,"user":` + value + `},"channel":{"id":2}}`},
		{"post_liked", "like", `{"post":{"id":1,"topic_id":2},"user":{"id":3,"username":"x","email":"e9@mail.example.com"}}`},
		{"assigned", "assign", `{"topic_id":1,"assigned_to":` + value + `}`},
		{"category_updated", "category", `{"id":1,"email_in":"e0@mail.example.com"}`},
	} {
		data := string(decode(t, sent(c[0], c[1], c[2])).Data)
		for _, secret := range secrets {
			require.NotContains(t, data, secret, c[0])
		}
		if strings.Contains(c[2], "eve") {
			require.Contains(t, data, "eve", "%s: nothing is left", c[0])
		}
	}
}

// What people say to each other is not personal data of that kind.
func TestWordsAreKept(t *testing.T) {
	e := decode(t, sent("chat_message_created", "chat_message", `{"message":{"id":1,"message":"mail help@example.com, build 1.2.3.4","mailing_list":true,"ownership":"x","tokenless":1}}`))
	for _, want := range []string{"help@example.com", "1.2.3.4", "mailing_list", "ownership", "tokenless"} {
		require.Contains(t, string(e.Data), want)
	}
}

func TestObjectsAreBounded(t *testing.T) {
	long := strings.Repeat("é", 100_000)
	e := decode(t, sent("reviewable_created", "reviewable", fmt.Sprintf(`{"id":1,"raw":%q,"list":[1%s]}`, long, strings.Repeat(",1", 5000))))
	require.Less(t, len(e.Data), 40<<10)
	e = decode(t, sent("reviewable_created", "reviewable", `{"id":1`+strings.Repeat(fmt.Sprintf(`,"x%%d":%q`, long[:30_000]), 1)+manyLong(long[:30_000], 20)+`}`))
	require.Less(t, len(e.Data), 2<<10)
	require.Contains(t, string(forum(t, e).Object), "omitted")
}

func manyLong(text string, n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `,"key%d":%q`, i, text)
	}
	return b.String()
}

func TestEncodedDataKeepsHTMLShort(t *testing.T) {
	e := decode(t, discoursetest.Get("post_created_rich.json"))
	require.Contains(t, string(e.Data), "<p>Look:  &amp; <a href=")
}

// TestLines holds that events which undo each other are of one line, those of other
// things of others, and that what has a version or happens once is of none.
func TestLines(t *testing.T) {
	lines := map[string]string{}
	for _, of := range [][]string{
		{"accepted_solution.json", "unaccepted_solution.json"},
		{"assigned_user.json", "unassigned_user.json"},
		{"post_destroyed_staff.json", "post_recovered.json"},
		{"topic_destroyed.json", "topic_recovered.json"},
		{"topic_edited_title.json", "topic_edited_category.json"},
		{"topic_closed_status_updated.json", "topic_autoclosed_status_updated.json"},
		{"topic_archived_status_updated.json"},
		{"topic_pinned_status_updated.json"},
		{"topic_visible_status_updated.json"},
		{"topic_upvote.json", "topic_unvote.json"},
		{"chat_message_trashed.json", "chat_message_restored.json"},
		{"user_suspended.json", "user_unsuspended.json"},
		{"user_logged_in.json", "user_logged_out.json"},
	} {
		first := decode(t, discoursetest.Get(of[0])).Line
		require.NotEmpty(t, first.Name, of[0])
		require.NotContains(t, first.Name, " ")
		require.Empty(t, lines[first.Name], of[0])
		lines[first.Name] = of[0]
		for _, file := range of {
			f := discoursetest.Get(file)
			f.Header.Set("X-Discourse-Event-Id", "4711")
			require.Equal(t, hub.Line{Name: first.Name, Number: 4711}, decode(t, f).Line, file)
			f.Header.Set("X-Discourse-Event-Id", "none")
			require.Empty(t, decode(t, f).Line, "nobody knows when it was told")
		}
	}
	for _, file := range []string{
		"post_created_first.json", "post_edited_version2.json", "topic_created.json", "post_liked.json", "category_updated.json", "ping.json",
	} {
		require.Empty(t, decode(t, discoursetest.Get(file)).Line, file)
	}
}
