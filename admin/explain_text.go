package admin

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
)

// howToRead explains the rows that stand above it.
const howToRead = `
How to read a row: c/ is a category, t/ a tag, topic/ a topic, u/ an author, g/ a group that is mentioned,
pm/ the group of a private message, k/ a kind of event, text/ words; + means and, ! means not, * is everything.
watch (also where no such word stands) hears new topics and replies, follow only new topics, thread puts the
replies into the topic's thread, mute keeps quiet. Of a chat's rows that match one decides: those about groups
first, then mute, thread, watch, follow, then the oldest.
`

// ExplanationText tells an explanation in plain words, for people who know the
// forum and the chats and nothing of Bellhop.
func ExplanationText(x *hub.Explanation) string {
	p := &page{}
	p.line("%s", oneLine(x.Summary))
	p.line("")
	p.event(x.Event)
	p.line("%s", outlook(x))
	p.notes(x.Notes)
	rows := false
	for i := range x.Chats {
		p.line("")
		p.expected(&x.Chats[i])
		rows = rows || len(x.Chats[i].Rows) > 0
	}
	if x.More > 0 {
		p.line("\n%s left out: ask about one chat, or for more of them with a higher limit.", counted(x.More, "more chat is", "more chats are"))
	}
	if rows {
		p.WriteString(howToRead)
	}
	return p.String()
}

// page is a text for people.
type page struct{ strings.Builder }

func (p *page) line(format string, args ...any) { fmt.Fprintf(p, format+"\n", args...) }

// event says what came, and when.
func (p *page) event(e *hub.Event) {
	if e == nil {
		return
	}
	var when []string
	if !e.Time.IsZero() {
		when = append(when, "It happened on "+moment(e.Time)+".")
	}
	if !e.ReceivedTime.IsZero() {
		when = append(when, "It came in on "+moment(e.ReceivedTime)+".")
	}
	p.line("%s", strings.Join(append([]string{fmt.Sprintf("This is event %s, a %s of the source %s.", oneLine(string(e.ID)), oneLine(string(e.Type)), oneLine(string(e.Source)))}, when...), " "))
	if url := address(e); url != "" {
		p.line("%s", oneLine(url))
	}
}

// address is where people see what an event is about, if it says.
func address(e *hub.Event) string {
	var data struct {
		URL   string     `json:"url"`
		Topic *hub.Topic `json:"topic"`
		Post  *hub.Post  `json:"post"`
	}
	if json.Unmarshal(e.Data, &data) != nil {
		return ""
	}
	switch {
	case data.Post != nil && data.Post.URL != "":
		return data.Post.URL
	case data.Topic != nil && data.Topic.URL != "":
		return data.Topic.URL
	}
	return data.URL
}

// outlook says what would become of the event, in a sentence.
func outlook(x *hub.Explanation) string {
	table := "the " + counted(x.Rows, "row", "rows") + " in the table of subscriptions"
	switch {
	case x.Verdict == hub.VerdictDropped:
		return "Nobody would hear of it, whatever the rows say: " + oneLine(x.Why) + "."
	case x.Rows == 0:
		return "Nobody would hear of it: the table of subscriptions is empty."
	case len(x.Chats) == 0 && x.More == 0:
		return "Nothing would go where you asked about: of " + table + " none is for it."
	case x.Verdict == hub.VerdictNobody:
		return "None of the chats below would hear of it: of " + table + " none that is theirs matches."
	}
	count := map[string]int{}
	for _, c := range x.Chats {
		count[c.Result]++
	}
	var each []string
	for _, r := range []struct{ result, one, many string }{
		{hub.ResultQueued, "chat would get a message", "chats would get a message"},
		{hub.ResultMuted, "is muted", "are muted"},
		{hub.ResultNothing, "would hear nothing", "would hear nothing"},
	} {
		if n := count[r.result]; n > 0 {
			each = append(each, counted(n, r.one, r.many))
		}
	}
	return "Held against " + table + ", as it stands now: " + conjoined(each) + "."
}

func (p *page) notes(notes []string) {
	if len(notes) == 0 {
		return
	}
	p.line("\nWhat Bellhop noticed:")
	for _, n := range notes {
		p.line("  - %s", oneLine(n))
	}
}

// expected says what one chat would get, and what each of its rows says.
func (p *page) expected(c *hub.Expected) {
	outcome := "would get nothing: none of its rows matches"
	switch c.Result {
	case hub.ResultQueued:
		outcome = "would get a message"
	case hub.ResultMuted:
		outcome = "would get nothing: the row that decides is a mute"
	}
	p.line("%s %s %s.", oneLine(string(c.System)), oneLine(c.Chat.ID), outcome)
	p.waits(c)
	for _, r := range c.Rows {
		if r.Wins {
			p.line("  Row %s decides: %s", r.Subscription, rowOf(r))
		}
	}
	for _, r := range c.Rows {
		if !r.Wins {
			p.line("  Row %s does not decide: %s", r.Subscription, rowOf(r))
			p.line("      %s", oneLine(r.Reason))
		}
	}
	p.message(c)
}

