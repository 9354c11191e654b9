package deliver

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
)

// health says whether the system takes messages at all, and which chats do not.
// While it takes none every lane is parked here, with its messages in the stream.
type health struct {
	mu      sync.Mutex
	checked bool
	reason  string    // why it is paused; "" is not paused
	held    *hub.Hold // by an operator
	outage  bool      // it is paused since it does not answer
	trial   bool      // one message may try whether it does again
	parked  []func()
	breaker breaker
	chats   map[string]hub.PausedChat // by chat
	changed chan struct{}
}

func newHealth() *health {
	return &health{chats: map[string]hub.PausedChat{}, changed: make(chan struct{}, 1)}
}

func (h *health) paused() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.reason != ""
}

// shut reports whether a lane may not even look at its head.
func (h *health) shut() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.held.Lasts() || h.reason != "" && !h.trial
}

// admit reports whether an attempt may be made: of a system that does not
// answer, one for each trial.
func (h *health) admit() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case h.held.Lasts():
		return false
	case h.reason == "":
		return true
	}
	was := h.trial
	h.trial = false
	return was
}

// pause stops the system, with the reason that people will read.
func (h *health) pause(reason string) { h.stop(reason, false) }

func (h *health) stop(reason string, outage bool) {
	h.mu.Lock()
	begins := h.reason == ""
	h.checked, h.reason, h.outage, h.trial = true, reason, outage, false
	h.mu.Unlock()
	if begins { // every lane in flight may find it out: told once
		h.tell()
	}
}

// ended takes in how an attempt ended: failed is that the platform gave no
// answer. It reports whether the system does not answer at all.
func (h *health) ended(at time.Time, failed bool, reason string) (outage bool) {
	h.mu.Lock()
	was, opens := h.outage, h.breaker.note(at, failed)
	h.mu.Unlock()
	switch {
	case was && !failed:
		h.resume()
	case !was && opens:
		h.stop(reason, true)
		return true
	}
	return was && failed
}

// park calls wake when the system goes on; at once if it is not paused.
func (h *health) park(wake func()) {
	h.mu.Lock()
	paused := h.reason != "" || h.held.Lasts()
	if paused {
		h.parked = append(h.parked, wake)
	}
	h.mu.Unlock()
	if !paused {
		go wake()
	}
}

// answers takes in that the platform takes our credentials. A system that was
// paused for those goes on; one that did not answer is tried with one message.
func (h *health) answers() {
	h.mu.Lock()
	if !h.outage || len(h.parked) == 0 || h.held.Lasts() {
		h.mu.Unlock()
		h.resume()
		return
	}
	h.trial = true
	wake := h.parked[0]
	h.parked = h.parked[1:]
	h.mu.Unlock()
	wake()
}

// resume lets every parked lane go on, unless an operator has paused the system.
func (h *health) resume() {
	h.mu.Lock()
	h.checked, h.reason, h.outage, h.trial = true, "", false, false
	var parked []func()
	if !h.held.Lasts() {
		parked, h.parked = h.parked, nil
	}
	h.mu.Unlock()
	h.tell()
	for _, wake := range parked {
		wake()
	}
}

// mostPausedChats bounds what one worker tells of its paused chats.
const mostPausedChats = 200

// pauseChat notes that a chat takes no messages.
func (h *health) pauseChat(c hub.PausedChat) {
	h.mu.Lock()
	h.chats[c.Chat] = c
	h.mu.Unlock()
	h.tell()
}

// resumeChat notes that a chat does.
func (h *health) resumeChat(id string) {
	h.mu.Lock()
	_, held := h.chats[id]
	delete(h.chats, id)
	h.mu.Unlock()
	if held {
		h.tell()
	}
}

func (h *health) tell() {
	select {
	case h.changed <- struct{}{}:
	default:
	}
}

// pausedChats are those that have been paused longest.
func (h *health) pausedChats() []hub.PausedChat {
	h.mu.Lock()
	defer h.mu.Unlock()
	out := make([]hub.PausedChat, 0, len(h.chats))
	for _, c := range h.chats {
		out = append(out, c)
	}
	slices.SortFunc(out, func(a, b hub.PausedChat) int { return cmp.Or(a.Since.Compare(b.Since), cmp.Compare(a.Chat, b.Chat)) })
	return out[:min(len(out), mostPausedChats)]
}

func (h *health) state() (state, reason string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case h.held.Lasts():
		return hub.SystemPaused, h.held.String()
	case h.reason != "":
		return hub.SystemPaused, h.reason
	case h.checked:
		return hub.SystemOK, ""
	}
	return hub.SystemUnknown, "its credentials have not been checked yet"
}
