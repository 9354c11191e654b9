package storetest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/store"
)

func deliveries(t *testing.T, open func(t *testing.T) *store.Store) {
	each(t, open, map[string]test{
		"record and get":            recordAndGet,
		"acts":                      acts,
		"missing":                   missingDelivery,
		"known already":             knownAlready,
		"outcome before announced":  outcomeFirst,
		"any order":                 anyOrder,
		"any order in one batch":    anyOrderInOneBatch,
		"attempts":                  attemptsGrow,
		"a receipt stays":           receiptStays,
		"refused outcomes":          refusedOutcomes,
		"owed with their outcomes":  owedWithOutcomes,
		"odd values":                oddDeliveries,
		"large batches":             largeBatches,
		"pages of equal times":      deliveryPages,
		"selected":                  deliveriesSelected,
		"bad cursors and statuses":  badDeliveryQueries,
		"prune":                     pruneDeliveries,
		"concurrent":                concurrentDeliveries,
		"concurrent with pruning":   concurrentPruning,
		"nothing to record is fine": nothingToRecord,
	})
}

// queued makes n notifications of a chat that are owed since noon.
func queued(chat string, n int) []hub.Delivery {
	ds := make([]hub.Delivery, n)
	for i := range ds {
		event := hub.EventID(fmt.Sprintf("meta/post/%d", i))
		c := hub.Chat{System: "slack", ID: chat}
		ds[i] = hub.Delivery{
			ID: hub.NotificationFor(event, c), Chat: c, Event: event, EventType: hub.ForumPostCreated, Source: "meta",
			Subscription: "sabcdefghijklmnop", Title: "A topic", Status: hub.StatusQueued, QueuedAt: noon, UpdatedAt: noon,
		}
	}
	return ds
}

func outcome(id hub.NotificationID, status hub.Status, attempt int) hub.Outcome {
	o := hub.Outcome{
		Notification: id, Chat: hub.Chat{System: "slack", ID: "C1"}, Event: "meta/post/0",
		Status: status, Attempt: attempt, At: noon.Add(time.Duration(attempt) * time.Minute),
	}
	if status == hub.StatusSent {
		o.Receipt = hub.Receipt{Ref: "1700000000.000100", URL: "https://example.slack.com/p1", At: o.At}
		return o
	}
	o.Fault, o.Reason = hub.FaultTemporary, fmt.Sprintf("%s at attempt %d", status, attempt)
	return o
}

// seen is d after o.
func seen(d hub.Delivery, o hub.Outcome) hub.Delivery {
	d.Status, d.Attempts, d.Reason, d.Receipt, d.UpdatedAt = o.Status, o.Attempt, o.Reason, o.Receipt, o.At
	return d
}

func delivery(t *testing.T, s *store.Store, id hub.NotificationID) hub.Delivery {
	t.Helper()
	d, err := s.GetDelivery(t.Context(), id)
	require.NoError(t, err)
	return *d
}

func recordAndGet(t *testing.T, s *store.Store) {
	want := queued("C1", 1)[0]
	claims := want
	claims.Status, claims.Attempts, claims.Reason = hub.StatusSent, 3, "claimed"
	require.NoError(t, s.RecordQueued(t.Context(), []hub.Delivery{claims}))
	equal(t, want, delivery(t, s, want.ID))
}

func acts(t *testing.T, s *store.Store) {
	d := queued("C1", 3)
	d[0].Act, d[1].Act = hub.ActEdit, hub.ActRetract
	o := outcome(d[1].ID, hub.StatusSent, 1)
	require.NoError(t, s.RecordOutcomes(t.Context(), []hub.Outcome{o}))
	require.NoError(t, s.RecordQueued(t.Context(), d))
	d[1] = seen(d[1], o)
	got := everyDelivery(t, s, hub.DeliveryQuery{})
	slices.SortFunc(got, func(a, b hub.Delivery) int { return strings.Compare(string(a.Event), string(b.Event)) })
	equal(t, d, got)
	equal(t, d[0], delivery(t, s, d[0].ID))
}

