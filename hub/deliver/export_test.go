package deliver

import "time"

// Silent reports whether the worker knows that a chat is left alone.
func (w *Worker) Silent(chat string, now time.Time) bool {
	return !w.chats.of(chat).Silent(now).IsZero()
}

// Zone is by which clocks the worker believes a chat to live.
func (w *Worker) Zone(chat string) string { return w.chats.of(chat).Zone().String() }
