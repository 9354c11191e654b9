package route

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/ingest/discoursetest"
)

const forumURL = "https://forum.example.com"

// Every img of a post starts so here: a photo that a forum would show.
const photo = `<img src="/uploads/default/original/1X/b.jpeg" alt="a cat" width="640" height="480">`

func TestImage(t *testing.T) {
	large := &hub.Image{URL: forumURL + "/uploads/default/original/1X/aa.png", Alt: "shot", Width: 690, Height: 388}
	cat := &hub.Image{URL: forumURL + "/uploads/default/original/1X/b.jpeg", Alt: "a cat", Width: 640, Height: 480}
	lightbox := `<div class="lightbox-wrapper"><a class="lightbox" href="/uploads/default/original/1X/aa.png" ` +
		`data-download-href="/uploads/short-url/aa.png?dl=1" title="shot"><img src="/uploads/default/optimized/1X/aa_690x388.png" ` +
		`alt="shot" width="690" height="388"><div class="meta"><svg class="fa"></svg><span class="filename">shot</span>` +
		`<span class="informations">1920×1080 418 KB</span></div></a></div>`
	for name, c := range map[string]struct {
		post string
		want *hub.Image
	}{
		"none":                   {"<p>words</p>", nil},
		"an upload":              {"<p>words " + photo + "</p>", cat},
		"the first of two":       {"<p>" + lightbox + photo + "</p>", large},
		"behind an emoji":        {`<p><img src="/images/emoji/twitter/smile.png?v=14" class="emoji" alt=":smile:" width="20" height="20"></p>` + lightbox, large},
		"a large emoji":          {`<p><img src="https://cdn.example.com/party.png" class="emoji emoji-custom only-emoji" alt=":party:"></p>`, nil},
		"linked":                 {`<p><a href="https://example.org/">` + photo + `</a></p>`, cat},
		"on a CDN":               {`<img src="//cdn.example.com/x/a.png">`, &hub.Image{URL: "https://cdn.example.com/x/a.png"}},
		"in a list":              {"<ul><li>" + photo + "</li></ul>", cat},
		"title for alt":          {`<a class="lightbox" href="https://a.example/a.png" title=" two  words"><img src="b.png"></a>`, &hub.Image{URL: "https://a.example/a.png", Alt: "two words"}},
		"in percent":             {`<img src="/a.png" width="100%" height="99999999">`, &hub.Image{URL: forumURL + "/a.png"}},
		"quoted":                 {`<aside class="quote"><div class="title"><img class="avatar" src="/a.png">bob:</div><blockquote>` + photo + `</blockquote></aside>`, nil},
		"in a block quote":       {`<blockquote>` + photo + `</blockquote>`, nil},
		"in a onebox":            {`<aside class="onebox"><header><img class="site-icon" src="/i.png"></header>` + photo + `</aside>`, nil},
		"of a linked image":      {`<p><a class="onebox" href="https://a.example/a.png">` + photo + `</a></p>`, nil},
		"of a video":             {`<div class="youtube-onebox lazy-video-container"><a href="https://v.example/">` + photo + `</a></div>`, nil},
		"a spoiler":              {`<div class="spoiler">` + photo + `</div><span class="spoiled">` + lightbox + `</span>`, nil},
		"folded":                 {`<details><summary>Log</summary>` + photo + `</details>`, nil},
		"in a poll":              {`<div class="poll">` + photo + `</div>`, nil},
		"of a chat":              {`<div class="chat-transcript">` + photo + `</div>`, nil},
		"a face":                 {`<img class="avatar" src="/a.png"><img src="/user_avatar/f/alice/96/1.png">`, nil},
		"a badge":                {`<img src="https://img.shields.io/npm/v/x"><img src="https://ci.example/badge?b=1"><img src="https://a.example/b.svg">`, nil},
		"a pixel":                {`<img src="https://a.example/p" width="1" height="1"><img src="https://a.example/q" style="display: none">`, nil},
		"an icon":                {`<img src="https://a.example/p.png" width="32px" height="32px">`, nil},
		"secure uploads":         {`<img src="/secure-uploads/original/1X/a.png"><img src="/forum/secure-media-uploads/a.png">`, &hub.Image{URL: forumURL + "/secure-uploads/original/1X/a.png", Private: true}},
		"a secure upload larger": {`<a class="lightbox" href="/secure-uploads/original/1X/a.png">` + photo + `</a>`, &hub.Image{URL: forumURL + "/secure-uploads/original/1X/a.png", Alt: "a cat", Width: 640, Height: 480, Private: true}},
		"an upload that is gone": {`<img src="/images/transparent.png" data-orig-src="upload://a.png">`, nil},
		"data":                   {`<img src="data:image/png;base64,AAAA"><img src="javascript:alert(1)"><img src=""><img>`, nil},
		"with a password":        {`<img src="https://user:secret@a.example/a.png">`, nil},
		"an endless address":     {`<img src="https://a.example/` + strings.Repeat("a", longest) + `.png">`, nil},
		"buried":                 {strings.Repeat("<div>", maxDepth+2) + photo, nil},
	} {
		t.Run(name, func(t *testing.T) {
			got := newWriter().excerpt(c.post, forumURL, 400).image
			if c.want != nil && got == nil || got != nil && strings.Contains(got.URL, "/secure-") != got.Private {
				t.Fatalf("got %+v", got)
			}
			require.Equal(t, c.want, got)
		})
	}
}

