package matrix_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"regexp"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers/matrix"
	"github.com/bellhop-chat/bellhop/providers/matrix/matrixtest"
	"github.com/bellhop-chat/bellhop/providers/providertest"
)

type content = map[string]any

// TestGoldenEvents keeps what becomes of each kind of native event.
func TestGoldenEvents(t *testing.T) {
	for _, c := range []struct {
		name string
		does func(t *testing.T, h *hall) (native string)
	}{
		{"message", func(t *testing.T, h *hall) string { return h.says(h.room, anna, "hello") }},
		{"command", func(t *testing.T, h *hall) string { return h.says(h.room, anna, "!discourse watch support") }},
		{"thread", func(t *testing.T, h *hall) string {
			return h.Post(h.room, anna, "m.room.message", content{
				"msgtype": "m.text", "body": "in a thread",
				"m.relates_to": content{"rel_type": "m.thread", "event_id": "$root", "is_falling_back": true, "m.in_reply_to": content{"event_id": "$latest"}},
			})
		}},
		{"answer", func(t *testing.T, h *hall) string {
			return h.Post(h.room, anna, "m.room.message", content{
				"msgtype": "m.text", "body": "> <@bob:example.org> what?\n\nthat", "m.mentions": content{"user_ids": []string{"@bob:example.org"}},
				"m.relates_to": content{"m.in_reply_to": content{"event_id": "$question"}},
			})
		}},
		{"notice", func(t *testing.T, h *hall) string {
			return h.Post(h.room, "@robot:example.org", "m.room.message", content{"msgtype": "m.notice", "body": "!discourse watch support"})
		}},
		{"emote", func(t *testing.T, h *hall) string {
			return h.Post(h.room, anna, "m.room.message", content{"msgtype": "m.emote", "body": "!discourse waves"})
		}},
		{"image", func(t *testing.T, h *hall) string {
			return h.Post(h.room, anna, "m.room.message", content{
				"msgtype": "m.image", "body": "look at this", "filename": "cat.png", "url": "mxc://example.org/abc",
				"info": content{"mimetype": "image/png", "size": 1234, "w": 10},
			})
		}},
		{"file", func(t *testing.T, h *hall) string {
			return h.Post(h.room, anna, "m.room.message", content{"msgtype": "m.file", "body": "notes.txt", "url": "mxc://example.org/def"})
		}},
		{"edit", func(t *testing.T, h *hall) string {
			return h.Post(h.room, anna, "m.room.message", content{
				"msgtype": "m.text", "body": "* !discourse status", "m.new_content": content{"msgtype": "m.text", "body": "!discourse status"},
				"m.relates_to": content{"rel_type": "m.replace", "event_id": "$original"},
			})
		}},
		{"deleted", func(t *testing.T, h *hall) string { return h.Redact(h.room, anna, h.says(h.room, anna, "oops")) }},
		{"reaction", func(t *testing.T, h *hall) string { return h.react(h.room, anna, "$original", "1\u20e3") }},
		{"reaction-gone", func(t *testing.T, h *hall) string {
			reaction := h.react(h.room, anna, "$original", "👍\ufe0f")
			h.heard(t, reaction)
			return h.Redact(h.room, "@moderator:example.org", reaction)
		}},
		{"joined", func(t *testing.T, h *hall) string {
			return h.Member(h.room, "@bob:example.org", "@bob:example.org", "join")
		}},
		{"left", func(t *testing.T, h *hall) string { return h.Member(h.room, anna, anna, "leave") }},
		{"kicked", func(t *testing.T, h *hall) string { return h.Member(h.room, "@moderator:example.org", anna, "leave") }},
		{"renamed", func(t *testing.T, h *hall) string {
			h.Call(anna, "Anna Bauer")
			return h.Member(h.room, anna, anna, "join")
		}},
		{"invited", func(t *testing.T, h *hall) string { return h.Member(h.room, anna, "@bob:example.org", "invite") }},
		{"tombstone", func(t *testing.T, h *hall) string {
			return h.SetState(h.room, anna, "m.room.tombstone", "", content{"body": "moved", "replacement_room": "!new:example.org"})
		}},
		{"sticker", func(t *testing.T, h *hall) string {
			return h.Post(h.room, anna, "m.sticker", content{"body": "secret words"})
		}},
		{"location", func(t *testing.T, h *hall) string {
			return h.Post(h.room, anna, "m.room.message", content{"msgtype": "m.location", "body": "secret place", "geo_uri": "geo:1,2"})
		}},
		{"no-content", func(t *testing.T, h *hall) string { return h.Post(h.room, anna, "m.room.message", content{}) }},
		{"redaction-of-nothing", func(t *testing.T, h *hall) string {
			return h.Post(h.room, anna, "m.room.redaction", content{})
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := newHall(t)
			h.ready(t)
			e := h.heard(t, c.does(t, h))
			require.WithinDuration(t, time.Now(), e.Time, time.Minute)
			require.WithinDuration(t, time.Now(), e.ReceivedTime, time.Minute)
			e.Source = "matrix-acme" // which the ear fills in
			require.NoError(t, e.Validate())
			providertest.Golden(t, "event-"+c.name+".json", still(t, e))
		})
	}
}