func missingDelivery(t *testing.T, s *store.Store) {
	_, err := s.GetDelivery(t.Context(), "nnope")
	code(t, hub.CodeNotFound, err)
	require.ErrorContains(t, err, "nnope")
}

func knownAlready(t *testing.T, s *store.Store) {
	d := queued("C1", 1)[0]
	other := d
	other.Title, other.QueuedAt = "Another title", noon.Add(time.Hour)
	require.NoError(t, s.RecordQueued(t.Context(), []hub.Delivery{d, other}))
	require.NoError(t, s.RecordQueued(t.Context(), []hub.Delivery{other}))
	equal(t, d, delivery(t, s, d.ID))
}

func outcomeFirst(t *testing.T, s *store.Store) {
	d := queued("C1", 1)[0]
	o := outcome(d.ID, hub.StatusSent, 2)
	require.NoError(t, s.RecordOutcomes(t.Context(), []hub.Outcome{o}))
	equal(t, seen(hub.Delivery{ID: d.ID, Chat: d.Chat, Event: d.Event, QueuedAt: o.At}, o), delivery(t, s, d.ID))

	require.NoError(t, s.RecordQueued(t.Context(), []hub.Delivery{d}))
	equal(t, seen(d, o), delivery(t, s, d.ID))
}

// records are all that may be told of one notification, each twice.
type record func(t *testing.T, s *store.Store)

func anyOrder(t *testing.T, s *store.Store) {
	orders := permutations(5)
	for i, order := range orders {
		d := queued(fmt.Sprintf("C%d", i), 1)[0]
		records := recordsOf(d)
		for _, n := range order {
			records[n](t, s)
		}
		o := outcome(d.ID, hub.StatusSent, 3)
		equal(t, seen(d, o), delivery(t, s, d.ID))
		for _, n := range order { // all again
			records[n](t, s)
		}
		equal(t, seen(d, o), delivery(t, s, d.ID))
	}
	require.Len(t, orders, 120)
}

func recordsOf(d hub.Delivery) []record {
	tell := func(status hub.Status, attempt int) record {
		o := outcome(d.ID, status, attempt)
		o.Chat = d.Chat
		return func(t *testing.T, s *store.Store) {
			require.NoError(t, s.RecordOutcomes(t.Context(), []hub.Outcome{o}))
		}
	}
	return []record{
		func(t *testing.T, s *store.Store) { require.NoError(t, s.RecordQueued(t.Context(), []hub.Delivery{d})) },
		tell(hub.StatusFailed, 1),
		tell(hub.StatusFailed, 2),
		tell(hub.StatusSent, 3),
		tell(hub.StatusFailed, 4), // of a worker that had lost its partition
	}
}

func permutations(n int) [][]int {
	if n == 0 {
		return [][]int{nil}
	}
	var orders [][]int
	for _, shorter := range permutations(n - 1) {
		for at := range n {
			orders = append(orders, slices.Insert(slices.Clone(shorter), at, n-1))
		}
	}
	return orders
}

func anyOrderInOneBatch(t *testing.T, s *store.Store) {
	var ds []hub.Delivery
	var os []hub.Outcome
	for i, order := range permutations(3) {
		d := queued(fmt.Sprintf("C%d", i), 1)[0]
		ds = append(ds, d)
		three := []hub.Outcome{outcome(d.ID, hub.StatusFailed, 1), outcome(d.ID, hub.StatusFailed, 2), outcome(d.ID, hub.StatusDead, 3)}
		for _, n := range order {
			os = append(os, three[n])
		}
	}
	require.NoError(t, s.RecordQueued(t.Context(), ds))
	require.NoError(t, s.RecordOutcomes(t.Context(), os))
	for _, d := range ds {
		equal(t, seen(d, outcome(d.ID, hub.StatusDead, 3)), delivery(t, s, d.ID))
	}
}

