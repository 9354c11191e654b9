package discourse_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub/discourse"
	"github.com/bellhop-chat/bellhop/hub/discourse/forumtest"
	"github.com/bellhop-chat/bellhop/hub/secret"
)

func TestOutage(t *testing.T) {
	f, c := forum(t, forumtest.Options{})
	id := f.Topic("alice", "support", "A", "b")
	for _, status := range []int{0, 200, 400, 404, 500, 502, 503, 504} {
		f.Outage(status)
		for _, ask := range []func() error{
			func() error { _, err := c.Topic(t.Context(), id); return err },
			func() error { _, err := c.Visible(t.Context(), id, ""); return err },
			func() error { _, err := c.Visible(t.Context(), id, "alice"); return err },
			func() error { _, err := c.Site(t.Context()); return err },
			func() error { _, err := c.GroupMembers(t.Context(), "support_team"); return err },
			func() error { _, _, err := c.PostsSince(t.Context(), time.Time{}, 1); return err },
			func() error { _, err := c.FailedDeliveries(t.Context(), "/in/meta", time.Time{}); return err },
			func() error { _, err := c.Check(t.Context()); return err },
		} {
			err := ask()
			require.Error(t, err, status)
			require.NotErrorIs(t, err, discourse.ErrNotFound, "nothing is gone because of status %d", status)
			require.NotContains(t, err.Error(), "<html>")
			if status != 404 { // whatever says 404 to everything is no forum, which is not temporary
				requireAway(t, err)
			} else {
				requireRefused(t, err, "url")
			}
		}
	}
	f.Back()
	_, err := c.Topic(t.Context(), id)
	require.NoError(t, err)
}

func TestNobodyIsThere(t *testing.T) {
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	_, err := open(t, discourse.Config{URL: gone.URL, Key: secret.New(key)}).Topic(t.Context(), "301")
	requireAway(t, err)
	require.Equal(t, 1, strings.Count(err.Error(), gone.URL), "the address is said once: %v", err)

	slow := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	t.Cleanup(slow.Close)
	_, err = open(t, discourse.Config{URL: slow.URL, Key: secret.New(key), HTTP: &http.Client{Timeout: 20 * time.Millisecond}}).Topic(t.Context(), "301")
	requireAway(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	_, err = open(t, discourse.Config{URL: slow.URL, Key: secret.New(key)}).Topic(ctx, "301")
	requireAway(t, err)
	require.ErrorIs(t, err, context.DeadlineExceeded)

	for _, bad := range []string{"", "forum.example.com", "ftp://forum.example.com", "https://", "https://u:p@forum.example.com", "://"} {
		_, err := open(t, discourse.Config{URL: bad, Key: secret.New(key)}).Check(t.Context())
		requireRefused(t, err, "url")
		require.NotContains(t, err.Error(), "u:p")
	}

	ctx, cancel = context.WithCancel(t.Context())
	cancel()
	_, err = open(t, discourse.Config{URL: slow.URL, Key: secret.New(key)}).Topic(ctx, "301")
	require.ErrorIs(t, err, context.Canceled)
}

// A redirect would carry the key to whoever the answer names.
func TestNoRedirectIsFollowed(t *testing.T) {
	called := make(chan string, 10)
	thief := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { called <- r.URL.Path }))
	t.Cleanup(thief.Close)
	at := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, thief.URL+"/elsewhere"+r.URL.Path, http.StatusFound)
	}))
	t.Cleanup(at.Close)
	c := open(t, discourse.Config{URL: at.URL, Key: secret.New(key), HTTP: &http.Client{}})
	for _, ask := range []func() error{
		func() error { _, err := c.Topic(t.Context(), "301"); return err },
		func() error { _, err := c.Site(t.Context()); return err },
		func() error { _, err := c.Check(t.Context()); return err },
	} {
		requireRefused(t, ask(), "url", thief.URL)
	}
	require.Empty(t, called)
}