var stamps = regexp.MustCompile(`("(?:origin_server_ts|edited_at)": )(?:[0-9.e+]+|"[^"]+")`)

// still is an event as JSON without what differs each time.
func still(t *testing.T, e hub.Event) []byte {
	t.Helper()
	e.Time, e.ReceivedTime = time.Time{}, time.Time{}
	raw, err := json.Marshal(e)
	require.NoError(t, err)
	var out bytes.Buffer
	require.NoError(t, json.Indent(&out, raw, "", "  "))
	out.WriteByte('\n')
	return stamps.ReplaceAll(out.Bytes(), []byte(`${1}0`))
}

func (h *hall) react(room, who, ref, key string) string {
	return h.Post(room, who, "m.reaction", content{"m.relates_to": content{"rel_type": "m.annotation", "event_id": ref, "key": key}})
}

func TestOwnMessagesAreOfABot(t *testing.T) {
	h := newHall(t)
	h.ready(t)
	for i, text := range []string{"hello", "!discourse watch support", "bellhop: status"} {
		c := chatter(t, h.heard(t, h.says(h.room, userID, text)))
		require.True(t, c.From.Bot, i)
		require.False(t, c.ForUs, i)
		require.Empty(t, c.Line, i)
	}
	require.True(t, chatter(t, h.heard(t, h.react(h.room, userID, "$1", "1\ufe0f\u20e3"))).From.Bot)
}

func TestDirectRooms(t *testing.T) {
	h := newHall(t)
	h.SetDirect(map[string][]string{anna: {"!marked:example.org"}})
	for _, room := range []string{"!two:example.org", "!marked:example.org", "!three:example.org"} {
		h.AddRoom(matrixtest.Room{ID: room})
		h.Member(room, anna, anna, "join")
		if room != "!two:example.org" {
			h.Member(room, "@bob:example.org", "@bob:example.org", "join")
		}
	}
	h.ready(t)()
	h.open(t) // it knows nothing but its place now
	h.ready(t)
	for room, direct := range map[string]bool{"!two:example.org": true, "!marked:example.org": true, "!three:example.org": false} {
		c := chatter(t, h.heard(t, h.says(room, anna, "watch support")))
		require.Equal(t, direct, c.Room.Direct, room)
		require.Equal(t, direct, c.ForUs, room)
		if direct {
			require.Equal(t, "watch support", c.Line)
		}
	}
	h.Member("!two:example.org", "@bob:example.org", "@bob:example.org", "join")
	require.False(t, chatter(t, h.heard(t, h.says("!two:example.org", anna, "we are three"))).Room.Direct)
	h.Member("!three:example.org", "@bob:example.org", "@bob:example.org", "leave")
	require.True(t, chatter(t, h.heard(t, h.says("!three:example.org", anna, "we are two"))).Room.Direct)
	h.SetDirect(map[string][]string{})
	require.Eventually(t, func() bool {
		return !chatter(t, h.heard(t, h.says("!marked:example.org", anna, "not direct any more"))).Room.Direct
	}, 20*time.Second, time.Millisecond)
}