// waits says why a message would not go out at once, and when it would.
func (p *page) waits(c *hub.Expected) {
	if c.WaitsUntil.IsZero() {
		return
	}
	_, err := hub.ParseRhythm(c.Digest)
	digest := err == nil
	switch silent := !c.SilentUntil.IsZero(); {
	case silent && digest:
		p.line("  The chat is left alone until %s (`bellhop chats`).", onClocks(c.SilentUntil))
	case silent:
		p.line("  The chat is left alone until %s (`bellhop chats`): the message would wait until then.", onClocks(c.SilentUntil))
	}
	if digest {
		p.line("  The row that decides asks for a digest (%s): the message would be told on %s, together with others.", oneLine(c.Digest), onClocks(c.WaitsUntil))
	}
}

// onClocks is a time by the clocks of a chat.
func onClocks(at time.Time) string {
	return at.Format("2 January 2006 at 15:04 ") + at.Location().String()
}

// message is the message as it would be sent.
func (p *page) message(c *hub.Expected) {
	if c.Message == nil {
		return
	}
	if c.Rendered == nil {
		p.line("  The message, before the platform's worker writes it in its own markup:")
		p.quote(bare(c.Message))
		return
	}
	// In its platform's markup it is for machines, and in the JSON.
	p.line("  The message, as it reads on %s:", oneLine(c.Rendered.Kind))
	p.quote(c.Rendered.Plain)
}

// quote sets off what strangers wrote.
func (p *page) quote(text string) {
	for line := range strings.Lines(strings.TrimSpace(text) + "\n") {
		p.line("%s", strings.TrimRight("    | "+oneLine(line), " "))
	}
}

// bare is a message without any markup of its own.
func bare(m *hub.Message) string {
	lines := []string{m.Text}
	if c := m.Card; c != nil {
		lines = append(lines, strings.Trim(c.Kind+": "+c.Title, ": "), c.URL, c.Text)
	}
	var said []string
	for _, l := range lines {
		if strings.TrimSpace(l) != "" {
			said = append(said, l)
		}
	}
	return strings.Join(said, "\n")
}

// rowOf is a row's rule without its system and chat, which stand above it.
func rowOf(r hub.RowVerdict) string {
	cells := strings.SplitN(r.Row, " | ", 3)
	return oneLine(cells[len(cells)-1])
}

// TraceText tells a decision in plain words, and how far each message has come
// of which there is a delivery.
func TraceText(t *hub.Trace, sent ...hub.Delivery) string {
	p := &page{}
	p.line("Event %s, a %s of the source %s, was looked at on %s.", oneLine(string(t.Event)), oneLine(string(t.Type)), oneLine(string(t.Source)), moment(t.At))
	p.line("%s", verdict(t))
	for i := range t.Chats {
		c := &t.Chats[i]
		p.line("  %s %s: %s%s", oneLine(string(c.System)), oneLine(c.Chat.ID), result(c), because(c))
		for _, d := range sent {
			if c.Notification != "" && d.ID == c.Notification {
				p.line("      %s", delivered(&d))
			}
		}
	}
	if t.More > 0 {
		p.line("  … and %s", counted(t.More, "more chat", "more chats"))
	}
	p.notes(t.Notes)
	if len(t.Nearest) > 0 {
		p.line("\nThe rows that came nearest:")
		for _, r := range t.Nearest {
			p.line("  %s  [%s]\n      %s", oneLine(r.Row), r.Subscription, oneLine(r.Reason))
		}
		p.WriteString(howToRead)
	}
	return p.String()
}

func verdict(t *hub.Trace) string {
	rows := counted(t.Rows, "row", "rows") + " in the table of subscriptions"
	switch t.Verdict {
	case hub.VerdictDropped:
		return "Nobody may hear of it: " + oneLine(t.Why) + "."
	case hub.VerdictNobody:
		return "Nobody heard of it: of " + rows + " none matched."
	case hub.VerdictWaiting:
		return "It is not decided yet: " + oneLine(t.Why) + "."
	case hub.VerdictLearned:
		return "It was not told by itself: " + oneLine(t.Why) + "."
	}
	return "Of " + rows + " these decided, one for each chat:"
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
		if c.At.IsZero() {
			return "nothing yet, its row waits"
		}
		return "nothing yet, its row waits until " + moment(c.At)
	}
	return oneLine(c.Result)
}

func because(c *hub.TraceChat) string {
	if c.Subscription == "" {
		return ""
	}
	return fmt.Sprintf(" (row %s, %s)", c.Subscription, cmp.Or(c.Mode, hub.Watch))
}

// delivered says how far a message has come.
func delivered(d *hub.Delivery) string {
	switch d.Status {
	case hub.StatusSent:
		said := "sent on " + moment(d.UpdatedAt)
		for _, more := range []string{d.Receipt.URL, d.Receipt.Note} {
			if more != "" {
				said += ", " + oneLine(more)
			}
		}
		return said
	case hub.StatusFailed:
		return fmt.Sprintf("not sent yet after %s: %s", counted(d.Attempts, "attempt", "attempts"), oneLine(d.Reason))
	case hub.StatusDead:
		return fmt.Sprintf("given up after %s: %s", counted(d.Attempts, "attempt", "attempts"), oneLine(d.Reason))
	}
	return "waits for its turn since " + moment(d.QueuedAt)
}

func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