func TestRefusals(t *testing.T) {
	f, good := forum(t, forumtest.Options{})
	id := f.Topic("alice", "support", "A", "b")
	with := func(k, user string) *discourse.Client {
		return open(t, discourse.Config{URL: f.URL, Key: secret.New(k), User: user})
	}
	_, err := with("wrong", "").Check(t.Context())
	requireRefused(t, err, "api_key", "revoked")
	_, err = with("wrong", "").Topic(t.Context(), id)
	requireRefused(t, err, "api_key")
	_, err = with("wrong", "").Site(t.Context())
	requireRefused(t, err, "api_key")
	_, err = with("wrong", "").Visible(t.Context(), id, "alice")
	requireRefused(t, err, "api_key")
	_, err = with(key, "nobody").Topic(t.Context(), id)
	requireRefused(t, err, "api_user", `"nobody"`)
	_, err = good.Visible(t.Context(), id, "nobody")
	requireRefused(t, err, "read_as", `"nobody"`)
	_, err = with(key+"\n", "").Check(t.Context())
	requireRefused(t, err, "api_key", "line break")
	_, err = with(key, "carol").FailedDeliveries(t.Context(), "/in/meta", time.Time{})
	requireRefused(t, err, "api_user", `"carol"`, "administrator")

	requireRefused(t, good.CheckReader(t.Context(), "nobody"), "read_as")
	require.NoError(t, good.CheckReader(t.Context(), "alice"))
	require.NoError(t, good.CheckReader(t.Context(), ""))
	requireRefused(t, with("", "").CheckReader(t.Context(), "alice"), "read_as")

	f.Suspend("alice", true)
	_, err = good.Visible(t.Context(), id, "alice")
	requireRefused(t, err, "read_as", `"alice"`, "active")
	f.Suspend("alice", false)
	visible, err := good.Visible(t.Context(), id, "alice")
	require.NoError(t, err, "what was mended is noticed at once")
	require.True(t, visible)
}

func TestKeyOfOneUser(t *testing.T) {
	f, c := forum(t, forumtest.Options{KeyUser: "carol"})
	id := f.Topic("alice", "support", "A", "b")
	_, err := c.Topic(t.Context(), id)
	requireRefused(t, err, "api_user", `"carol"`)

	c = open(t, discourse.Config{URL: f.URL, Key: secret.New(key), User: "carol"})
	_, err = c.Topic(t.Context(), id)
	require.NoError(t, err)
	_, err = c.Visible(t.Context(), id, "alice")
	requireRefused(t, err, "read_as", `"alice"`)
}

// A reason that was found is not looked for with every event.
func TestRefusalsAreCheap(t *testing.T) {
	f, _ := forum(t, forumtest.Options{})
	c := open(t, discourse.Config{URL: f.URL, Key: secret.New("wrong")})
	for range 10 {
		_, err := c.Topic(t.Context(), "301")
		requireRefused(t, err, "api_key")
	}
	require.LessOrEqual(t, len(f.Requests()), 10+3)
}

func TestLoginRequired(t *testing.T) {
	f, c := forum(t, forumtest.Options{LoginRequired: true})
	_, err := c.Site(t.Context())
	require.NoError(t, err)
	anonymous := open(t, discourse.Config{URL: f.URL})
	_, err = anonymous.Check(t.Context())
	require.NoError(t, err)
	_, err = anonymous.Site(t.Context())
	requireRefused(t, err, "api_key", "anonymous")
	_, _, err = anonymous.PostsSince(t.Context(), time.Time{}, 1)
	requireRefused(t, err, "api_key")
}

const (
	notFoundJSON = `{"errors":["The requested URL or resource could not be found."],"error_type":"not_found","extras":{"title":"Page Not Found","html":"<div>"}}`
	currentUser  = `{"current_user":{"id":-1,"username":"system"}}`
	basicInfo    = `{"title":"A forum"}`
)

