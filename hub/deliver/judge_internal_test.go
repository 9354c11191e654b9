package deliver

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers"
)

func TestJudge(t *testing.T) {
	fault := func(f hub.Fault, after time.Duration) error {
		return &providers.Error{Fault: f, Op: "send", After: after, Err: errors.New("no")}
	}
	usual := patience{8, []time.Duration{2 * time.Second, 10 * time.Second, time.Minute}}
	cases := []struct {
		name    string
		err     error
		attempt int
		want    verdict
	}{
		{"sent", nil, 1, verdict{do: done}},
		{"rate limited", fault(hub.FaultRateLimited, 30*time.Second), 1, verdict{wait, 30 * time.Second}},
		{"rate limited for ever", fault(hub.FaultRateLimited, 9999*time.Hour), 1, verdict{wait, time.Hour}},
		{"rate limited, no time said", fault(hub.FaultRateLimited, 0), 1, verdict{wait, time.Second}},
		{"rate limited after many attempts", fault(hub.FaultRateLimited, time.Minute), 99, verdict{wait, time.Minute}},
		{"first failure", fault(hub.FaultTemporary, 0), 1, verdict{again, 2 * time.Second}},
		{"second failure", fault(hub.FaultTemporary, 0), 2, verdict{again, 10 * time.Second}},
		{"seventh failure", fault(hub.FaultTemporary, 0), 7, verdict{again, time.Minute}},
		{"last failure", fault(hub.FaultTemporary, 0), 8, verdict{do: bury}},
		{"unknown error", errors.New("surprise"), 1, verdict{again, 2 * time.Second}},
		{"unauthorized", fault(hub.FaultUnauthorized, 0), 8, verdict{do: pause}},
		{"rejected", fault(hub.FaultRejected, 0), 1, verdict{do: bury}},
		{"chat gone", fault(hub.FaultChatGone, 0), 99, verdict{do: hold}},
		{"stale", fault(hub.FaultStale, 0), 1, verdict{do: bury}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			require.Equal(t, c.want, judge(c.err, c.attempt, usual, 0.5))
		})
	}
	first := judge(errors.New("x"), 1, usual, 0).after
	last := judge(errors.New("x"), 1, usual, 0.999).after
	require.Equal(t, 1600*time.Millisecond, first)
	require.InDelta(t, float64(2400*time.Millisecond), float64(last), float64(time.Millisecond))
}