// What a server or a stranger may write keeps nobody from being heard.
func TestHostileEvents(t *testing.T) {
	h := newHall(t)
	h.ready(t)
	for _, raw := range []string{
		`"text"`, `null`, `[]`, `{}`, `{"type":1}`, `{"type":"m.room.message","event_id":"$x","sender":"@a:b","origin_server_ts":"late"}`,
		`{"type":"m.room.message","event_id":"$y","sender":"@a:b","content":"x"}`, `{"type":"m.room.member","event_id":"$z","sender":"@a:b","state_key":5}`,
		`{"type":"m.room.message","event_id":"$u","sender":"@a:b","unsigned":[]}`,
	} {
		h.PostBroken(h.room, raw)
	}
	var stamped []string
	for _, stamp := range []int64{math.MaxInt64, math.MinInt64, 0, 1 << 53} {
		stamped = append(stamped, h.PostAt(h.room, anna, "m.room.message", content{"msgtype": "m.text", "body": "when?"}, stamp))
	}
	for _, native := range stamped {
		e := h.heard(t, native)
		require.WithinDuration(t, time.Now(), e.Time, time.Minute)
		_, err := json.Marshal(e)
		require.NoError(t, err)
	}
	signals := 0
	for _, e := range h.ear.Events() {
		if e.Type == hub.HubSignalUnsupported {
			signals++
		}
	}
	require.Equal(t, 9, signals)
}

func TestInvites(t *testing.T) {
	h := newHall(t, func(c *matrix.Config) { c.AutoJoin = []string{anna, ":friends.example"} })
	h.ready(t)
	for room, by := range map[string]string{
		"!a:example.org": anna, "!b:example.org": "@carl:friends.example",
		"!c:example.org": "@bob:example.org", "!d:example.org": "@carl:notfriends.example", "!e:example.org": "@anna:example.org.evil",
	} {
		h.Invite(room, by)
	}
	for _, room := range []string{"!a:example.org", "!b:example.org"} {
		require.Eventually(t, func() bool { return h.Joined(room) }, 20*time.Second, time.Millisecond, room)
		h.heard(t, h.says(room, anna, "hello"))
	}
	for _, room := range []string{"!c:example.org", "!d:example.org", "!e:example.org"} {
		require.False(t, h.Joined(room))
	}
}

// Clients make a direct room by inviting and speaking at once. What was said in
// a room long before we came is not for us.
func TestFirstWordsInARoom(t *testing.T) {
	h := newHall(t, func(c *matrix.Config) { c.AutoJoin = []string{anna} })
	h.ready(t)()
	const dm = "!dm:example.org"
	h.Invite(dm, anna)
	first := h.says(dm, anna, "help")
	const old = "!old:example.org"
	h.Invite(old, anna)
	hours := time.Now().Add(-2 * time.Hour).UnixMilli()
	for i := range 60 { // more than a sync gives
		h.PostAt(old, anna, "m.room.message", content{"msgtype": "m.text", "body": fmt.Sprint("!discourse mute ", i)}, hours)
	}
	h.open(t, func(c *matrix.Config) { c.AutoJoin = []string{anna} })
	h.ready(t)
	c := chatter(t, h.heard(t, first))
	require.True(t, c.Room.Direct)
	require.Equal(t, "help", c.Line)
	require.Eventually(t, func() bool { return h.Joined(old) }, 20*time.Second, time.Millisecond)
	h.heard(t, h.says(old, anna, "now"))
	require.Equal(t, []string{"help", "now"}, h.texts(t))
	made := 0
	for _, e := range h.ear.Events() {
		if e.Type == hub.ChatChannelCreated {
			made++
		}
	}
	require.Equal(t, 1, made, "a room that was just made is told of")
}

