package admin_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/admin"
	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/store"
	"github.com/bellhop-chat/bellhop/hub/store/storetest"
)

// office is a server whose tables are real.
type office struct {
	*world
	store *store.Store
	row   hub.Subscription // that was rehearsed
	other []hub.Subscription
}

func newOffice(t *testing.T) *office {
	t.Helper()
	s, err := store.Open(t.Context(), store.Config{Dir: storetest.Prepare(t, t.TempDir())})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	o := &office{store: s}
	o.world = newWorld(func(d *admin.Deps) {
		d.Subscriptions, d.Table, d.Audit, d.Rehearse = s, s, s, o.rehearse
		d.Now = time.Now
	})
	return o
}

// rehearse finds that every event matches.
func (o *office) rehearse(_ context.Context, row hub.Subscription, others []hub.Subscription, shown hub.EventID) (*hub.Rehearsal, error) {
	o.row, o.other = row, others
	if shown == "" {
		shown = "enewest"
	}
	return &hub.Rehearsal{
		Events: 3, Matched: 2, Register: "011", Shown: shown, Matches: []hub.Rehearsed{{Event: shown, Type: hub.ForumPostCreated, Kind: "Reply", Title: "Help", At: began}},
		Messages: []hub.Look{{Rendered: hub.Rendered{Kind: "slack", Markup: "*Help*", Plain: "Help"}}},
		Message:  &hub.Message{Card: &hub.Card{Title: "Help"}, Thread: "t1", InThread: true, Actions: []hub.Action{{Label: "Mute topic"}}},
	}, nil
}

// says requires that an answer has a status and holds a text.
func (a answer) says(status int, part string) answer {
	a.t.Helper()
	require.Equal(a.t, status, a.Code, a.Body)
	require.Contains(a.t, a.Body.String(), part)
	return a
}

// make makes a row over the API and gives its id.
func (o *office) make(t *testing.T, body string) string {
	t.Helper()
	var row hub.Subscription
	a := o.call(t, "POST", "/api/v1/subscriptions", body)
	require.Equal(t, http.StatusCreated, a.Code, a.Body)
	require.NoError(t, json.Unmarshal(a.Body.Bytes(), &row))
	return string(row.ID)
}

// deliver sends what waits, as a worker would, and reports whether something did.
func (o *office) deliver() bool {
	defer o.lock()()
	if len(o.deliveries) == 0 {
		return false
	}
	o.deliveries[0].Status, o.deliveries[0].Receipt.URL = hub.StatusSent, "https://slack.example/p1"
	return true
}

const watchBugs = `{"system":"slack","chat":"C1","mode":"watch","filters":[{"type":"author","any":["ann"]}]}`

func TestRestore(t *testing.T) {
	o := newOffice(t)
	id := o.make(t, watchBugs)
	path := "/api/v1/subscriptions/" + id
	o.call(t, "POST", path+"/restore", "").says(http.StatusConflict, "there is nothing to bring back")
	o.call(t, "DELETE", path, "").is(http.StatusNoContent, "")
	o.news()
	o.call(t, "POST", path+"/restore", "").says(http.StatusOK, id)
	require.Empty(t, o.news(), "the whole table is read again")
	o.call(t, "GET", path, "").says(http.StatusOK, "ann")
	o.call(t, "GET", "/api/v1/audit?action=subscription.restore", "").says(http.StatusOK, id)
	o.call(t, "POST", "/api/v1/subscriptions/snone/restore", "").says(http.StatusNotFound, "no subscription \\\"snone\\\" was deleted here")
}

func TestVersions(t *testing.T) {
	o := newOffice(t)
	path := "/api/v1/subscriptions/" + o.make(t, watchBugs)
	tag := o.call(t, "GET", path, "").Header().Get("ETag")
	require.NotEmpty(t, tag)
	hers := strings.Replace(watchBugs, "watch", "follow", 1)
	o.call(t, "PUT", path, hers, "If-Match", tag).says(http.StatusOK, "follow")
	o.call(t, "PUT", path, watchBugs, "If-Match", tag).says(http.StatusConflict, "was changed meanwhile")
	o.call(t, "PUT", path, watchBugs).says(http.StatusOK, "watch")
	o.call(t, "PUT", path, hers, "If-Match", `"?"`).says(http.StatusUnprocessableEntity, "no version")

	row, err := o.store.GetSubscription(t.Context(), hub.SubscriptionID(strings.TrimPrefix(path, "/api/v1/subscriptions/")))
	require.NoError(t, err)
	change, err := o.server.LastChange(t.Context(), row, row.UpdatedAt)
	require.NoError(t, err)
	require.Equal(t, "admin", change.Who)
	require.Equal(t, hub.Follow, change.Before.Mode)
}

