package hub

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"
	"unicode/utf8"
)

// object is a JSON object that is being written: what encoding/json would write, at a
// part of its cost. What a post goes through is written several times for each chat that
// hears of it, and nearly all of that are names, numbers and times.
type object struct {
	to  []byte
	err error // the first
}

// begin begins an object after what to holds.
func begin(to []byte) object { return object{to: append(to, '{')} }

// end is all that was written.
func (o *object) end() ([]byte, error) {
	o.to = append(o.to, '}')
	return o.to, o.err
}

func (o *object) name(name string) {
	if o.to[len(o.to)-1] != '{' {
		o.to = append(o.to, ',')
	}
	o.to = append(append(append(o.to, '"'), name...), '"', ':')
}

func (o *object) text(name, v string) {
	o.name(name)
	if !utf8.ValidString(v) {
		raw, _ := json.Marshal(v) // of a string it knows no error
		o.to = append(o.to, raw...)
		return
	}
	o.to = append(o.to, '"')
	written := 0
	for i := range len(v) {
		if c := v[i]; c < ' ' || c == '"' || c == '\\' {
			o.to = append(append(o.to, v[written:i]...), escapes[c]...)
			written = i + 1
		}
	}
	o.to = append(append(o.to, v[written:]...), '"')
}

// escapes are of what JSON does not allow in a string, by byte:
// https://www.rfc-editor.org/rfc/rfc8259#section-7.
var escapes = func() (of ['\\' + 1]string) {
	for c := range ' ' {
		of[c] = fmt.Sprintf(`\u%04x`, c)
	}
	of['\n'], of['\r'], of['\t'], of['"'], of['\\'] = `\n`, `\r`, `\t`, `\"`, `\\`
	return of
}()

func (o *object) textIf(name, v string) {
	if v != "" {
		o.text(name, v)
	}
}

func (o *object) number(name string, n int) {
	o.name(name)
	o.to = strconv.AppendInt(o.to, int64(n), 10)
}

func (o *object) numberIf(name string, n int) {
	if n != 0 {
		o.number(name, n)
	}
}

func (o *object) flagIf(name string, v bool) {
	if v {
		o.name(name)
		o.to = append(o.to, "true"...)
	}
}

func (o *object) time(name string, t time.Time) {
	o.name(name)
	o.to = append(o.to, '"')
	to, err := t.AppendText(o.to)
	if err != nil {
		o.fail(name, err)
		to = o.to
	}
	o.to = append(to, '"')
}

func (o *object) timeIf(name string, t time.Time) {
	if !t.IsZero() {
		o.time(name, t)
	}
}

// within is an object in this one.
func (o *object) within(name string, fields func(*object)) {
	o.name(name)
	o.object(fields)
}

func (o *object) object(fields func(*object)) {
	o.to = append(o.to, '{')
	fields(o)
	o.to = append(o.to, '}')
}

// value is for what is rare.
func (o *object) value(name string, v any) {
	o.name(name)
	raw, err := json.Marshal(v)
	if err != nil {
		o.fail(name, err)
	}
	o.to = append(o.to, raw...)
}

func (o *object) fail(name string, err error) {
	if o.err == nil {
		o.err = fmt.Errorf("%s: %w", name, err)
	}
}

func (o *object) chat(c Chat) {
	o.text("system", string(c.System))
	o.text("chat", c.ID)
}

// AppendJSON appends e, but does not look into Data again, which is JSON already.
// Events are written for every webhook, and a post's HTML is most of them.
func (e *Event) AppendJSON(to []byte) ([]byte, error) {
	o := begin(to)
	o.text("specversion", e.SpecVersion)
	o.text("id", string(e.ID))
	o.text("source", string(e.Source))
	o.text("type", string(e.Type))
	o.textIf("subject", e.Subject)
	o.timeIf("time", e.Time)
	o.textIf("datacontenttype", e.DataContentType)
	o.timeIf("receivedtime", e.ReceivedTime)
	o.textIf("replyto", string(e.ReplyTo))
	if len(e.Data) > 0 {
		o.name("data")
		o.to = append(o.to, e.Data...)
	}
	return o.end()
}

