package providers_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers"
)

func TestFaultOf(t *testing.T) {
	limited := &providers.Error{Fault: hub.FaultRateLimited, Op: "chat.postMessage", After: time.Minute, Err: errors.New("slow down")}
	for _, c := range []struct {
		name  string
		err   error
		fault hub.Fault
		after time.Duration
	}{
		{"its own", limited, hub.FaultRateLimited, time.Minute},
		{"wrapped", fmt.Errorf("lane 3: %w", limited), hub.FaultRateLimited, time.Minute},
		{"joined", errors.Join(errors.New("other"), limited), hub.FaultRateLimited, time.Minute},
		{"names none", &providers.Error{Op: "send", Err: errors.New("x")}, hub.FaultTemporary, 0},
		{"of another kind", context.DeadlineExceeded, hub.FaultTemporary, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			require.Equal(t, c.fault, providers.FaultOf(c.err))
			require.Equal(t, c.after, providers.AfterOf(c.err))
		})
	}
}

func TestErrorTellsCallAndCause(t *testing.T) {
	cause := errors.New("connection refused")
	err := &providers.Error{Fault: hub.FaultTemporary, Op: "sendMessage", Err: cause}
	require.EqualError(t, err, "sendMessage: connection refused")
	require.ErrorIs(t, err, cause)
}

type plainProvider struct{ providers.Provider }

type listing struct{ providers.Provider }

func (listing) Chats(context.Context, string) ([]providers.ChatInfo, error) {
	return []providers.ChatInfo{{Name: "#support"}}, nil
}

type wrapping struct{ providers.Provider }

func (w wrapping) Unwrap() providers.Provider { return w.Provider }

func TestAs(t *testing.T) {
	lister, ok := providers.As[providers.ChatLister](wrapping{wrapping{listing{}}})
	require.True(t, ok, "found through two wrappers")
	chats, err := lister.Chats(t.Context(), "")
	require.NoError(t, err)
	require.Equal(t, "#support", chats[0].Name)

	_, ok = providers.As[providers.ChatLister](wrapping{plainProvider{}})
	require.False(t, ok)
	_, ok = providers.As[providers.ChatLister](plainProvider{listing{}})
	require.False(t, ok, "what embeds without Unwrap hides what it embeds")
	_, ok = providers.As[providers.Runner](wrapping{listing{}})
	require.False(t, ok)
}

func TestRegistry(t *testing.T) {
	kinds := []providers.Kind{{Name: "slack"}, {Name: "matrix"}}
	r := providers.NewRegistry(kinds...)
	kinds[0].Name = "changed by the caller"
	require.Equal(t, []string{"slack", "matrix"}, r.Names())
	k, ok := r.Find("matrix")
	require.True(t, ok)
	require.Equal(t, "matrix", k.Name)
	_, ok = r.Find("Slack")
	require.False(t, ok)
	require.PanicsWithValue(t, `providers: kind "slack" is registered twice`, func() {
		providers.NewRegistry(providers.Kind{Name: "slack"}, providers.Kind{Name: "slack"})
	})
}