func attemptsGrow(t *testing.T, s *store.Store) {
	d := queued("C1", 1)[0]
	require.NoError(t, s.RecordQueued(t.Context(), []hub.Delivery{d}))
	tell := func(o hub.Outcome) hub.Delivery {
		require.NoError(t, s.RecordOutcomes(t.Context(), []hub.Outcome{o}))
		return delivery(t, s, d.ID)
	}
	second := outcome(d.ID, hub.StatusFailed, 2)
	equal(t, seen(d, second), tell(second))
	equal(t, seen(d, second), tell(outcome(d.ID, hub.StatusFailed, 1)))

	// A wait that a platform asks for is no attempt: only the time tells two apart.
	wait := outcome(d.ID, hub.StatusFailed, 2)
	wait.At, wait.Fault, wait.Reason = second.At.Add(time.Second), hub.FaultRateLimited, ""
	got := tell(wait)
	require.Equal(t, string(hub.FaultRateLimited), got.Reason, "a fault without a reason says its name")
	require.Equal(t, wait.At, got.UpdatedAt)
	equal(t, got, tell(second))

	dead := outcome(d.ID, hub.StatusDead, 3)
	equal(t, seen(d, dead), tell(dead))
	equal(t, seen(d, dead), tell(outcome(d.ID, hub.StatusSent, 4)))
}

func receiptStays(t *testing.T, s *store.Store) {
	d := queued("C1", 1)[0]
	sent, dead := outcome(d.ID, hub.StatusSent, 1), outcome(d.ID, hub.StatusDead, 2)
	require.NoError(t, s.RecordOutcomes(t.Context(), []hub.Outcome{sent}))
	require.NoError(t, s.RecordOutcomes(t.Context(), []hub.Outcome{dead}))
	got := delivery(t, s, d.ID)
	require.Equal(t, hub.StatusDead, got.Status)
	equal(t, sent.Receipt, got.Receipt)
}

func refusedOutcomes(t *testing.T, s *store.Store) {
	good := outcome("ngood", hub.StatusSent, 1)
	long := outcome("nlong", hub.StatusSent, 1)
	long.ID = string(make([]byte, 4000))
	for _, bad := range []hub.Outcome{
		outcome("", hub.StatusSent, 1), outcome("n1", "delivered", 1), outcome("n1", hub.StatusQueued, 1), outcome("n1", "", 1), long,
	} {
		code(t, hub.CodeInvalid, s.RecordOutcomes(t.Context(), []hub.Outcome{good, bad}))
	}
	code(t, hub.CodeInvalid, s.RecordQueued(t.Context(), []hub.Delivery{{Title: "no id"}}))
	_, err := s.GetDelivery(t.Context(), "ngood")
	code(t, hub.CodeNotFound, err)
}

func oddDeliveries(t *testing.T, s *store.Store) {
	for i, v := range odd() {
		d := queued("C"+v, 1)[0]
		d.Title, d.QueuedAt = v, noon.Add(time.Duration(i)*time.Second)
		d.UpdatedAt = d.QueuedAt
		o := outcome(d.ID, hub.StatusSent, 1<<40)
		o.At = noon.Add(time.Hour)
		o.Reason, o.Receipt.Ref, o.Receipt.Note = v, hub.MessageRef(v), v
		require.NoError(t, s.RecordQueued(t.Context(), []hub.Delivery{d}))
		require.NoError(t, s.RecordOutcomes(t.Context(), []hub.Outcome{o}))
		want := seen(d, o)
		if v == "" {
			want.Reason = string(o.Fault)
		}
		equal(t, want, delivery(t, s, d.ID))
	}
	for v, kept := range unstorable() {
		d := queued(v, 1)[0]
		d.Title = v
		o := outcome(d.ID, hub.StatusFailed, -1)
		o.Reason, o.At = v, time.Time{}
		require.NoError(t, s.RecordQueued(t.Context(), []hub.Delivery{d}))
		require.NoError(t, s.RecordOutcomes(t.Context(), []hub.Outcome{o}))
		got := delivery(t, s, d.ID)
		require.Equal(t, []string{kept, kept, kept}, []string{got.Chat.ID, got.Title, got.Reason})
		require.Zero(t, got.Attempts)
		require.WithinDuration(t, time.Now(), got.UpdatedAt, time.Minute, "an outcome without a time is of now")
	}
}