func TestBulk(t *testing.T) {
	o := newOffice(t)
	a, b := o.make(t, watchBugs), o.make(t, strings.Replace(watchBugs, "C1", "C2", 1))
	c := o.make(t, strings.Replace(watchBugs, "ann", "bob", 1))
	bulk := func(body string) answer { t.Helper(); return o.call(t, "POST", "/api/v1/subscriptions/bulk", body) }

	bulk(`{"do":"disable","query":{"system":"slack"},"dry_run":true}`).says(http.StatusOK, `{"count":3,"chats":2}`)
	bulk(`{"do":"disable","query":{"chat":"C1"},"count":3}`).says(http.StatusConflict, "there are 2 such subscriptions by now, not 3")
	bulk(`{"do":"disable","query":{"chat":"C1"},"count":2}`).says(http.StatusOK, `{"count":2,"chats":1}`)
	bulk(`{"do":"enable","query":{"state":"off"},"dry_run":true}`).says(http.StatusOK, `"count":2`)
	bulk(`{"do":"move","ids":["`+a+`","`+c+`"],"to":{"system":"slack","chat":"C2"}}`).says(http.StatusOK, `{"count":1,"chats":1,"left":["`+a+`"]}`)
	bulk(`{"do":"delete","ids":["`+a+`","`+b+`","`+a+`","snone"]}`).says(http.StatusOK, `"count":2`)
	o.call(t, "GET", "/api/v1/subscriptions", "").says(http.StatusOK, c)
	o.call(t, "POST", "/api/v1/subscriptions/"+b+"/restore", "").says(http.StatusOK, b)

	bulk(`{"do":"burn","ids":["x"]}`).says(http.StatusUnprocessableEntity, "must be enable, disable, delete or move")
	bulk(`{"do":"enable"}`).says(http.StatusUnprocessableEntity, "which rows are meant")
	bulk(`{"do":"move","ids":["x"],"to":{"system":"slak","chat":"C"}}`).says(http.StatusUnprocessableEntity, "to.system")
	bulk(`{"do":"enable","query":{"state":"odd"}}`).says(http.StatusUnprocessableEntity, "query.state")
}

func TestPreviewOfARow(t *testing.T) {
	o := newOffice(t)
	o.make(t, watchBugs)
	try := func(body string, headers ...string) answer {
		t.Helper()
		return o.call(t, "POST", "/api/v1/subscriptions/preview", body, headers...)
	}
	try(watchBugs).says(http.StatusOK, `"matched":2`)
	require.Len(t, o.other, 1, "it is held against the rows of its chat")
	try(watchBugs).says(http.StatusOK, "New topics and replies by ann go to #zebra.")
	try(watchBugs, "Accept-Language", "de").says(http.StatusOK, "Neue Themen und Antworten von ann gehen an #zebra.")
	o.row = hub.Subscription{}
	try(strings.Replace(watchBugs, "ann", "", 1)).says(http.StatusOK, `"problems"`)
	require.Empty(t, o.row.Mode, "what cannot be read is held against nothing")
	o.forum = &hub.Taxonomy{Source: "meta", Complete: true, Tags: []hub.ForumTag{{Name: "bug"}}}
	o.now = o.now.Add(time.Hour)
	try(`{"system":"slack","chat":"C1","source":"meta","mode":"watch","filters":[{"type":"tag","any":["bgu"]}]}`).says(http.StatusOK, "did you mean bug?")
	require.Equal(t, hub.Watch, o.row.Mode, "a name that is not there matches what it matches")
}

func TestTestOfARow(t *testing.T) {
	o := newOffice(t)
	path := "/api/v1/subscriptions/" + o.make(t, watchBugs)
	var worker sync.WaitGroup
	defer worker.Wait()
	worker.Go(func() {
		for tick := time.NewTicker(5 * time.Millisecond); ; {
			<-tick.C
			if o.deliver() || t.Context().Err() != nil {
				tick.Stop()
				return
			}
		}
	})
	o.call(t, "POST", path+"/test", `{}`).says(http.StatusOK, `"url":"https://slack.example/p1"`)
	n := o.notified[0]
	require.Contains(t, n.Message.Text, "Test")
	require.Equal(t, "Help", n.Message.Card.Title)
	require.Empty(t, n.Message.Actions)
	require.False(t, n.Message.InThread)
	require.Equal(t, hub.Chat{System: "slack", ID: "C1"}, n.Chat)
	mute := o.make(t, strings.Replace(watchBugs, "watch", "mute", 1))
	o.call(t, "POST", "/api/v1/subscriptions/"+mute+"/test", `{}`).says(http.StatusUnprocessableEntity, "there is nothing to test")
}
