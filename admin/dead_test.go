package admin_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bellhop-chat/bellhop/admin"
	"github.com/bellhop-chat/bellhop/hub"
	"github.com/stretchr/testify/require"
)

// graveyard is the dead letters and the queue, in memory.
type graveyard struct {
	dead   sync.Mutex
	buried []hub.DeadLetter // the letter with number n is buried[n-1]
	gone   map[uint64]bool
	sought hub.DeadQuery // the last query
	again  []hub.Notification
	full   int // how many the queue takes, 0 for all
	broken error
}

func (g *graveyard) SearchDead(_ context.Context, q hub.DeadQuery) (letters []hub.DeadLetter, next string, err error) {
	g.dead.Lock()
	defer g.dead.Unlock()
	g.sought = q
	for i := len(g.buried) - 1; i >= 0; i-- {
		if q.Match(&g.buried[i]) {
			letters = append(letters, g.buried[i])
		}
	}
	return letters, "7", g.broken
}

func (g *graveyard) DeadLetter(_ context.Context, id hub.NotificationID) (*hub.DeadLetter, error) {
	g.dead.Lock()
	defer g.dead.Unlock()
	for i := len(g.buried) - 1; i >= 0; i-- {
		if g.buried[i].Notification.ID == id {
			d := g.buried[i]
			return &d, g.broken
		}
	}
	return nil, hub.Errorf(hub.CodeNotFound, "there is no dead letter %q", id)
}

func (g *graveyard) EachDead(_ context.Context, q hub.DeadQuery, visit func(uint64, *hub.DeadLetter) error) error {
	g.dead.Lock()
	defer g.dead.Unlock()
	g.sought = q
	for i, d := range g.buried {
		if q.Match(&d) {
			if err := visit(uint64(i+1), &d); err != nil {
				return err
			}
		}
	}
	return g.broken
}

func (g *graveyard) DeadAt(_ context.Context, seq uint64) (*hub.DeadLetter, error) {
	g.dead.Lock()
	defer g.dead.Unlock()
	if g.gone[seq] {
		return nil, g.broken
	}
	d := g.buried[seq-1]
	return &d, g.broken
}

func (g *graveyard) Notify(_ context.Context, ns []hub.Notification) error {
	g.dead.Lock()
	defer g.dead.Unlock()
	if g.full > 0 && len(g.again)+len(ns) > g.full {
		return hub.Errorf(hub.CodeUnavailable, "the queue is full")
	}
	g.again = append(g.again, ns...)
	return nil
}

func refusal() *hub.Exchange {
	return &hub.Exchange{
		Method: "POST", URL: "https://slack.com/api/chat.postMessage", Request: "{}", Status: 503, Answer: "busy", At: began, TookMS: 20,
	}
}

// died is notification n, queued n minutes after all began and given up an
// hour later.
func died(n int) hub.DeadLetter {
	queued := began.Add(time.Duration(n) * time.Minute)
	return hub.DeadLetter{
		Notification: hub.Notification{
			Version: 1, ID: hub.NotificationID(fmt.Sprintf("n%d", n)), Chat: hub.Chat{System: "slack", ID: "C1"},
			Event: "e1", EventType: hub.ForumPostCreated, Source: "meta", Subscription: "s1",
			Message: hub.Message{Card: &hub.Card{Kind: "Reply", Title: fmt.Sprintf("Topic %d", n)}}, QueuedAt: queued, StaleAt: queued.Add(time.Hour),
		},
		Fault: hub.FaultChatGone, Reason: "the bot was removed", Attempts: 1, At: queued.Add(time.Hour), Exchange: refusal(),
	}
}

// logOf is what the delivery log says of a dead letter.
func logOf(d hub.DeadLetter, status hub.Status) hub.Delivery {
	n := d.Notification
	return hub.Delivery{
		ID: n.ID, Chat: n.Chat, Status: status, Again: n.Again, Attempts: d.Attempts, Reason: d.Reason, QueuedAt: n.QueuedAt, UpdatedAt: d.At,
	}
}

func (w *world) bury(ds ...hub.DeadLetter) {
	for _, d := range ds {
		w.buried = append(w.buried, d)
		w.deliveries = append(w.deliveries, logOf(d, hub.StatusDead))
	}
}

