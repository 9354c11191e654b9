package limit_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/providers"
	"github.com/bellhop-chat/bellhop/providers/limit"
)

var begin = time.Date(2026, 3, 14, 9, 0, 0, 0, time.UTC)

const ms = time.Millisecond

// turns are when each of some calls, all wanted at once, may be made, where nobody
// else calls before the last of them.
func turns(p *limit.Pacer, at time.Duration, chats ...string) []time.Duration {
	var out []time.Duration
	for _, chat := range chats {
		turn, taken := p.Turn(chat, begin.Add(at))
		for !taken {
			turn, taken = p.Turn(chat, turn)
		}
		out = append(out, turn.Sub(begin))
	}
	return out
}

func TestNoRateIsNoWait(t *testing.T) {
	p := limit.New(providers.Limits{})
	for range 1000 {
		at, taken := p.Turn("a", begin)
		require.Equal(t, begin, at)
		require.True(t, taken)
	}
}

func TestRatesOfAChat(t *testing.T) {
	p := limit.New(providers.Limits{Chat: []providers.Rate{{Calls: 2, Per: time.Second, Burst: 3}}})
	require.Equal(t, []time.Duration{0, 0, 0, 500 * ms, 1000 * ms, 0}, turns(p, 0, "a", "a", "a", "a", "a", "b"))
	require.Equal(t, []time.Duration{1500 * ms, 2000 * ms}, turns(p, 1100*ms, "a", "a"), "what was taken before comes first")
	require.Equal(t, []time.Duration{time.Minute, time.Minute, time.Minute, time.Minute + 500*ms}, turns(p, time.Minute, "a", "a", "a", "a"), "who rested may burst again")
}

func TestAllRatesHold(t *testing.T) {
	p := limit.New(providers.Limits{
		Chat:    []providers.Rate{{Calls: 1, Per: time.Second, Burst: 2}, {Calls: 3, Per: 30 * time.Second, Burst: 3}},
		Account: []providers.Rate{{Calls: 10, Per: time.Second}},
	})
	require.Equal(t, []time.Duration{0, 100 * ms, 1000 * ms, 10 * time.Second}, turns(p, 0, "a", "a", "a", "a"))
	require.Equal(t, []time.Duration{10_100 * ms}, turns(p, 0, "b"), "an account's turns are in the order in which they were taken")
}

// TestAChatThatRestsKeepsNoTurn holds that others call while a chat may not.
func TestAChatThatRestsKeepsNoTurn(t *testing.T) {
	p := limit.New(providers.Limits{
		Chat: []providers.Rate{{Calls: 15, Per: time.Minute}}, Account: []providers.Rate{{Calls: 25, Per: time.Second, Burst: 5}},
	})
	require.Equal(t, []time.Duration{0}, turns(p, 0, "busy"))
	at, taken := p.Turn("busy", begin)
	require.Equal(t, begin.Add(4*time.Second), at)
	require.False(t, taken)
	require.Equal(t, []time.Duration{100 * ms}, turns(p, 100*ms, "quiet"))
	p.Refused("busy", begin, time.Hour)
	at, taken = p.Turn("busy", begin.Add(time.Second))
	require.Equal(t, begin.Add(time.Hour), at)
	require.False(t, taken)
	require.Equal(t, []time.Duration{5 * time.Second}, turns(p, 5*time.Second, "quiet"))
	at, taken = p.Turn("busy", at)
	require.Equal(t, begin.Add(time.Hour), at)
	require.True(t, taken)
}

// TestRefusal holds that nobody calls before the time that a platform asks for,
// whatever turn they had.
func TestRefusal(t *testing.T) {
	p := limit.New(providers.Limits{Chat: []providers.Rate{{Calls: 1, Per: time.Second}}})
	require.Equal(t, []time.Duration{0, 1000 * ms, 0, 0}, turns(p, 0, "a", "a", "b", "c"))
	require.False(t, p.Refused("a", begin, 30*time.Second), "of one chat")
	require.False(t, p.Stands("a", begin.Add(29_999*ms)))
	require.True(t, p.Stands("a", begin.Add(30*time.Second)))
	require.True(t, p.Stands("b", begin))
	require.True(t, p.Stands("never seen", begin))
	require.Equal(t, []time.Duration{30 * time.Second, 31 * time.Second, 1000 * ms}, turns(p, time.Second, "a", "a", "b"))

	require.True(t, p.Refused("b", begin.Add(10*time.Second), 40*time.Second), "of a second chat: of the account")
	require.False(t, p.Stands("c", begin.Add(49*time.Second)))
	require.Equal(t, []time.Duration{50 * time.Second, 50 * time.Second, 51 * time.Second}, turns(p, 11*time.Second, "c", "d", "d"))
	require.False(t, p.Refused("d", begin.Add(2*time.Minute), time.Second), "the others wait no more")
	p.Refused("d", begin.Add(2*time.Minute), time.Minute)
	p.Refused("d", begin.Add(2*time.Minute), time.Second)
	require.False(t, p.Stands("d", begin.Add(2*time.Minute+59*time.Second)), "the longest wait holds")
}