func largeBatches(t *testing.T, s *store.Store) {
	for _, n := range []int{1, 99, 100, 101, 5000} {
		chat := fmt.Sprintf("C%d", n)
		ds := queued(chat, n)
		require.NoError(t, s.RecordQueued(t.Context(), ds))
		os := make([]hub.Outcome, n)
		for i, d := range ds {
			os[i] = outcome(d.ID, hub.StatusSent, 1)
		}
		require.NoError(t, s.RecordOutcomes(t.Context(), os))
		require.Len(t, everyDelivery(t, s, hub.DeliveryQuery{Chat: chat, Status: []hub.Status{hub.StatusSent}}), n)
	}
}

// everyDelivery reads a list page by page.
func everyDelivery(t *testing.T, s *store.Store, q hub.DeliveryQuery) (list []hub.Delivery) {
	t.Helper()
	if q.Page.Limit == 0 {
		q.Page.Limit = 500
	}
	for {
		rows, next, err := s.ListDeliveries(t.Context(), q)
		require.NoError(t, err)
		list = append(list, rows...)
		if next == "" {
			return list
		}
		require.Len(t, rows, q.Page.Limit)
		q.Page.Cursor = next
	}
}

func deliveryPages(t *testing.T, s *store.Store) {
	ds := queued("C1", 250)
	for i := range ds[200:] {
		ds[200+i].QueuedAt = noon.Add(-time.Duration(i/2) * time.Microsecond)
	}
	require.NoError(t, s.RecordQueued(t.Context(), ds))
	for _, limit := range []int{1, 7, 50, 249, 250, 251} {
		got := everyDelivery(t, s, hub.DeliveryQuery{System: "slack", Page: hub.Page{Limit: limit}})
		require.Len(t, got, 250)
		ids := map[hub.NotificationID]bool{}
		for i, d := range got {
			ids[d.ID] = true
			require.False(t, i > 0 && d.QueuedAt.After(got[i-1].QueuedAt), "row %d is newer than the one before", i)
		}
		require.Len(t, ids, 250, "a row came twice with limit %d", limit)
	}
}

func deliveriesSelected(t *testing.T, s *store.Store) {
	ds := append(queued("C1", 2), queued("C2", 2)...)
	ds[1].Subscription, ds[2].System = "sother", "telegram"
	for i := range ds {
		ds[i].QueuedAt = noon.Add(time.Duration(i) * time.Second)
		ds[i].UpdatedAt = ds[i].QueuedAt
	}
	require.NoError(t, s.RecordQueued(t.Context(), ds))
	o := outcome(ds[3].ID, hub.StatusDead, 8)
	require.NoError(t, s.RecordOutcomes(t.Context(), []hub.Outcome{o}))
	ds[3] = seen(ds[3], o)
	for _, c := range []struct {
		query hub.DeliveryQuery
		want  []hub.Delivery
	}{
		{hub.DeliveryQuery{}, []hub.Delivery{ds[3], ds[2], ds[1], ds[0]}},
		{hub.DeliveryQuery{System: "telegram"}, []hub.Delivery{ds[2]}},
		{hub.DeliveryQuery{Chat: "C2"}, []hub.Delivery{ds[3], ds[2]}},
		{hub.DeliveryQuery{System: "slack", Chat: "C2"}, []hub.Delivery{ds[3]}},
		{hub.DeliveryQuery{Event: "meta/post/0"}, []hub.Delivery{ds[2], ds[0]}},
		{hub.DeliveryQuery{Subscription: "sother"}, []hub.Delivery{ds[1]}},
		{hub.DeliveryQuery{Status: []hub.Status{hub.StatusDead}}, []hub.Delivery{ds[3]}},
		{hub.DeliveryQuery{Status: []hub.Status{hub.StatusQueued}, Chat: "C1"}, []hub.Delivery{ds[1], ds[0]}},
		{hub.DeliveryQuery{Status: []hub.Status{hub.StatusSent}}, nil},
	} {
		rows, next, err := s.ListDeliveries(t.Context(), c.query)
		require.NoError(t, err)
		require.Empty(t, next)
		equal(t, c.want, rows)
	}
}