// Not every answer is the forum's.
func TestWhoseAnswer(t *testing.T) {
	const absent, away, refused, visible = "absent", "away", "refused", "visible"
	type reply struct {
		status        int
		body, headers string
	}
	topic := func(more string) reply { return reply{200, `{"id":301,"archetype":"regular"` + more + `}`, ""} }
	for name, c := range map[string]struct {
		topic, proof  reply
		keyed, nobody string // what comes of it, with a key and without
	}{
		"forum":                   {topic(""), reply{}, visible, visible},
		"another topic":           {reply{200, `{"id":302}`, ""}, reply{}, away, away},
		"no topic":                {reply{200, `{}`, ""}, reply{}, away, away},
		"a list":                  {reply{200, `[]`, ""}, reply{}, away, away},
		"cut off":                 {reply{200, `{"id":301,`, ""}, reply{}, away, away},
		"nothing":                 {reply{200, ``, ""}, reply{}, away, away},
		"a page":                  {reply{200, `<html>`, ""}, reply{}, away, away},
		"too much":                {reply{200, `{"id":301,"x":"` + strings.Repeat("x", 5<<20) + `"}`, ""}, reply{}, away, away},
		"not found":               {reply{404, notFoundJSON, ""}, reply{}, absent, absent},
		"gone":                    {reply{410, notFoundJSON, ""}, reply{}, absent, absent},
		"an old forum":            {reply{404, `<html>`, "X-Discourse-Route: topics/show"}, reply{}, absent, absent},
		"an old forum, no header": {reply{404, `<html>`, ""}, reply{200, "", ""}, absent, absent},
		"a proxy lost the forum":  {reply{404, `<html>`, ""}, reply{502, `<html>`, ""}, away, away},
		"no forum":                {reply{404, `<html>`, ""}, reply{404, `<html>`, ""}, refused, refused},
		"another program":         {reply{404, `<html>`, ""}, reply{200, `{"hello":"world"}`, ""}, refused, refused},
		"hidden":                  {reply{403, `{"errors":["Nein."],"error_type":"invalid_access"}`, "X-Discourse-Username: system\nX-Discourse-Route: topics/show"}, reply{}, absent, absent},
		"hidden, header taken":    {reply{403, `{"errors":["Nein."],"error_type":"invalid_access"}`, ""}, reply{200, "", ""}, absent, absent},
		"hidden, plain":           {reply{403, `Nein.`, ""}, reply{200, "", ""}, absent, absent},
		"a wall":                  {reply{403, `<html>`, ""}, reply{403, `<html>`, ""}, refused, refused},
		"a wall that is down":     {reply{403, `<html>`, ""}, reply{500, `<html>`, ""}, away, away},
		"a password":              {reply{401, ``, "Www-Authenticate: Basic"}, reply{401, ``, ""}, refused, refused},
		"login page":              {reply{302, ``, "Location: /login"}, reply{}, refused, absent},
		"login elsewhere":         {reply{302, ``, "Location: https://sso.example.com/?back=x"}, reply{}, refused, absent},
		"permalink":               {reply{301, ``, "Location: /t/other/5\nX-Discourse-Route: topics/show"}, reply{}, absent, absent},
		"moved":                   {reply{301, ``, "Location: https://www.example.com/t/301.json"}, reply{}, refused, refused},
		"nowhere":                 {reply{302, ``, ""}, reply{}, away, away},
		"read only":               {reply{503, `{"errors":["read only"],"error_type":"read_only"}`, ""}, reply{}, away, away},
		"deleted":                 {topic(`,"deleted_at":"2026-01-10T10:00:00.000Z"`), reply{}, absent, absent},
		"deleted, odd":            {topic(`,"deleted_at":17`), reply{}, absent, absent},
		"not deleted":             {topic(`,"deleted_at":null`), reply{}, visible, visible},
		"hidden post":             {topic(`,"post_stream":{"posts":[{"post_number":1,"hidden":true}]}`), reply{}, absent, absent},
		"covered post":            {topic(`,"post_stream":{"posts":[{"post_number":1,"cooked_hidden":true}]}`), reply{}, absent, absent},
		"hidden reply":            {topic(`,"post_stream":{"posts":[{"post_number":1,"hidden":false},{"post_number":2,"hidden":true}]}`), reply{}, visible, visible},
	} {
		for _, keyed := range []bool{true, false} {
			client := open(t, discourse.Config{URL: "https://forum.example.com", Key: secret.New(key), HTTP: answering(func(r *http.Request) *http.Response {
				switch r.URL.Path {
				case "/t/301.json":
					return response(c.topic.status, c.topic.body, c.topic.headers)
				case "/session/current.json":
					require.True(t, keyed)
					if c.proof.status == 200 && c.proof.body == "" {
						return response(200, currentUser, "")
					}
				case "/site/basic-info.json":
					require.Empty(t, r.Header.Get("Api-Key"))
					if c.proof.status == 200 && c.proof.body == "" {
						return response(200, basicInfo, "")
					}
				}
				require.NotZero(t, c.proof.status, "%s: %s was not to be asked for", name, r.URL)
				return response(c.proof.status, c.proof.body, c.proof.headers)
			})})
			reader, want := "", c.nobody
			if keyed {
				reader, want = "system", c.keyed
			}
			seen, err := client.Visible(t.Context(), "301", reader)
			_, isRefused := errors.AsType[*discourse.RefusedError](err)
			_, isAway := errors.AsType[*discourse.AwayError](err)
			got := map[bool]string{true: visible, false: absent}[seen]
			if isRefused {
				got = refused
			} else if isAway {
				got = away
			}
			require.Equal(t, want, got, "%s, keyed %v: %v", name, keyed, err)
			if err != nil {
				require.NotContains(t, err.Error(), "<html>")
			}
		}
	}
}

