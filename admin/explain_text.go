package admin

import (
	"fmt"
	"strings"

	"github.com/bellhop-chat/bellhop/hub"
)

// ExplanationText tells an explanation in plain words, for people who know the
// forum and the chats and nothing of Bellhop.
func ExplanationText(x *hub.Explanation) string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("%s", oneLine(x.Summary))
	switch {
	case x.Why != "":
		line("Nobody hears of it: %s.", oneLine(x.Why))
	case x.Verdict == hub.VerdictNobody:
		line("No subscription matches it (%s).", counted(x.Rows, "row in the table", "rows in the table"))
	default:
		told := 0
		for _, c := range x.Chats {
			if c.Result == hub.ResultQueued {
				told++
			}
		}
		line("%s would be told (%s).", counted(told, "chat", "chats"), counted(x.Rows, "row in the table", "rows in the table"))
	}
	for _, n := range x.Notes {
		line("Note: %s.", oneLine(n))
	}
	for _, c := range x.Chats {
		b.WriteString("\n")
		explainChat(&b, &c)
	}
	if x.More > 0 {
		line("\n… and %s that are left out: ask about one with --chat SYSTEM:CHAT.", counted(x.More, "chat", "chats"))
	}
	return b.String()
}

func explainChat(b *strings.Builder, c *hub.Expected) {
	fmt.Fprintf(b, "%s %s: %s\n", c.System, oneLine(c.Chat.ID), expected(c))
	for _, r := range c.Rows {
		mark := "-"
		if r.Wins {
			mark = "*"
		}
		fmt.Fprintf(b, "  %s %s  [%s]\n      %s\n", mark, rowOf(r), r.Subscription, reasonOf(r))
	}
	if c.Rendered != nil {
		fmt.Fprintf(b, "  %s would show:\n", c.Rendered.Kind)
		for text := range strings.Lines(strings.TrimSpace(c.Rendered.Plain) + "\n") {
			fmt.Fprintf(b, "  | %s\n", oneLine(text))
		}
	}
}

func expected(c *hub.Expected) string {
	switch c.Result {
	case hub.ResultQueued:
		return "gets a message"
	case hub.ResultMuted:
		return "gets nothing, because a mute decides"
	}
	return "gets nothing, because no row of it matches"
}

// rowOf is a row's rule without its system and chat, which stand above it.
func rowOf(r hub.RowVerdict) string {
	cells := strings.SplitN(r.Row, " | ", 3)
	return oneLine(cells[len(cells)-1])
}

func reasonOf(r hub.RowVerdict) string {
	if r.Wins {
		return "decides: it matches, and no row of the chat comes before it"
	}
	return oneLine(r.Reason)
}

// TraceText tells a decision in plain words.
func TraceText(t *hub.Trace) string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("%s from %s, decided %s: %s", t.Type, t.Source, t.At.UTC().Format("2006-01-02 15:04:05 UTC"), verdict(t))
	for _, n := range t.Notes {
		line("Note: %s.", oneLine(n))
	}
	for _, c := range t.Chats {
		line("  %s %s: %s%s", c.System, oneLine(c.Chat.ID), result(&c), because(&c))
	}
	if t.More > 0 {
		line("  … and %s", counted(t.More, "more chat", "more chats"))
	}
	if len(t.Nearest) > 0 {
		line("Nearest without matching:")
	}
	for _, r := range t.Nearest {
		line("  - %s  [%s]\n      %s", oneLine(r.Row), r.Subscription, oneLine(r.Reason))
	}
	return b.String()
}

func verdict(t *hub.Trace) string {
	rows := counted(t.Rows, "row", "rows")
	switch t.Verdict {
	case hub.VerdictDropped:
		return "nobody may hear of it, because " + oneLine(t.Why)
	case hub.VerdictNobody:
		return "none of " + rows + " matched"
	case hub.VerdictWaiting, hub.VerdictLearned:
		return oneLine(t.Why)
	}
	return fmt.Sprintf("of %s, these decided", rows)
}

func result(c *hub.TraceChat) string {
	switch c.Result {
	case hub.ResultQueued:
		return "a message"
	case hub.ResultMuted:
		return "nothing, it is muted"
	case hub.ResultUpdated:
		return "its earlier message was changed"
	case hub.ResultRetracted:
		return "its earlier message was taken back"
	case hub.ResultKnown:
		return "nothing, it had been told already"
	case hub.ResultWaits:
		return "waits until " + c.At.UTC().Format("15:04:05 UTC")
	}
	return c.Result
}

func because(c *hub.TraceChat) string {
	if c.Subscription == "" {
		return ""
	}
	return fmt.Sprintf(" (%s, row %s)", c.Mode, c.Subscription)
}

func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// oneLine keeps what strangers wrote from breaking the page or the terminal.
func oneLine(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 {
			return ' '
		}
		return r
	}, s))
}
