package main

import (
	"net/http"
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
)

// Answers by which platforms refuse: a message, our credentials, and a chat.
var (
	rejects = map[string]answer{
		"slack":      saysJSON(http.StatusOK, `{"ok":false,"error":"cannot_reply_to_message"}`),
		"telegram":   saysJSON(http.StatusBadRequest, `{"ok":false,"error_code":400,"description":"Bad Request: MESSAGE_NOT_MODIFIED"}`),
		"mattermost": saysJSON(http.StatusBadRequest, `{"id":"api.post.create_post.refused.app_error","message":"No.","status_code":400}`),
		"matrix":     saysJSON(http.StatusBadRequest, `{"errcode":"M_UNKNOWN","error":"No."}`),
	}
	revoked = map[string]answer{
		"slack":      saysJSON(http.StatusOK, `{"ok":false,"error":"token_revoked"}`),
		"telegram":   saysJSON(http.StatusUnauthorized, `{"ok":false,"error_code":401,"description":"Unauthorized"}`),
		"mattermost": saysJSON(http.StatusUnauthorized, `{"id":"api.context.session_expired.app_error","message":"Invalid or expired session, please login again.","status_code":401}`),
		"matrix":     saysJSON(http.StatusUnauthorized, `{"errcode":"M_UNKNOWN_TOKEN","error":"Invalid access token passed."}`),
	}
	shutOut = map[string]answer{
		"slack":      saysJSON(http.StatusOK, `{"ok":false,"error":"not_in_channel"}`),
		"telegram":   saysJSON(http.StatusForbidden, `{"ok":false,"error_code":403,"description":"Forbidden: bot was kicked from the supergroup chat"}`),
		"mattermost": saysJSON(http.StatusForbidden, `{"id":"api.context.permissions.app_error","message":"You do not have the appropriate permissions.","status_code":403}`),
		"matrix":     saysJSON(http.StatusForbidden, `{"errcode":"M_FORBIDDEN","error":"User not in room"}`),
	}
)

// TestFaultRejected lets every platform refuse one message: it is called once for
// it, a dead letter says why, and the next one goes through.
func TestFaultRejected(t *testing.T) {
	t.Parallel()
	w := newTroubled(t)
	s := w.serve(each)
	w.every(s, 2)
	for name, g := range w.gates {
		g.has(func(c call) answer {
			if c.act == callSend && c.chat == faultRooms[name][0] && c.mark == "00000002" {
				return rejects[name]
			}
			return nil
		})
	}
	load := newPoster(s)
	marks := load.say(t, 4)
	for name, platform := range w.byName() {
		require.Zero(t, owed(t, platform, faultRooms[name][0], slices.Concat(marks[:1], marks[2:])), name)
		require.Zero(t, owed(t, platform, faultRooms[name][1], marks), name)
	}
	for _, d := range s.letters(len(faultRooms)) {
		require.Equal(t, hub.FaultRejected, d.Fault)
		require.NotEmpty(t, d.Reason)
		require.Equal(t, 1, d.Attempts)
		require.Equal(t, faultRooms[string(d.System)][0], d.Chat.ID)
	}
	for name, g := range w.gates {
		require.Len(t, g.of(faultRooms[name][0], marks[1]), 1, "%s: it is not tried again", name)
	}
	s.steady(load, 8)
	s.letters(len(faultRooms))
}

// TestFaultUnauthorized has the tokens of all platforms revoked and mended: the
// systems are paused and say why, and go on with all that waited.
func TestFaultUnauthorized(t *testing.T) {
	t.Parallel()
	w := newTroubled(t)
	s := w.serve(each)
	w.every(s, 2)
	load := newPoster(s)
	marks := load.say(t, 1)
	w.owedAll(2, marks, 0)
	for name, g := range w.gates {
		g.has(func(call) answer { return revoked[name] })
	}
	marks = append(marks, load.say(t, 10)...)
	for name := range w.gates {
		require.Eventually(t, func() bool { return s.systems()[hub.System(name)].State == "paused" }, patience, 50*time.Millisecond, name)
		require.Contains(t, s.systems()[hub.System(name)].Reason, "token", "%s: it is said how to mend it", name)
	}
	marks = append(marks, load.say(t, 5)...) // to who is paused already
	for name, g := range w.gates {
		calls, _ := g.seen(func(c call) bool { return c.act == callSend && c.mark != marks[0] })
		require.LessOrEqual(t, len(calls), 2, "%s: a post for each of its rooms found it out, no other was tried", name)
	}
	for name, g := range w.gates {
		g.has(nil)
		if !soak() { // in full it finds that out by itself
			s.api("POST", "/api/v1/systems/"+name+"/resume", "", "", nil)
		}
	}
	w.owedAll(2, marks, 0)
	s.steady(load, 8)
	s.letters(0)
}

// TestFaultChatGone takes the bot out of a room on every platform: the room is
// paused and says why, its messages wait, and others get theirs. Let in again, it
// gets all that was said meanwhile.
func TestFaultChatGone(t *testing.T) {
	t.Parallel()
	w := newTroubled(t)
	s := w.serve(each)
	w.every(s, 2)
	load := newPoster(s)
	marks := load.say(t, 1)
	w.owedAll(2, marks, 0)
	for name, g := range w.gates {
		g.has(func(c call) answer {
			if c.chat == faultRooms[name][0] {
				return shutOut[name]
			}
			return nil
		})
	}
	marks = append(marks, load.say(t, 10)...)
	for name, platform := range w.byName() {
		require.Zero(t, owed(t, platform, faultRooms[name][1], marks), name)
	}
	s.holds(w, marks)
	s.kill()
	s = w.serve(each) // which must not forget it
	load.to(s)
	s.holds(w, marks)
	for name, g := range w.gates {
		g.has(nil)
		if !soak() {
			s.api("POST", "/api/v1/systems/"+name+"/resume?chat="+url.QueryEscape(faultRooms[name][0]), "", "", nil)
		}
	}
	w.owedAll(2, marks, 0)
	s.steady(load, 8)
	s.letters(0)
}

// holds requires that the first room of each platform is paused with all but the
// first of its messages, and was tried with one of them.
func (p *program) holds(w *troubled, marks []string) {
	p.t.Helper()
	for name, g := range w.gates {
		room := faultRooms[name][0]
		var status hub.SystemStatus
		require.Eventually(p.t, func() bool {
			status = p.systems()[hub.System(name)]
			return len(status.PausedChats) == 1 && status.State == "ok"
		}, patience, 50*time.Millisecond, "%s does not tell of the paused room", name)
		require.Equal(p.t, room, status.PausedChats[0].Chat)
		require.NotEmpty(p.t, status.PausedChats[0].Reason)
		require.True(p.t, status.PausedChats[0].NextAt.After(status.PausedChats[0].Since))
		waiting := url.Values{"system": {name}, "chat": {room}, "status": {"queued", "failed"}}
		require.Eventually(p.t, func() bool { return len(p.deliveries(waiting)) == len(marks)-1 },
			patience, 50*time.Millisecond, "%s: there are not %d messages that wait", name, len(marks)-1)
		require.Len(p.t, g.of(room, marks[1]), 1, "%s: one of them tries", name)
		for _, mark := range marks[2:] {
			require.Empty(p.t, g.of(room, mark), name)
		}
	}
	p.letters(0)
}
