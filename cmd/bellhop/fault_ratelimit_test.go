package main

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
)

// limited are the bodies of a 429.
var limited = map[string]string{
	"slack":      `{"ok":false,"error":"ratelimited"}`,
	"telegram":   `{"ok":false,"error_code":429,"description":"Too Many Requests"}`,
	"mattermost": `limit exceeded`,
	"matrix":     `{"errcode":"M_LIMIT_EXCEEDED","error":"Too Many Requests"}`,
}

// oneLimit are the platforms where the limit is the account's, not a room's.
var oneLimit = map[string]bool{"mattermost": true, "matrix": true}

// asksToWait is a 429 and how long it asks us to wait at least.
type asksToWait struct {
	answer answer
	wait   time.Duration
}

// asking are the ways in which a platform says how long to wait: in seconds, as a
// date, not at all, and in its own words.
func asking(name string, seconds int) []asksToWait {
	wait := time.Duration(seconds) * time.Second
	after := func(value string) answer {
		return saysJSON(http.StatusTooManyRequests, limited[name], "Retry-After", value)
	}
	dated := func(w http.ResponseWriter, r *http.Request, accept http.Handler) {
		after(time.Now().Add(wait+time.Second).UTC().Format(http.TimeFormat))(w, r, accept) // whole seconds
	}
	all := []asksToWait{{after(strconv.Itoa(seconds)), wait}, {dated, wait}, {saysJSON(http.StatusTooManyRequests, limited[name]), time.Second}}
	own := func(body string, header ...string) {
		all = append(all, asksToWait{saysJSON(http.StatusTooManyRequests, body, header...), wait})
	}
	switch name {
	case "telegram": // https://core.telegram.org/bots/api#responseparameters
		own(fmt.Sprintf(`{"ok":false,"error_code":429,"description":"Too Many Requests: retry after %d","parameters":{"retry_after":%[1]d}}`, seconds))
	case "mattermost": // https://developers.mattermost.com/api-documentation/#/#rate-limiting
		own(limited[name], "X-Ratelimit-Limit", "10", "X-Ratelimit-Remaining", "0", "X-Ratelimit-Reset", strconv.Itoa(seconds))
	case "matrix": // https://spec.matrix.org/latest/client-server-api/#rate-limiting
		own(fmt.Sprintf(`{"errcode":"M_LIMIT_EXCEEDED","error":"Too Many Requests","retry_after_ms":%d}`, seconds*1000))
	}
	return all
}

// TestFaultRateLimits refuses calls for one room of each platform in every way in
// which a platform asks to be left alone: that room is left alone, and the others
// are not. A platform that asks for ten years is asked again within the hour.
func TestFaultRateLimits(t *testing.T) {
	t.Parallel()
	seconds := 1
	if soak() {
		seconds = 20
	}
	w := newTroubled(t)
	s := w.serve(each)
	for name, rooms := range faultRooms {
		s.subscribe(name + " | " + rooms[0] + " | *")
		if !oneLimit[name] {
			s.subscribe(name + " | " + rooms[1] + " | *")
		}
	}
	asked := map[string][]asksToWait{}
	for name, g := range w.gates {
		asked[name] = asking(name, seconds)
		g.has(func(c call) answer {
			if c.act == callSend && c.chat == faultRooms[name][0] && c.mark == "00000001" && c.nth <= len(asked[name]) {
				return asked[name][c.nth-1].answer
			}
			return nil
		})
	}
	load := newPoster(s)
	marks := load.say(t, 3)
	w.limitsKept(marks, asked)
	for _, d := range s.deliveries(url.Values{"status": {"sent"}}) {
		require.Equal(t, 1, d.Attempts, "%s %s: to wait is no attempt", d.System, d.Chat.ID)
	}
	marks = append(marks, s.steady(load, 6))

	tenYears := strconv.Itoa(10 * 365 * 24 * 3600)
	for name, g := range w.gates {
		body := strings.Replace(limited[name], `Requests"}`, `Requests","parameters":{"retry_after":`+tenYears+`},"retry_after_ms":`+tenYears+`000}`, 1)
		g.has(func(c call) answer {
			if c.act == callSend && c.chat == faultRooms[name][0] {
				return saysJSON(http.StatusTooManyRequests, body, "Retry-After", tenYears)
			}
			return nil
		})
	}
	last := load.say(t, 2)
	s.waitsAnHour()
	s.kill()
	s = w.serve(each) // which must not forget it
	load.to(s)
	last = append(last, load.say(t, 1)...)
	for name, rooms := range faultRooms {
		if !oneLimit[name] {
			require.Zero(t, owed(t, w.byName()[name], rooms[1], append(slices.Clone(marks), last...)), name)
		}
		require.Len(t, w.gates[name].of(rooms[0], last[0]), 1, "%s: no call before its time", name)
		require.Empty(t, w.gates[name].of(rooms[0], last[1]), "%s: nothing overtakes it", name)
		require.Zero(t, owed(t, w.byName()[name], rooms[0], marks), name)
	}
	s.waitsAnHour()
}

// limitsKept requires that no call for the limited rooms came before its time,
// and that nobody else waited.
func (w *troubled) limitsKept(marks []string, asked map[string][]asksToWait) {
	w.t.Helper()
	for name, platform := range w.byName() {
		room := faultRooms[name][0]
		require.Zero(w.t, owed(w.t, platform, room, marks), name)
		// Slack and others limit each method by itself: to look at the room is none of it.
		calls, _ := w.gates[name].seen(func(c call) bool { return c.chat == room && c.act == callSend })
		require.Len(w.t, calls, len(asked[name])+len(marks), "%s: calls for the limited room", name)
		for i, ask := range asked[name] {
			// The answer was on its way for a while after the call.
			require.GreaterOrEqual(w.t, calls[i+1].at.Sub(calls[i].at), ask.wait, "%s: it asked for the %d. time to wait", name, i+1)
		}
		if oneLimit[name] {
			continue
		}
		other := faultRooms[name][1]
		require.Zero(w.t, owed(w.t, platform, other, marks), name)
		for _, mark := range marks {
			require.Len(w.t, w.gates[name].of(other, mark), 1, name)
			require.True(w.t, w.gates[name].of(other, mark)[0].at.Before(calls[1].at), "%s: the other room waited, too", name)
		}
	}
}

// waitsAnHour requires that the log says of one message for each platform that
// it is tried again within the hour.
func (p *program) waitsAnHour() {
	p.t.Helper()
	require.Eventually(p.t, func() bool { return len(p.deliveries(url.Values{"status": {"failed"}})) == len(faultRooms) },
		patience, 50*time.Millisecond, "the log does not tell of the messages that wait")
	for _, d := range p.deliveries(url.Values{"status": {"failed"}}) {
		var one hub.Delivery
		p.api("GET", "/api/v1/deliveries/"+string(d.ID), "", "", &one)
		require.NotEmpty(p.t, one.History)
		last := one.History[len(one.History)-1]
		require.Equal(p.t, hub.FaultRateLimited, last.Fault)
		wait := last.RetryAt.Sub(last.At)
		require.LessOrEqual(p.t, wait, time.Hour, d.System)
		require.Greater(p.t, wait, 59*time.Minute, d.System)
	}
}