func TestDeadLetters(t *testing.T) {
	w := newWorld()
	w.call(t, "GET", "/api/v1/dead", "").is(http.StatusOK, `{"items":[],"next":"7"}`)
	d := died(1)
	w.bury(d)
	const told = `{"id":"n1","system":"slack","chat":"C1","event":"e1","event_type":"forum.post.created","source":"meta","subscription":"s1",
		"title":"Topic 1","status":"dead","fault":"chat_gone","reason":"the bot was removed","attempts":1,
		"queued_at":"2026-01-02T03:05:05Z","at":"2026-01-02T04:05:05Z"`
	w.call(t, "GET", "/api/v1/dead", "").is(http.StatusOK, `{"items":[`+told+`}],"next":"7"}`)
	w.attempts = map[hub.NotificationID][]hub.Attempt{"n1": {{Attempt: 1, Status: hub.StatusDead, At: began, Times: 1}}}
	w.call(t, "GET", "/api/v1/dead/n1", "").is(http.StatusOK, told+`,"message":{"card":{"kind":"Reply","title":"Topic 1"}},
		"exchange":{"method":"POST","url":"https://slack.com/api/chat.postMessage","request":"{}","status":503,"answer":"busy",
		"at":"2026-01-02T03:04:05Z","took_ms":20},"history":[{"attempt":1,"status":"dead","at":"2026-01-02T03:04:05Z","times":1}]}`)
	w.call(t, "GET", "/api/v1/dead/n2", "").refused(http.StatusNotFound, "", "n2")

	w.call(t, "GET", "/api/v1/dead?system=slack&chat=a&source=meta&subscription=s1&fault=stale&text=x&since=2026-01-02T03:04:05Z&until=2026-01-02T03:04:05Z&limit=3&cursor=9", "")
	require.Equal(t, hub.DeadQuery{
		System: "slack", Chat: "a", Source: "meta", Subscription: "s1", Fault: hub.FaultStale, Text: "x", Since: began, Until: began,
		Page: hub.Page{Limit: 3, Cursor: "9"},
	}, w.sought)
}

// TestWhatBecameOfDeadLetters has the log know other things than the letters.
func TestWhatBecameOfDeadLetters(t *testing.T) {
	first := died(1)
	second := first
	second.Notification.Again = 1
	sentFirst := logOf(first, hub.StatusDead)
	sentFirst.Receipt.Ref = "17.1"
	for name, c := range map[string]struct {
		letters []hub.DeadLetter
		log     []hub.Delivery
		want    string // statuses in the list
		retry   int    // status of the answer
		says    string
		count   int
	}{
		"given up":                {[]hub.DeadLetter{first}, []hub.Delivery{logOf(first, hub.StatusDead)}, "dead", 202, "", 1},
		"the log is behind":       {[]hub.DeadLetter{first}, []hub.Delivery{logOf(first, hub.StatusFailed)}, "dead", 202, "", 1},
		"the log has forgotten":   {[]hub.DeadLetter{first}, nil, "dead", 202, "", 1},
		"queued again":            {[]hub.DeadLetter{first}, []hub.Delivery{logOf(second, hub.StatusQueued)}, "queued", 409, "waits for its turn already", 0},
		"failed again":            {[]hub.DeadLetter{first}, []hub.Delivery{logOf(second, hub.StatusFailed)}, "failed", 409, "another attempt follows by itself", 0},
		"sent again":              {[]hub.DeadLetter{first}, []hub.Delivery{logOf(second, hub.StatusSent)}, "sent", 409, "n1 was sent meanwhile", 0},
		"sent after all":          {[]hub.DeadLetter{first}, []hub.Delivery{logOf(first, hub.StatusSent)}, "sent", 409, "sent meanwhile", 0},
		"sent before":             {[]hub.DeadLetter{first}, []hub.Delivery{sentFirst}, "sent", 409, "sent meanwhile", 0},
		"died again":              {[]hub.DeadLetter{first, second}, []hub.Delivery{logOf(second, hub.StatusDead)}, "dead", 202, "", 1},
		"died, told twice":        {[]hub.DeadLetter{first, first}, nil, "dead dead", 202, "", 1},
		"the last letter is gone": {[]hub.DeadLetter{first}, []hub.Delivery{logOf(second, hub.StatusDead)}, "", 404, "not there any more", 0},
		"no letter, sent":         {nil, []hub.Delivery{logOf(first, hub.StatusSent)}, "", 409, "sent meanwhile", 0},
		"no letter, waiting":      {nil, []hub.Delivery{logOf(first, hub.StatusQueued)}, "", 409, "waits for its turn", 0},
		"no letter, dead":         {nil, []hub.Delivery{logOf(first, hub.StatusDead)}, "", 404, "no dead letter", 0},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld()
			w.buried, w.deliveries = c.letters, c.log
			var list struct{ Items []struct{ Status string } }
			require.NoError(t, json.Unmarshal(w.call(t, "GET", "/api/v1/dead", "").Body.Bytes(), &list))
			var statuses []string
			for _, item := range list.Items {
				statuses = append(statuses, item.Status)
			}
			require.Equal(t, c.want, strings.Join(statuses, " "))
			w.call(t, "POST", "/api/v1/dead/retry", `{"dry_run":true}`).counts(http.StatusOK, c.count, 0)
			require.Empty(t, w.again)
			got := w.call(t, "POST", "/api/v1/dead/n1/retry", "")
			if c.retry == http.StatusAccepted {
				require.Equal(t, c.retry, got.Code, got.Body)
				require.Len(t, w.again, 1)
				return
			}
			got.refused(c.retry, "", c.says)
			require.Empty(t, w.again)
		})
	}
}

