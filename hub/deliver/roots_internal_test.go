package deliver

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
)

// TestRoots holds that few threads are kept, the last one among them, each of its
// chat.
func TestRoots(t *testing.T) {
	var r roots
	in := func(chat string, thread int) *hub.Notification {
		return &hub.Notification{Chat: hub.Chat{System: "slack", ID: chat}, Message: hub.Message{Thread: fmt.Sprint("meta/topic/", thread)}}
	}
	require.Empty(t, r.find(in("a", 0)))
	for i := range 3 * mostRoots {
		r.keep(in("a", i), hub.MessageRef(fmt.Sprint("m", i)))
		require.Equal(t, hub.MessageRef(fmt.Sprint("m", i)), r.find(in("a", i)))
		require.LessOrEqual(t, len(r.known), mostRoots)
	}
	last := in("a", 3*mostRoots-1)
	require.Empty(t, r.find(in("b", 3*mostRoots-1)))
	r.drop(last)
	require.Empty(t, r.find(last))
}