func TestForumsWordsAreBoundedAndRedacted(t *testing.T) {
	c := open(t, discourse.Config{URL: "https://forum.example.com", Key: secret.New(key), HTTP: answering(func(*http.Request) *http.Response {
		return response(422, `{"errors":["the key `+key+` is \n`+strings.Repeat("é", 5000)+`"]}`, "")
	})})
	_, err := c.Site(t.Context())
	requireAway(t, err)
	require.Contains(t, err.Error(), "422")
	require.Contains(t, err.Error(), "the key [secret] is é")
	require.Less(t, len(err.Error()), 600)
	require.NotContains(t, err.Error(), "\n")
}

// The forum's limit is kept without its saying so.
func TestPace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := forumtest.New(forumtest.Options{URL: "https://forum.example.com", Key: key})
		f.AddUser("alice", forumtest.User{})
		id := f.Topic("alice", "uncategorized", "A", "b")
		f.Limit(60)
		c := discourse.New(discourse.Config{URL: f.URL, Key: secret.New(key), HTTP: through(f)})
		began, asked := time.Now(), 0
		for time.Since(began) < 5*time.Minute {
			_, err := c.Topic(t.Context(), id)
			require.NoError(t, err, "after %d in %v", asked, time.Since(began))
			asked++
		}
		require.InDelta(t, 10+5*50, asked, 2, "as many as there may be")
	})
}

// Who would have to wait long is told for how long, and takes nobody's turn.
func TestPatience(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := forumtest.New(forumtest.Options{URL: "https://forum.example.com", Key: key})
		f.AddUser("alice", forumtest.User{})
		id := f.Topic("alice", "uncategorized", "A", "b")
		c := discourse.New(discourse.Config{URL: f.URL, Key: secret.New(key), HTTP: through(f), PerMinute: 60})
		began, answered, turned := time.Now(), make(chan error, 100), 0
		for range 100 {
			go func() { _, err := c.Topic(t.Context(), id); answered <- err }()
		}
		for range 100 {
			if err := <-answered; err != nil {
				away := requireAway(t, err)
				require.Greater(t, away.After, 5*time.Second)
				require.Less(t, away.After, 10*time.Second, "each is told its own time, not the queue's")
				turned++
			}
		}
		require.InDelta(t, 10+4, 100-turned, 1)
		require.Less(t, time.Since(began), 6*time.Second)

		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		_, err := c.Topic(ctx, id)
		require.Positive(t, requireAway(t, err).After, "there is no use in waiting past the deadline")
		require.NoError(t, ctx.Err())
	})
}

func TestTooManyRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := forumtest.New(forumtest.Options{URL: "https://forum.example.com", Key: key})
		f.AddUser("alice", forumtest.User{})
		id := f.Topic("alice", "uncategorized", "A", "b")
		f.Limit(2)
		c := discourse.New(discourse.Config{URL: f.URL, Key: secret.New(key), HTTP: through(f)})
		for range 2 {
			_, err := c.Topic(t.Context(), id)
			require.NoError(t, err)
		}
		_, err := c.Topic(t.Context(), id)
		require.Equal(t, time.Minute, requireAway(t, err).After)

		<-time.After(20 * time.Second)
		_, err = c.Visible(t.Context(), id, "")
		require.Equal(t, 40*time.Second, requireAway(t, err).After, "nobody asks before the time")
		require.Len(t, f.Requests(), 3)

		<-time.After(37 * time.Second)
		_, err = c.Topic(t.Context(), id)
		require.NoError(t, err, "the last seconds are waited for")
		require.Equal(t, time.Minute, f.Requests()[3].At.Sub(f.Requests()[2].At))
	})
}

func TestHowLongToWait(t *testing.T) {
	for name, c := range map[string]struct {
		status        int
		body, headers string
		want          time.Duration
	}{
		"seconds":         {429, ``, "Retry-After: 17", 17 * time.Second},
		"body":            {429, `{"errors":["Slow down"],"error_type":"rate_limit","extras":{"wait_seconds":23,"time_left":"23 seconds"}}`, "", 23 * time.Second},
		"the longer":      {429, `{"errors":["Slow down"],"extras":{"wait_seconds":3.5}}`, "Retry-After: 2", 3500 * time.Millisecond},
		"plain text":      {429, "Slow down, you're making too many requests.\nPlease retry again in 9 seconds.\n", "Retry-After: 9", 9 * time.Second},
		"a date":          {429, ``, "Retry-After: Sat, 01 Jan 2000 00:00:42 GMT", 42 * time.Second},
		"not told":        {429, `{"extras":{"wait_seconds":"soon"}}`, "", 30 * time.Second},
		"nonsense":        {429, ``, "Retry-After: -5", 30 * time.Second},
		"for ever":        {429, ``, "Retry-After: 99999999999999999", time.Hour},
		"a day":           {429, ``, "Retry-After: 86400", time.Hour},
		"maintenance":     {503, `<html>`, "Retry-After: 11", 11 * time.Second},
		"plain 503":       {503, `<html>`, "", 0},
		"a date long ago": {429, ``, "Retry-After: Sat, 01 Jan 1999 00:00:42 GMT", 30 * time.Second},
	} {
		synctest.Test(t, func(t *testing.T) { // it is midnight of 2000-01-01
			asked := 0
			client := discourse.New(discourse.Config{URL: "https://forum.example.com", Key: secret.New(key), HTTP: answering(func(*http.Request) *http.Response {
				asked++
				return response(c.status, c.body, c.headers)
			})})
			_, err := client.Check(t.Context())
			require.Equal(t, c.want, requireAway(t, err).After, name)
			_, err = client.Check(t.Context())
			require.Error(t, err)
			if c.want > 5*time.Second {
				require.Equal(t, 1, asked, name)
			} else {
				require.Equal(t, 2, asked, name)
			}
		})
	}
}