// TestRetryOfWhatIsSuperseded has something newer said of the message that a dead
// letter is about.
func TestRetryOfWhatIsSuperseded(t *testing.T) {
	said, edit, retract := died(1), died(2), died(3)
	edit.Notification.ID, edit.Notification.Act, edit.Notification.Of = "u1", hub.ActEdit, "n1"
	retract.Notification.ID, retract.Notification.Act, retract.Notification.Of = "u1", hub.ActRetract, "n1"
	newest := hub.Message{Text: "as it is by now"}
	at := func(state hub.Announced, update hub.NotificationID) []hub.Announcement {
		return []hub.Announcement{{Notification: "n1", State: state, Update: update, Message: newest}}
	}
	for name, c := range map[string]struct {
		letter hub.DeadLetter
		said   []hub.Announcement
		newest bool   // its text is sent
		says   string // else it is refused
	}{
		"the newest edit":                    {letter: edit, said: at(hub.AnnouncedLive, "u1")},
		"an edit of what is forgotten":       {letter: edit},
		"an edit from before that was noted": {letter: edit, said: at(hub.AnnouncedLive, "")},
		"an older edit":                      {letter: edit, said: at(hub.AnnouncedLive, "u2"), says: "u1 is superseded: u2 came later"},
		"an edit of what is retracted":       {letter: edit, said: at(hub.AnnouncedRetracted, "u2"), says: "u1 is superseded: u2 came later"},
		"the newest retraction":              {letter: retract, said: at(hub.AnnouncedRetracted, "u1")},
		"a retraction of what came back":     {letter: retract, said: at(hub.AnnouncedLive, "u2"), says: "u1 is superseded: u2 came later"},
		"what was never changed":             {letter: said, said: at(hub.AnnouncedLive, "")},
		"what was never said, and changed":   {letter: said, said: at(hub.AnnouncedLive, "u2"), newest: true},
		"what was never said, and is gone":   {letter: said, said: at(hub.AnnouncedStruck, "u2"), says: "n1 is superseded: what it tells of was deleted or hidden since (u2)"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld()
			other := died(9)
			w.bury(c.letter, other)
			w.said = c.said
			id := c.letter.Notification.ID
			path := "/api/v1/dead/" + string(id)
			retry := w.call(t, "POST", path+"/retry", "")
			shown := w.call(t, "GET", path, "").Body.String()
			if c.says == "" {
				require.Equal(t, http.StatusAccepted, retry.Code, retry.Body)
				want := c.letter.Notification.Message
				if c.newest {
					want = newest
				}
				require.Equal(t, want, w.again[0].Message)
				require.NotContains(t, shown, "superseded")
				return
			}
			retry.refused(http.StatusConflict, "", c.says)
			require.Empty(t, w.again)
			for _, answer := range []string{shown, w.call(t, "GET", "/api/v1/dead", "").Body.String()} {
				require.Contains(t, answer, `"status":"superseded","superseded_by":"u2"`)
			}
			w.call(t, "POST", "/api/v1/dead/retry", `{"dry_run":true}`).counts(http.StatusOK, 1, 1)
			w.call(t, "POST", "/api/v1/dead/retry", `{"count":1}`).counts(http.StatusAccepted, 1, 1)
			require.Len(t, w.again, 1)
			require.Equal(t, other.Notification.ID, w.again[0].ID)
		})
	}
}