func badDeliveryQueries(t *testing.T, s *store.Store) {
	for range 2 {
		create(t, s, subscription("slack", time.Now().String(), "a"))
	}
	_, fromOther, err := s.ListSubscriptions(t.Context(), hub.SubscriptionQuery{Page: hub.Page{Limit: 1}})
	require.NoError(t, err)
	require.NotEmpty(t, fromOther)
	for _, bad := range []string{"x", "MTIz", "!!", fromOther} {
		_, _, err := s.ListDeliveries(t.Context(), hub.DeliveryQuery{Page: hub.Page{Cursor: bad}})
		code(t, hub.CodeInvalid, err)
	}
	_, _, err = s.ListDeliveries(t.Context(), hub.DeliveryQuery{Status: []hub.Status{hub.StatusDead, "lost"}})
	code(t, hub.CodeInvalid, err)
}

func pruneDeliveries(t *testing.T, s *store.Store) {
	old, young := queued("old", 4500), queued("young", 3)
	for i := range young {
		young[i].QueuedAt = noon.Add(time.Hour)
	}
	require.NoError(t, s.RecordQueued(t.Context(), append(old, young...)))
	n, err := s.PruneDeliveries(t.Context(), noon)
	require.NoError(t, err)
	require.Zero(t, n, "what was queued at the time itself stays")
	n, err = s.PruneDeliveries(t.Context(), noon.Add(time.Hour))
	require.NoError(t, err)
	require.EqualValues(t, 4500, n)
	require.Len(t, everyDelivery(t, s, hub.DeliveryQuery{}), 3)
}

func concurrentDeliveries(t *testing.T, s *store.Store) {
	const rows = 150
	ds := queued("C1", rows)
	all(t, func(i int) error {
		mine := slices.Clone(ds)
		if i%2 == 1 {
			slices.Reverse(mine) // rows are locked in one order all the same
		}
		if err := s.RecordQueued(t.Context(), mine); err != nil {
			return err
		}
		os := make([]hub.Outcome, 0, rows)
		for _, d := range mine {
			status := hub.StatusFailed
			if i == 7 {
				status = hub.StatusSent
			}
			os = append(os, outcome(d.ID, status, i+1))
		}
		return s.RecordOutcomes(t.Context(), os)
	})
	got := everyDelivery(t, s, hub.DeliveryQuery{Status: []hub.Status{hub.StatusSent}})
	require.Len(t, got, rows)
	for _, d := range got {
		require.Equal(t, 8, d.Attempts)
		require.Equal(t, "A topic", d.Title)
	}
}

func concurrentPruning(t *testing.T, s *store.Store) {
	all(t, func(i int) error {
		if i%4 == 0 {
			_, err := s.PruneDeliveries(t.Context(), noon.Add(time.Hour))
			return err
		}
		ds := queued(fmt.Sprintf("C%d", i%3), 200)
		if err := s.RecordQueued(t.Context(), ds); err != nil {
			return err
		}
		return s.RecordOutcomes(t.Context(), []hub.Outcome{outcome(ds[i].ID, hub.StatusSent, 1), outcome(ds[0].ID, hub.StatusSent, 1)})
	})
	_, err := s.PruneDeliveries(t.Context(), noon.Add(time.Hour))
	require.NoError(t, err)
	require.Empty(t, everyDelivery(t, s, hub.DeliveryQuery{}))
}

func nothingToRecord(t *testing.T, s *store.Store) {
	require.NoError(t, s.RecordQueued(t.Context(), nil))
	require.NoError(t, s.RecordOutcomes(t.Context(), nil))
	rows, next, err := s.ListDeliveries(t.Context(), hub.DeliveryQuery{})
	require.NoError(t, err)
	require.Empty(t, rows)
	require.Empty(t, next)
}
