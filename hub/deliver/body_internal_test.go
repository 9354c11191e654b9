package deliver

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
)

// said is what the hub tells one chat.
func said(t *testing.T, chat, text string) []byte {
	t.Helper()
	data, err := json.Marshal(hub.Notification{
		Version: 1, ID: hub.NotificationID("n-" + chat), Chat: hub.Chat{System: "slack", ID: chat}, Message: hub.Message{Text: text},
	})
	require.NoError(t, err)
	return data
}

// TestBodiesShareMessages keeps what one event says to many chats, and what another
// does between them.
func TestBodiesShareMessages(t *testing.T) {
	t.Parallel()
	long, other := strings.Repeat("x", 2000), strings.Repeat("y", 3000)
	kept, d := newBodies(1<<20), decoder{}
	var all []body
	for i := range 100 {
		for _, text := range []string{long, other} {
			data := said(t, fmt.Sprint(i), text)
			b, ok := kept.keep(data)
			require.True(t, ok)
			require.Equal(t, data, b.all())
			n, err := d.decode(b)
			require.NoError(t, err)
			require.Equal(t, text, n.Message.Text)
			require.Equal(t, fmt.Sprint(i), n.Chat.ID)
			all = append(all, b)
		}
	}
	require.Same(t, all[0].rest, all[198].rest)
	require.Same(t, all[1].rest, all[199].rest)
	require.Less(t, 1<<20-kept.left, int64(200*200+5000))
	kept.release(all...)
	require.Empty(t, kept.rests)
	require.EqualValues(t, 1<<20, kept.left)
}

// TestBodiesWithinABudget keeps and lets go at random. What is kept is what was
// given, and all of it together no larger than the budget.
func TestBodiesWithinABudget(t *testing.T) {
	t.Parallel()
	const budget = 20_000
	kept, random := newBodies(budget), rand.New(rand.NewPCG(1, 2))
	var all []body
	refused := 0
	for i := range 20_000 {
		if len(all) > 0 && random.IntN(5) < 2 {
			at := random.IntN(len(all))
			kept.release(all[at])
			all = append(all[:at], all[at+1:]...)
			continue
		}
		data := said(t, fmt.Sprint(i), strings.Repeat("x", 20*random.IntN(40)))
		if random.IntN(20) == 0 {
			data = data[:len(data)-1] // as no hub sends it
		}
		b, ok := kept.keep(data)
		if !ok {
			refused++
			continue
		}
		require.Equal(t, data, b.all())
		all = append(all, b)
		require.LessOrEqual(t, memoryOf(all), int64(budget))
	}
	require.Positive(t, refused)
	kept.release(all...)
	require.Empty(t, kept.rests)
	require.EqualValues(t, budget, kept.left)
}

// memoryOf is what bodies take: an array that two of them are parts of stays whole.
func memoryOf(all []body) (n int64) {
	rests := map[*rest]bool{}
	for _, b := range all {
		switch {
		case b.rest == nil:
			n += int64(len(b.head))
		case !rests[b.rest]:
			rests[b.rest] = true
			n += b.rest.bytes
		}
		if b.rest != nil && b.bytes > 0 {
			n += int64(len(b.head))
		}
	}
	return n
}
