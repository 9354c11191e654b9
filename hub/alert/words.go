package alert

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/bellhop-chat/bellhop/hub"
)

// What is said begins with what happened, in bold, and ends with what to do.

func paused(s hub.SystemStatus, m *matter, waiting int64) string {
	head := fmt.Sprintf("**%s is paused.** Since %s it takes no messages: %s.", s.System, clock(m.Since), quote(s.Reason))
	todo := fmt.Sprintf("If its credentials are refused, put the right ones into [providers.%s] and start its process again. "+
		"If the platform does not answer, there is nothing to do: it goes on by itself.", s.System)
	if s.State == hub.SystemUnknown {
		head = fmt.Sprintf("**%s is not served.** Nothing was heard of its worker since %s: %s.", s.System, clock(m.Changed), quote(s.Reason))
		todo = fmt.Sprintf("See whether `bellhop worker %s` runs, and what its log says.", s.System)
	}
	return head + " " + safe(waiting) + "\n\n" + todo
}

// safe says that nothing is lost.
func safe(waiting int64) string {
	switch {
	case waiting < 0:
		return "Its messages wait, none is lost."
	case waiting == 0:
		return "No message waits for it so far; those to come will, none is lost."
	}
	return fmt.Sprintf("%s for it, none is lost.", count(waiting, "message waits", "messages wait"))
}

func resumed(s hub.SystemStatus, m *matter, now time.Time, waiting int64) string {
	text := fmt.Sprintf("**%s goes on.** It took no messages since %s, for %s", s.System, clock(m.Since), lasting(now.Sub(m.Since)))
	if m.Reason != "" {
		text += ": " + quote(m.Reason)
	}
	text += "."
	if waiting > 0 {
		text += fmt.Sprintf(" %s, and go out now in their order.", count(waiting, "message has waited", "messages have waited"))
	}
	return text
}

// chatsShown is how many paused chats a message lists.
const chatsShown = 8

// shut tells of chats that take no messages, those paused longest first.
func shut(s hub.SystemStatus) string {
	who := fmt.Sprintf("1 chat of %s takes", s.System)
	if n := len(s.PausedChats); n > 1 {
		who = fmt.Sprintf("%d chats of %s take", n, s.System)
	}
	lines := []string{"**" + who + " no messages.** They wait, none is lost.", ""}
	for i, c := range s.PausedChats {
		if i == chatsShown {
			lines = append(lines, fmt.Sprintf("- and %d more", len(s.PausedChats)-i))
			break
		}
		lines = append(lines, fmt.Sprintf("- %s since %s: %s", code(c.Chat), clock(c.Since), quote(c.Reason)))
	}
	return strings.Join(append(lines, "",
		fmt.Sprintf("Each is tried again within the hour; `bellhop resume %s CHAT` tries at once.", s.System)), "\n")
}

func open(s hub.SystemStatus) string {
	return fmt.Sprintf("**All chats of %s take messages again.** What waited for them goes out now, in its order.", s.System)
}

func full(r Room) string {
	return fmt.Sprintf("**%s is almost full:** %s of %s are free. When nothing is left, no event is accepted any more, and no message is sent.\n\n%s",
		upper(r.What), size(r.Free), size(r.Size), r.Advice)
}

func roomy(r Room) string {
	return fmt.Sprintf("**%s has room again:** %s of %s are free.", upper(r.What), size(r.Free), size(r.Size))
}

func quiet(s Source, last, now time.Time) string {
	text := fmt.Sprintf("**%s has gone quiet.** Nothing has come from it %s", s.Name, sinceWhen(last))
	if !last.IsZero() {
		text += ", for " + lasting(now.Sub(last))
	}
	text += "; on other days something always came in such a time."
	return text + "\n\n" + strings.TrimSpace("If it is not just a calm day: "+s.Advice)
}

func heard(s Source, m *matter, last time.Time) string {
	return fmt.Sprintf("**%s is heard again,** since %s. Nothing had come from it %s.", s.Name, clock(last), m.Reason)
}