func TestRetry(t *testing.T) {
	for _, path := range []string{"/api/v1/dead/n1/retry", "/api/v1/deliveries/n1/retry"} {
		w := newWorld()
		d := died(1)
		w.bury(d)
		w.now = began.Add(24 * time.Hour)
		got := w.call(t, "POST", path, "").is(http.StatusAccepted, `{"id":"n1","system":"slack","chat":"C1","event":"e1","event_type":"forum.post.created",
			"source":"meta","subscription":"s1","title":"Topic 1","again":1,"status":"queued","attempts":0,
			"queued_at":"2026-01-02T03:05:05Z","updated_at":"2026-01-03T03:04:05Z"}`)
		require.Equal(t, "/api/v1/deliveries/n1", got.Header().Get("Location"))
		want := d.Notification
		want.Again, want.QueuedAt, want.StaleAt = 1, w.now, time.Time{}
		require.Equal(t, []hub.Notification{want}, w.again)
		require.Equal(t, hub.StatusQueued, w.deliveries[0].Status)
		w.call(t, "POST", path, "").refused(http.StatusConflict, "", "waits for its turn already")
		require.Len(t, w.again, 1)
		require.Contains(t, w.log.String(), "who=admin")
	}
	w := newWorld()
	fresh := died(2)
	fresh.Notification.StaleAt = began.Add(time.Hour)
	fresh.Notification.Message = hub.Message{Text: "By hand\nand so on"}
	w.buried = []hub.DeadLetter{fresh}
	w.logFails = hub.Errorf(hub.CodeUnavailable, "the database is away")
	require.Equal(t, http.StatusAccepted, w.call(t, "POST", "/api/v1/dead/n2/retry", "").Code, "it is queued all the same")
	require.Equal(t, began.Add(time.Hour), w.again[0].StaleAt, "what is still worth sending keeps its end")
	require.Contains(t, w.log.String(), "not in the delivery log")
	w.call(t, "GET", "/api/v1/dead/n2", "")

	w.full = 1
	w.call(t, "POST", "/api/v1/dead/n2/retry", "").refused(http.StatusServiceUnavailable, "", "the queue is full")
}

func TestRetryAll(t *testing.T) {
	w := newWorld()
	nameless := died(3)
	nameless.Notification.ID = ""
	early := died(4) // it died a second time, after the others
	early.Notification.Again, early.Notification.QueuedAt = 2, began.Add(48*time.Hour)
	w.bury(died(6), died(5), nameless, early)
	w.deliveries[3].QueuedAt = began.Add(4 * time.Minute)
	other := died(7)
	other.Notification.System = "console"
	w.bury(other)
	w.now = began.Add(72 * time.Hour)

	w.call(t, "POST", "/api/v1/dead/retry", `{"system":"slack","dry_run":true}`).counts(http.StatusOK, 3, 0)
	for _, count := range []string{"2", "4", "0", "-1"} {
		w.call(t, "POST", "/api/v1/dead/retry", `{"system":"slack","count":`+count+`}`).refused(http.StatusConflict, "", "selects 3 dead letters now, not "+count)
	}
	require.Empty(t, w.again)
	sent := w.call(t, "POST", "/api/v1/dead/retry", `{"system":"slack","count":3}`).counts(http.StatusAccepted, 3, 0)
	require.Equal(t, []admin.ChatCount{{Chat: hub.Chat{System: "slack", ID: "C1"}, Count: 3}}, sent.Chats)
	require.False(t, sent.Oldest.IsZero())
	w.call(t, "GET", "/api/v1/retries/"+sent.Retry, "").is(http.StatusOK,
		`{"id":"`+sent.Retry+`","count":3,"looked":3,"queued":3,"failed":0,"sent":0,"dead":0}`)
	w.call(t, "GET", "/api/v1/retries/none", "").refused(http.StatusNotFound)
	var ids []string
	for _, n := range w.again {
		ids = append(ids, fmt.Sprint(n.ID, "+", n.Again))
		require.Equal(t, w.now, n.QueuedAt)
	}
	require.Equal(t, []string{"n4+3", "n5+1", "n6+1"}, ids, "in the order of the first queueing")
	w.call(t, "POST", "/api/v1/dead/retry", `{"system":"slack","count":3}`).refused(http.StatusConflict, "", "selects 0 dead letters now")
	w.call(t, "POST", "/api/v1/dead/retry", `{"dry_run":true}`).counts(http.StatusOK, 1, 0)
	require.Len(t, w.again, 3)

	w.call(t, "POST", "/api/v1/dead/retry", `{"chat":"a","source":"b","subscription":"c","fault":"stale","text":"d","since":"2026-01-02T03:04:05Z","until":"2026-01-02T03:04:05Z","dry_run":true}`).
		counts(http.StatusOK, 0, 0)
	require.Equal(t, hub.DeadQuery{Chat: "a", Source: "b", Subscription: "c", Fault: "stale", Text: "d", Since: began, Until: began}, w.sought)
}

