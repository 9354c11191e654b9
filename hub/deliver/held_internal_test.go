package deliver

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers/fake"
)

// TestAChangeInHandWhenThePartitionIsGiven holds that a change of a message that is
// set aside stays with it when the partition goes to another worker in that very
// moment: nothing was sent yet that could be changed, but will be.
func TestAChangeInHandWhenThePartitionIsGiven(t *testing.T) {
	w := New(Config{Provider: fake.New("fake")})
	chat := hub.Chat{System: "fake", ID: "a"}
	said := &hub.Notification{ID: "n1", Act: hub.ActSend, Chat: chat}
	edit := &hub.Notification{ID: "n2", Act: hub.ActEdit, Of: said.ID, Chat: chat}
	l := &lane{name: "a", seqs: []uint64{2}, tail: 2, busy: true}
	l.held = []held{{seq: 1, due: time.Now().Add(time.Hour).UnixNano(), of: standIn(said.ID)}}
	pt := &partition{w: w, lanes: map[string]*lane{l.name: l}}

	seq, _, ok := pt.begin(l)
	require.True(t, ok)
	go pt.close() // which waits for the step
	require.Eventually(t, func() bool {
		pt.mu.Lock()
		defer pt.mu.Unlock()
		return pt.closed
	}, 10*time.Second, time.Millisecond)
	require.True(t, w.aside(t.Context(), pt, l, edit, seq), "the change would be made now, of a message that was never sent")
	pt.steps.Done()
}