func sinceWhen(last time.Time) string {
	if last.IsZero() {
		return "within memory"
	}
	return "since " + clock(last)
}

// inWords are the faults as people say them.
var inWords = map[hub.Fault]string{
	hub.FaultTemporary:    "failed at every attempt",
	hub.FaultRateLimited:  "failed at every attempt",
	hub.FaultUnauthorized: "not allowed",
	hub.FaultRejected:     "refused by the platform",
	hub.FaultChatGone:     "the chat is gone, or the bot is not in it",
	hub.FaultStale:        "waited past their use",
}

// kindsShown is how many kinds of dead letters a message lists.
const kindsShown = 8

// givenUp tells of dead letters, newest first.
func givenUp(letters []hub.DeadLetter, more bool) string {
	type kind struct {
		system hub.System
		why    string
	}
	kinds := map[kind]int{}
	for i := range letters {
		l := &letters[i]
		kinds[kind{l.Notification.System, cmp.Or(inWords[l.Fault], "for another reason")}]++
	}
	total := count(int64(len(letters)), "message was given up", "messages were given up")
	if more {
		total = "More than " + total
	}
	lines := []string{fmt.Sprintf("**%s** since %s:", total, clock(letters[len(letters)-1].At)), ""}
	sorted := slices.SortedFunc(maps.Keys(kinds), func(a, b kind) int {
		return cmp.Or(kinds[b]-kinds[a], cmp.Compare(a.system, b.system), cmp.Compare(a.why, b.why))
	})
	for i, k := range sorted {
		if i == kindsShown {
			lines = append(lines, "- and others")
			break
		}
		lines = append(lines, fmt.Sprintf("- %d to %s: %s", kinds[k], k.system, k.why))
	}
	newest := &letters[0]
	lines = append(lines, "", fmt.Sprintf("The newest, to %s of %s: %s.", code(newest.Notification.Chat.ID), newest.Notification.System, quote(newest.Reason)),
		"", "They are kept with their reasons. Mend what stands in the way, then have them sent again: `bellhop dead list` shows them, `bellhop dead retry` sends.")
	return strings.Join(lines, "\n")
}

func clock(t time.Time) string { return t.UTC().Format("2 January 15:04 UTC") }

// lasting is a time span as people say it.
func lasting(d time.Duration) string {
	minutes := int64(d.Round(time.Minute) / time.Minute)
	switch {
	case minutes < 1:
		return "less than a minute"
	case minutes < 2*60:
		return count(minutes, "minute", "minutes")
	case minutes < 2*24*60:
		return fmt.Sprintf("%d h %d min", minutes/60, minutes%60)
	}
	return count(minutes/(24*60), "day", "days")
}

func count(n int64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

func size(n int64) string {
	const gib = 1 << 30
	if n < gib {
		return fmt.Sprintf("%d MiB", max(n, 0)>>20)
	}
	return fmt.Sprintf("%.1f GiB", float64(n)/gib)
}

func upper(s string) string {
	for i, r := range s {
		return string(unicode.ToUpper(r)) + s[i+len(string(r)):]
	}
	return s
}

// reasonShown is how many characters of a reason are shown.
const reasonShown = 300

// quote shows a reason, which a platform may have written, as it stands: on one
// line, and without markup.
func quote(reason string) string {
	reason = strings.Join(strings.Fields(reason), " ")
	if runes := []rune(reason); len(runes) > reasonShown {
		reason = string(runes[:reasonShown-1]) + "…"
	}
	if reason == "" {
		return "it gives no reason"
	}
	return code(strings.TrimRight(reason, "."))
}

// code is text that stands as it is, but for backticks, which would end it:
// https://spec.commonmark.org/0.31.2/#code-spans
func code(text string) string {
	text = strings.ReplaceAll(text, "`", "'")
	return "`" + text + "`"
}