// A room that cannot be joined keeps nobody else from being heard.
func TestInviteThatFails(t *testing.T) {
	h := newHall(t, func(c *matrix.Config) { c.AutoJoin = []string{anna} })
	h.ready(t)
	h.Script(answer(502, "M_UNKNOWN", ""), answer(502, "M_UNKNOWN", ""), answer(502, "M_UNKNOWN", ""))
	h.Invite("!far:example.org", anna)
	h.heard(t, h.says(h.room, anna, "one"))
	h.Script(answer(403, "M_FORBIDDEN", ""))
	h.Invite("!closed:example.org", anna)
	h.heard(t, h.says(h.room, anna, "two"))
	h.Script(answer(500, "M_UNKNOWN", ""))
	h.Invite("!slow:example.org", anna)
	require.Eventually(t, func() bool { return h.Joined("!slow:example.org") }, 20*time.Second, time.Millisecond)
	require.False(t, h.Joined("!far:example.org"))
}

func TestEncryptedRoomIsToldOnce(t *testing.T) {
	h := newHall(t)
	const secret = "!secret:example.org"
	h.AddRoom(matrixtest.Room{ID: secret, Encrypted: true})
	h.Member(secret, anna, anna, "join")
	stop := h.ready(t)
	say := func() string {
		return h.Post(secret, anna, "m.room.encrypted", content{"algorithm": "m.megolm.v1.aes-sha2", "ciphertext": "AwgA"})
	}
	e := h.heard(t, say())
	require.Equal(t, hub.HubSignalUnsupported, e.Type)
	require.NotContains(t, string(e.Data), "AwgA")
	h.ear.Until(t, "that the room was told", func() bool {
		kept, _ := h.ear.Place(t.Context(), "encrypted")
		return string(kept) == `["`+secret+`"]`
	})
	h.heard(t, say())
	stop()
	h.open(t)
	h.ready(t)
	h.heard(t, say())
	h.heard(t, h.says(h.room, anna, "that was all")) // so that what followed was done
	require.Len(t, h.Sent(), 1)
	require.Equal(t, secret, h.Sent()[0].Chat)
	require.Contains(t, h.Sent()[0].Text, "encrypted")
	require.Empty(t, matrixtest.Pings(h.Sent()[0]))
}

// Many encrypted rooms at once get their answers one by one.
func TestEncryptedRoomsAreToldSlowly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newBubble(t)
		rooms := 5
		talk := func() {
			for i := range rooms {
				h.Post(fmt.Sprintf("!secret%d:example.org", i), anna, "m.room.encrypted", content{})
			}
			synctest.Wait()
		}
		for i := range rooms {
			h.AddRoom(matrixtest.Room{ID: fmt.Sprintf("!secret%d:example.org", i), Encrypted: true})
		}
		time.Sleep(time.Second)
		talk()
		require.Len(t, h.Sent(), 1)
		for i := range rooms {
			require.Len(t, h.Sent(), 1+i)
			time.Sleep(11 * time.Second)
			talk()
		}
		require.Len(t, h.Sent(), rooms)
	})
}

// More is said between the invitation and our joining than a sync gives.
func TestManyFirstWords(t *testing.T) {
	h := newHall(t)
	h.ready(t)()
	const busy = "!busy:example.org"
	h.Invite(busy, anna)
	var want []string
	for i := range 130 {
		want = append(want, fmt.Sprint("early ", i))
		h.says(busy, anna, want[i])
	}
	h.open(t)
	stop := h.ready(t) // sees the invitation, which nobody takes
	h.ear.Until(t, "its place", func() bool { return h.since(t) == h.Now() })
	stop()
	h.Member(busy, userID, userID, "join") // by hand
	h.open(t)
	h.ready(t)
	h.heard(t, h.says(busy, anna, "late"))
	require.Equal(t, append(want, "late"), h.texts(t))

	// After we were out for a while, what was said without us is not for us.
	h.Member(busy, anna, userID, "leave")
	h.heard(t, h.says(h.room, anna, "elsewhere"))
	h.says(busy, anna, "behind our back")
	h.Member(busy, anna, userID, "invite")
	h.Member(busy, userID, userID, "join")
	h.heard(t, h.says(busy, anna, "back again"))
	require.Equal(t, append(want, "late", "elsewhere", "back again"), h.texts(t))
}
