package bus_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats.go"
	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/bus"
)

// letter is the n-th notification of a chat, given up n seconds after the first.
func letter(chat string, n int) hub.DeadLetter {
	return hub.DeadLetter{
		Notification: notification(chat, n), Fault: hub.FaultRejected, Reason: fmt.Sprintf("reason %d", n), Attempts: 1,
		At: time.Date(2026, 3, 4, 5, 6, n, 0, time.UTC),
	}
}

func bury(t testing.TB, b *bus.Bus, ds ...hub.DeadLetter) {
	t.Helper()
	for _, d := range ds {
		require.NoError(t, b.Dead(t.Context(), d))
	}
}

// eachDead collects what EachDead tells, and checks that DeadAt finds the same.
func eachDead(t testing.TB, b *bus.Bus, q hub.DeadQuery) (letters []hub.DeadLetter) {
	t.Helper()
	require.NoError(t, b.EachDead(t.Context(), q, func(seq uint64, d *hub.DeadLetter) error {
		letters = append(letters, *d)
		again, err := b.DeadAt(t.Context(), seq)
		require.NoError(t, err)
		require.Equal(t, d, again)
		return nil
	}))
	return letters
}

func TestReplayWithinTwoMinutes(t *testing.T) {
	t.Parallel()
	modes(t, func(t *testing.T, b *bus.Bus) {
		n := notification("#a", 1)
		for again := range 3 {
			n.Again = again
			for range 2 { // a repeated call changes nothing
				require.NoError(t, b.Notify(t.Context(), []hub.Notification{n}))
			}
			require.EqualValues(t, again+1, stored(t, b, "NOTIFY"), "what is sent again arrives at once")
		}
		d := letter("#a", 1)
		for again := range 3 {
			d.Notification.Again = again // queued in the same moment
			bury(t, b, d, d)
			require.EqualValues(t, again+1, stored(t, b, "DEAD"))
		}
		got, err := b.DeadLetter(t.Context(), d.Notification.ID)
		require.NoError(t, err)
		require.Equal(t, 2, got.Notification.Again, "the last letter counts")
	})
}

func TestFindDeadLetter(t *testing.T) {
	t.Parallel()
	modes(t, func(t *testing.T, b *bus.Bus) {
		require.Empty(t, eachDead(t, b, hub.DeadQuery{}))
		full := letter("#a", 1)
		full.Exchange = &hub.Exchange{Method: "POST", URL: "https://x.example/", Request: "{}", Status: 400, Answer: "no", At: full.At}
		strange := letter("#a", 2)
		strange.Notification.ID = "an id > of * another . worker\n"
		other := letter("#a", 3)
		other.Notification.System = "matrix"
		nameless := letter("#a", 4)
		nameless.Notification.ID = ""
		bury(t, b, full, strange, other, nameless)
		for _, d := range []hub.DeadLetter{full, strange, other} {
			got, err := b.DeadLetter(t.Context(), d.Notification.ID)
			require.NoError(t, err)
			require.Empty(t, cmp.Diff(&d, got))
		}
		for _, none := range []hub.NotificationID{"", "nnope", "*", ">"} {
			_, err := b.DeadLetter(t.Context(), none)
			require.Equal(t, hub.CodeNotFound, hub.CodeOf(err), "%q", none)
		}
		gone, err := b.DeadAt(t.Context(), 99)
		require.NoError(t, err)
		require.Nil(t, gone)
		require.Len(t, eachDead(t, b, hub.DeadQuery{}), 4)
	})
}

// A worker in another language may know dead.<system> only, and write what is
// no letter.
func TestMisplacedDeadLetter(t *testing.T) {
	t.Parallel()
	b := open(t, t.TempDir())
	for _, data := range []string{
		`not JSON with "nold"`, `{"notification":{"id":"nother","of":"nold"}}`, `{"notification":{"id":"nold","system":"slack"},"reason":"r"}`,
	} {
		_, err := b.JetStream().PublishMsg(t.Context(), &nats.Msg{Subject: "dead.slack", Data: []byte(data)})
		require.NoError(t, err)
	}
	bury(t, b, letter("#a", 1))
	got, err := b.DeadLetter(t.Context(), "nold")
	require.NoError(t, err)
	require.Equal(t, "r", got.Reason)
	require.Len(t, eachDead(t, b, hub.DeadQuery{System: "slack"}), 2, "what names another system in its text than in its subject is not of this one")
	letters, next, err := b.SearchDead(t.Context(), hub.DeadQuery{})
	require.NoError(t, err)
	require.Empty(t, next)
	require.Len(t, letters, 3)
}