func TestImageAltIsBounded(t *testing.T) {
	got := newWriter().excerpt(`<img src="/a.png" alt="`+strings.Repeat("👩‍👩‍👧‍👦", 1000)+`">`, forumURL, 400).image
	require.Equal(t, strings.Repeat("👩‍👩‍👧‍👦", altLimit)+"…", got.Alt)
}

// What has no site of its own cannot say where a relative address leads.
func TestImageOfAThing(t *testing.T) {
	require.Nil(t, newWriter().excerpt(photo, "", 400).image)
	got := newWriter().excerpt(`<p>News</p><img src="https://blog.example/a.jpg">`, "", 400).image
	require.Equal(t, &hub.Image{URL: "https://blog.example/a.jpg"}, got)
}

// A post as a forum sends it, of which only the upload is an image.
func TestImageOfAForumsPost(t *testing.T) {
	body := discoursetest.Get("post_created_rich.json").Body
	var sent struct {
		Post struct {
			Cooked string `json:"cooked"`
		} `json:"post"`
	}
	require.NoError(t, json.Unmarshal(body, &sent))
	got := newWriter().excerpt(sent.Post.Cooked, forumURL, 400).image
	require.Equal(t, &hub.Image{URL: forumURL + "/uploads/default/original/1X/aa.png", Alt: "shot", Width: 690, Height: 388}, got)
}

// The image goes with the post's text, and only there.
func TestImageOfAMessage(t *testing.T) {
	c := composer{write: newWriter(), event: &hub.Event{Type: hub.ForumPostCreated, Source: "meta"}, forum: &hub.Forum{
		Site: forumURL, Topic: &hub.Topic{ID: "1", Title: "A cat"}, Post: &hub.Post{Number: 1, HTML: "<p>Look:</p>" + photo},
	}}
	require.Equal(t, forumURL+"/uploads/default/original/1X/b.jpeg", c.message(hub.Watch, &hub.Options{}).Card.Image.URL)
	require.NotNil(t, c.message(hub.Watch, &hub.Options{Excerpt: 1}).Card.Image)
	require.Nil(t, c.message(hub.Watch, &hub.Options{Style: hub.StyleCompact}).Card.Image)
	require.Same(t, c.message(hub.Watch, &hub.Options{}).Card, c.message(hub.Thread, &hub.Options{}).Card, "made once for all chats")
	c.forum.Post.HTML = "<p>Look.</p>"
	c.cache, c.cards = nil, nil
	require.Nil(t, c.message(hub.Watch, &hub.Options{}).Card.Image)
}