// TestAPaceIsLearned is about servers that set their own: one refusal teaches the
// account how fast it may be, and after a while it tries whether it may be faster.
func TestAPaceIsLearned(t *testing.T) {
	p := limit.New(providers.Limits{Learned: true})
	require.Equal(t, []time.Duration{0, 0, 0}, turns(p, 0, "a", "b", "c"))
	require.True(t, p.Refused("a", begin, 5*time.Second))
	require.Equal(t, []time.Duration{5 * time.Second, 10 * time.Second, 15 * time.Second}, turns(p, time.Second, "a", "b", "a"))
	require.False(t, p.Stands("c", begin.Add(4*time.Second)))
	require.Equal(t, []time.Duration{70 * time.Second, 70 * time.Second}, turns(p, 70*time.Second, "a", "b"))

	require.True(t, p.Refused("a", begin.Add(70*time.Second), 200*ms), "it has become faster")
	require.Equal(t, []time.Duration{70_200 * ms, 70_400 * ms}, turns(p, 70*time.Second, "a", "b"))
}

// TestNoWindowHoldsMore lets chats call whenever they may, and counts.
func TestNoWindowHoldsMore(t *testing.T) {
	rates := []providers.Rate{{Calls: 1, Per: time.Second, Burst: 3}, {Calls: 15, Per: time.Minute, Burst: 5}}
	p := limit.New(providers.Limits{Chat: rates, Account: []providers.Rate{{Calls: 25, Per: time.Second, Burst: 5}}})
	r := rand.New(rand.NewPCG(1, 2))
	all, chats := []time.Duration{}, map[string][]time.Duration{}
	now := time.Duration(0)
	type call struct {
		chat string
		at   time.Time
	}
	var wanted []call
	for range 5000 {
		now += time.Duration(r.Int64N(int64(60 * ms)))
		wanted = append(wanted, call{fmt.Sprint(r.IntN(40)), begin.Add(now)})
	}
	for len(wanted) > 0 {
		first := wanted[0]
		wanted = wanted[1:]
		turn, taken := p.Turn(first.chat, first.at)
		if !taken {
			i, _ := slices.BinarySearchFunc(wanted, turn, func(c call, at time.Time) int { return c.at.Compare(at) })
			wanted = slices.Insert(wanted, i, call{first.chat, turn})
			continue
		}
		at := turn.Sub(begin)
		all, chats[first.chat] = append(all, at), append(chats[first.chat], at)
	}
	require.LessOrEqual(t, most(all, time.Second), 30)
	for chat, calls := range chats {
		require.LessOrEqual(t, most(calls, time.Minute), 20, chat)
		require.IsNonDecreasing(t, calls)
	}
	require.Less(t, all[len(all)-1], 15*time.Minute, "they are not slower than they may be")
}

// most is the largest number of calls in any window.
func most(calls []time.Duration, window time.Duration) int {
	n := 0
	for i := range calls {
		in := 0
		for _, c := range calls {
			if c >= calls[i] && c < calls[i]+window {
				in++
			}
		}
		n = max(n, in)
	}
	return n
}

// TestChatsThatRestAreForgotten holds that memory is bounded by what is going on.
func TestChatsThatRestAreForgotten(t *testing.T) {
	p := limit.New(providers.Limits{Chat: []providers.Rate{{Calls: 1, Per: time.Second}}})
	p.Refused("busy", begin, time.Hour)
	for i := range 100_000 {
		p.Turn(fmt.Sprint(i), begin.Add(time.Duration(i)*10*ms))
	}
	require.Less(t, p.Known(), 5_000)
	require.False(t, p.Stands("busy", begin.Add(59*time.Minute)))
}

func BenchmarkTurn(b *testing.B) {
	p := limit.New(providers.Limits{Chat: []providers.Rate{{Calls: 1, Per: time.Second, Burst: 4}}})
	chats := make([]string, 1000)
	for i := range chats {
		chats[i] = fmt.Sprint(i)
	}
	now := begin
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		now = now.Add(ms)
		p.Turn(chats[i%len(chats)], now)
	}
}

// server refuses what comes faster than one call in every, but for a burst, and
// says when to come again.
type server struct {
	every time.Duration
	burst int
	says  func(until time.Duration) time.Duration
	full  time.Time // when the burst is whole again
}

func (s *server) takes(now time.Time) (ok bool, after time.Duration) {
	if s.full.Before(now) {
		s.full = now
	}
	if early := s.full.Add(s.every).Sub(now) - time.Duration(s.burst)*s.every; early > 0 {
		return false, s.says(early)
	}
	s.full = s.full.Add(s.every)
	return true, 0
}

// TestALearnedPace lets an account say a lot to servers that do not tell their
// limits before: it takes a small part of the calls to find them, and is done
// not much later than it could be.
func TestALearnedPace(t *testing.T) {
	second := func(until time.Duration) time.Duration { return max(until.Round(time.Second), time.Second) }
	for name, c := range map[string]struct {
		server  server
		refused int
		takes   float64 // times as long as the server would have let it
	}{
		"as Mattermost": {server{every: 100 * time.Millisecond, burst: 100, says: second}, 20, 2.5},
		"as Synapse":    {server{every: 5 * time.Second, burst: 10, says: func(d time.Duration) time.Duration { return d }}, 250, 1.1},
	} {
		t.Run(name, func(t *testing.T) {
			const calls = 1000
			p, now, done, refused := limit.New(providers.Limits{Learned: true}), begin, 0, 0
			for done < calls {
				now, _ = p.Turn(fmt.Sprint(done%7), now)
				ok, after := c.server.takes(now)
				if ok {
					done++
					now = now.Add(10 * ms)
					continue
				}
				refused++
				p.Refused("a", now, max(after, time.Second))
			}
			took, least := now.Sub(begin), time.Duration(calls-c.server.burst)*c.server.every
			t.Logf("%d calls took %s, at least %s; %d were refused", calls, took, least, refused)
			require.LessOrEqual(t, refused, c.refused)
			require.LessOrEqual(t, took.Seconds(), c.takes*least.Seconds())
		})
	}
}