// fields are all but the message.
func (n *Notification) fields(o *object) {
	o.number("v", n.Version)
	o.text("id", string(n.ID))
	o.chat(n.Chat)
	o.textIf("event", string(n.Event))
	o.textIf("event_type", string(n.EventType))
	o.textIf("source", string(n.Source))
	o.textIf("subscription", string(n.Subscription))
	o.textIf("act", string(n.Act))
	o.textIf("of", string(n.Of))
	o.textIf("ref", string(n.Ref))
	o.timeIf("received_at", n.ReceivedAt)
	o.time("queued_at", n.QueuedAt)
	o.flagIf("new", n.New)
	o.numberIf("again", n.Again)
	o.timeIf("stale_at", n.StaleAt)
	o.textIf("digest", n.Digest)
	o.textIf("root", string(n.Root))
}

// fields are all but the message.
func (a *Announcement) fields(o *object) {
	o.text("notification", string(a.Notification))
	o.chat(a.Chat)
	o.text("source", string(a.Source))
	o.text("topic", a.Topic)
	o.number("post", a.Post)
	o.textIf("post_id", a.PostID)
	o.text("event", string(a.Event))
	o.textIf("subscription", string(a.Subscription))
	o.textIf("mode", string(a.Mode))
	if a.Options != (Options{}) {
		o.value("options", a.Options)
	}
	o.text("state", string(a.State))
	o.textIf("update", string(a.Update))
	o.time("at", a.At)
	o.time("updated_at", a.UpdatedAt)
}

// fields are all of m.
func (m *Message) fields(o *object) {
	o.textIf("text", m.Text)
	if m.Card != nil {
		o.within("card", m.Card.fields)
	}
	o.textIf("thread", m.Thread)
	o.flagIf("in_thread", m.InThread)
	o.flagIf("broadcast", m.Broadcast)
	if len(m.Actions) > 0 {
		o.value("actions", m.Actions)
	}
}

func (c *Card) fields(o *object) {
	o.text("kind", c.Kind)
	o.text("title", c.Title)
	o.textIf("url", c.URL)
	o.textIf("site", c.Site)
	if c.Author != nil {
		o.within("author", c.Author.fields)
	}
	if c.Category != nil {
		o.within("category", c.Category.fields)
	}
	if len(c.Tags) > 0 {
		o.name("tags")
		o.to = append(o.to, '[')
		for i := range c.Tags {
			if i > 0 {
				o.to = append(o.to, ',')
			}
			o.object(c.Tags[i].fields)
		}
		o.to = append(o.to, ']')
	}
	o.textIf("text", c.Text)
	o.flagIf("cut", c.Cut)
	if c.Image != nil {
		o.value("image", c.Image)
	}
	o.timeIf("time", c.Time)
	o.flagIf("compact", c.Compact)
	o.flagIf("struck", c.Struck)
}

func (p *Person) fields(o *object) {
	o.textIf("id", p.ID)
	o.textIf("username", p.Username)
	o.textIf("name", p.Name)
	o.textIf("url", p.URL)
	o.textIf("avatar", p.Avatar)
	o.flagIf("staff", p.Staff)
	o.flagIf("bot", p.Bot)
}

func (l *Label) fields(o *object) {
	o.text("name", l.Name)
	o.textIf("url", l.URL)
	o.textIf("color", l.Color)
}

// AppendJSON appends r.
func (r *Receipt) AppendJSON(to []byte) ([]byte, error) {
	o := begin(to)
	o.text("ref", string(r.Ref))
	o.textIf("url", r.URL)
	o.timeIf("at", r.At)
	o.textIf("note", r.Note)
	o.textIf("digest", string(r.Digest))
	return o.end()
}

// AppendJSON appends what ParseOutcomes reads.
func (out *Outcome) AppendJSON(to []byte) ([]byte, error) {
	o := begin(to)
	o.text("notification", string(out.Notification))
	o.chat(out.Chat)
	o.textIf("event", string(out.Event))
	o.text("status", string(out.Status))
	o.numberIf("again", out.Again)
	o.number("attempt", out.Attempt)
	if out.Receipt != (Receipt{}) {
		o.name("receipt")
		var err error
		if o.to, err = out.Receipt.AppendJSON(o.to); err != nil {
			o.fail("receipt", err)
		}
	}
	o.textIf("fault", string(out.Fault))
	o.textIf("reason", out.Reason)
	o.timeIf("retry_at", out.RetryAt)
	o.time("at", out.At)
	if out.Exchange != nil {
		o.value("exchange", out.Exchange)
	}
	return o.end()
}