func TestSearchDead(t *testing.T) {
	t.Parallel()
	b := open(t, t.TempDir())
	var all []hub.DeadLetter
	for n := range 30 {
		d := letter(fmt.Sprintf("#%d", n%3), n)
		d.Notification.System = []hub.System{"slack", "matrix"}[n%2]
		if n == 7 {
			d.Reason = "Channel NOT found"
		}
		all = append(all, d)
	}
	bury(t, b, all...)
	at := func(n int) time.Time { return all[n].At }
	for i, c := range []struct {
		query hub.DeadQuery
		want  func(n int) bool
	}{
		{hub.DeadQuery{}, func(int) bool { return true }},
		{hub.DeadQuery{System: "matrix"}, func(n int) bool { return n%2 == 1 }},
		{hub.DeadQuery{System: "matrix", Chat: "#1"}, func(n int) bool { return n%2 == 1 && n%3 == 1 }},
		{hub.DeadQuery{Since: at(10), Until: at(20)}, func(n int) bool { return n >= 10 && n < 20 }},
		{hub.DeadQuery{Text: "channel not"}, func(n int) bool { return n == 7 }},
		{hub.DeadQuery{System: "irc"}, func(int) bool { return false }},
	} {
		var want, paged []hub.DeadLetter
		for n, d := range all {
			if c.want(n) {
				want = append(want, d)
			}
		}
		require.Empty(t, cmp.Diff(want, eachDead(t, b, c.query)), "query %d", i)
		q := c.query
		for q.Page.Limit = 4; ; {
			letters, next, err := b.SearchDead(t.Context(), q)
			require.NoError(t, err)
			require.LessOrEqual(t, len(letters), 4)
			paged = append(letters, paged...) // pages in turn; each is newest first
			if next == "" {
				break
			}
			q.Page.Cursor = next
		}
		require.Len(t, paged, len(want), "query %d", i)
	}
	_, _, err := b.SearchDead(t.Context(), hub.DeadQuery{Page: hub.Page{Cursor: "x"}})
	require.Equal(t, hub.CodeInvalid, hub.CodeOf(err))
}

// TestManyDeadLetters looks through more than one read gives, with holes, and
// ends when the visitor wants.
func TestManyDeadLetters(t *testing.T) {
	t.Parallel()
	b := open(t, t.TempDir())
	for n := range 700 {
		bury(t, b, letter("#a", n))
	}
	s, err := b.JetStream().Stream(t.Context(), "DEAD")
	require.NoError(t, err)
	for _, seq := range []uint64{1, 2, 300, 301, 302, 700} {
		require.NoError(t, s.DeleteMsg(t.Context(), seq))
	}
	require.Len(t, eachDead(t, b, hub.DeadQuery{}), 694)
	enough, visits := errors.New("enough"), 0
	err = b.EachDead(t.Context(), hub.DeadQuery{}, func(uint64, *hub.DeadLetter) error {
		visits++
		return enough
	})
	require.Equal(t, enough, err)
	require.Equal(t, 1, visits)
}

// TestLargeDeadLetter buries the longest notification that the bus takes.
func TestLargeDeadLetter(t *testing.T) {
	t.Parallel()
	b := open(t, t.TempDir(), func(c *bus.Config) { c.MaxPayload = 64 << 10 })
	d := letter("#a", 1)
	for text := 64 << 10; ; text -= 10 {
		d.Notification.Message.Text = strings.Repeat("x", text)
		if b.Notify(t.Context(), []hub.Notification{d.Notification}) == nil {
			break
		}
	}
	d.Reason = strings.Repeat("a long reason ", 1000)
	d.Exchange = &hub.Exchange{Request: strings.Repeat("y", hub.MaxExchangeText)}
	bury(t, b, d)
	got, err := b.DeadLetter(t.Context(), d.Notification.ID)
	require.NoError(t, err)
	require.Equal(t, d.Notification, got.Notification, "nothing of it is lost")
	require.Nil(t, got.Exchange)
	require.True(t, strings.HasPrefix(got.Reason, "a long reason") && strings.HasSuffix(got.Reason, "…"))

	d.Notification.ID, d.Notification.Message.Text = "nmiddle", strings.Repeat("x", 48<<10)
	bury(t, b, d)
	got, err = b.DeadLetter(t.Context(), "nmiddle")
	require.NoError(t, err)
	require.Equal(t, d.Reason, got.Reason, "what there is room for stays")
}

// Letters about what could not be read are told apart.
func TestNamelessDeadLetters(t *testing.T) {
	t.Parallel()
	b := open(t, t.TempDir())
	for n := range 3 {
		d := hub.DeadLetter{
			Notification: hub.Notification{Chat: hub.Chat{System: "slack"}}, Fault: hub.FaultRejected,
			Reason: fmt.Sprintf("not JSON at %d", n), At: time.Unix(int64(n), 0).UTC(),
		}
		bury(t, b, d, d)
	}
	require.EqualValues(t, 3, stored(t, b, "DEAD"))
}