func TestRetryAllRefused(t *testing.T) {
	w := newWorld()
	w.bury(died(1))
	for _, c := range []struct {
		body   string
		status int
		fields []string
	}{
		{`{}`, 422, []string{"count", "ask for it with dry_run"}},
		{`{"system":"slack"}`, 422, []string{"count", "is required"}},
		{`{"dry_run":true,"count":1}`, 422, []string{"count", "leave one of them out"}},
		{`{"count":1,"since":"yesterday","until":"x","fault":"tired"}`, 422, []string{"since", "want a time", "until", "want a time", "fault", "one of"}},
		{`{"count":1,"sistem":"slack"}`, 422, []string{"sistem", "is not a field"}},
		{`{"count":"1"}`, 422, []string{"count", "want integer"}},
	} {
		w.call(t, "POST", "/api/v1/dead/retry", c.body).refused(c.status, c.fields...)
	}
	require.Empty(t, w.again)
	w.broken = hub.Errorf(hub.CodeUnavailable, "the bus is away")
	w.call(t, "POST", "/api/v1/dead/retry", `{"count":1}`).refused(http.StatusServiceUnavailable)
	w.broken, w.fail = nil, hub.Errorf(hub.CodeUnavailable, "the database is away")
	w.call(t, "POST", "/api/v1/dead/retry", `{"count":1}`).refused(http.StatusServiceUnavailable)
	w.call(t, "POST", "/api/v1/dead/n1/retry", "").refused(http.StatusServiceUnavailable)
	require.Empty(t, w.again)
}

// TestRetryAllInPart fills the queue in the middle of a bulk: what is left can
// be counted and sent later, and nothing twice.
func TestRetryAllInPart(t *testing.T) {
	w := newWorld()
	for n := range 1000 {
		w.bury(died(n))
	}
	w.gone = map[uint64]bool{7: true}
	w.full = 500
	w.call(t, "POST", "/api/v1/dead/retry", `{"count":1000}`).refused(http.StatusServiceUnavailable, "", "399 of 1000 are queued again")
	require.Len(t, w.again, 399)
	w.full, w.gone = 0, nil
	w.call(t, "POST", "/api/v1/dead/retry", `{"dry_run":true}`).counts(http.StatusOK, 601, 0)
	w.call(t, "POST", "/api/v1/dead/retry", `{"count":601}`).counts(http.StatusAccepted, 601, 0)
	seen := map[hub.NotificationID]bool{}
	for _, n := range w.again {
		seen[n.ID] = true
	}
	require.Len(t, seen, 1000)
	require.Len(t, w.again, 1000)
}

// TestRetryAllTwiceAtOnce lets two people press the button.
func TestRetryAllTwiceAtOnce(t *testing.T) {
	w := newWorld()
	for n := range 300 {
		w.bury(died(n))
	}
	var wg sync.WaitGroup
	codes := make([]int, 4)
	for i := range codes {
		wg.Go(func() {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "/api/v1/dead/retry", strings.NewReader(`{"count":300}`))
			if err != nil {
				t.Error(err)
				return
			}
			r.Header.Set("Authorization", "Bearer "+token)
			r.Header.Set("Content-Type", "application/json")
			codes[i] = w.do(r).Code
		})
	}
	wg.Wait()
	require.ElementsMatch(t, []int{202, 409, 409, 409}, codes)
	require.Len(t, w.again, 300)
}

var _ admin.DeadLetters = (*graveyard)(nil)

// counts checks how many a bulk is or was.
func (a answer) counts(status, count, superseded int) admin.RetryCount {
	a.t.Helper()
	require.Equal(a.t, status, a.Code, a.Body)
	var c admin.RetryCount
	require.NoError(a.t, json.Unmarshal(a.Body.Bytes(), &c))
	require.Equal(a.t, count, c.Count)
	require.Equal(a.t, superseded, c.Superseded)
	return c
}
