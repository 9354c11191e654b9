package pane

import (
	"cmp"
	"html/template"
	"slices"
	"strings"
	"time"

	"github.com/bellhop-chat/bellhop/admin"
	"github.com/bellhop-chat/bellhop/admin/pane/preview"
	"github.com/bellhop-chat/bellhop/hub"
)

// mostPreviews is how many messages are shown side by side: they are much alike.
const mostPreviews = 12

// simulated is an explanation, for people.
type simulated struct {
	*hub.Explanation
	All      int // chats that have a row
	Told     int // that would get a message
	Shown    []chatVerdict
	Previews []chatPreview
	Same     int // messages that are left out of Previews
	Changes  []changeView
	Taken    *hub.Trace
	Only     *only
}

// only is what a filter leaves.
type only struct {
	Chat *roomView
	Row  hub.SubscriptionID
	URL  string // without it
}

// roomView is a chat as the template room shows it.
type roomView struct {
	Kind   string
	System hub.System
	Name   string
	URL    string // may be empty
}

// chatVerdict is what one chat would get.
type chatVerdict struct {
	hub.Expected
	Room roomView
	Rows []rowVerdict
}

// Waits reports whether a message would not go out at once.
func (c chatVerdict) Waits() bool { return !c.WaitsUntil.IsZero() }

// Digested reports whether the row that decides asks for a digest.
func (c chatVerdict) Digested() bool {
	_, err := hub.ParseRhythm(c.Digest)
	return err == nil
}

// Quiet reports whether nothing would come.
func (c chatVerdict) Quiet() bool { return c.Result != hub.ResultQueued }

// rowVerdict is what one row says.
type rowVerdict struct {
	hub.RowVerdict
	Says template.HTML // what it does, in words
	Rule string        // the same in the text form
	Only string        // where it alone is shown
}

// Lost reports whether the row matches and another comes first.
func (r rowVerdict) Lost() bool { return r.Matched && !r.Wins }

// chatPreview is a message as its chat would show it.
type chatPreview struct {
	preview.Preview
	Room roomView
}

// changeView is where today differs from when the event came.
type changeView struct {
	hub.Change
	Room roomView
}

// simulated makes an explanation ready to be shown.
func (v *viewer) simulated(x *hub.Explanation) *simulated {
	s := &simulated{Explanation: x, All: len(x.Chats) + x.More, Taken: x.Taken}
	names := v.p.Admin.ChatNames(v.ctx)
	at := cmp.Or(x.Event.Time, v.p.Now())
	previewed := map[string]bool{}
	for _, c := range x.Chats {
		room := roomViewOf(names, c.Chat)
		if c.Result == hub.ResultQueued {
			s.Told++
		}
		if v.page.Value("show") == "told" && c.Result != hub.ResultQueued {
			continue
		}
		room.URL = v.page.With("chat", string(c.System)+":"+c.Chat.ID, "row", "")
		s.Shown = append(s.Shown, v.verdict(c, room))
		if c.Rendered == nil {
			continue
		}
		// The same message on the same platform is shown once.
		key := c.Rendered.Kind + "\x00" + c.Rendered.Markup
		if previewed[key] || len(s.Previews) >= mostPreviews {
			s.Same++
			continue
		}
		previewed[key] = true
		s.Previews = append(s.Previews, chatPreview{preview.Of(v.page.Words, c.Rendered, at.In(v.page.Clock.zone)), room})
	}
	for _, c := range x.Changes {
		s.Changes = append(s.Changes, changeView{c, roomViewOf(names, c.Chat)})
	}
	s.Only = v.only(names)
	return s
}

func (v *viewer) verdict(c hub.Expected, room roomView) chatVerdict {
	shown := chatVerdict{Expected: c, Room: room}
	for _, r := range c.Rows {
		shown.Rows = append(shown.Rows, rowVerdict{r, v.says(r), ruleOf(r), v.page.With("row", string(r.Subscription), "chat", "")})
	}
	// The row that decides stands first, then those that it hides.
	slices.SortStableFunc(shown.Rows, func(a, b rowVerdict) int { return cmp.Compare(rankOf(a), rankOf(b)) })
	return shown
}

// mostSaid is for how many rows of a page the store is asked, to say them in
// words. The others stand there in the text form.
const mostSaid = 200

// says is what a row does, in words.
func (v *viewer) says(r hub.RowVerdict) template.HTML {
	if v.said++; v.said <= mostSaid {
		row, err := v.p.Admin.Subscriptions.GetSubscription(v.ctx, r.Subscription)
		if err == nil {
			if v.teller == nil {
				t := v.p.teller(v.ctx, v.page.Words)
				v.teller = &t
			}
			return v.teller.Row(row).HTML
		}
	}
	return preview.Plain(ruleOf(r))
}

func rankOf(r rowVerdict) int {
	switch {
	case r.Wins:
		return 0
	case r.Matched:
		return 1
	}
	return 2
}

// ruleOf is a row in the text form, without its chat and its mode, which stand
// beside it.
func ruleOf(r hub.RowVerdict) string {
	cells := strings.SplitN(r.Row, " | ", 3)
	rule := cells[len(cells)-1]
	return strings.TrimPrefix(rule, string(r.Mode)+":")
}

// only says which chat or row alone is shown.
func (v *viewer) only(names *admin.ChatNames) *only {
	o := &only{Row: hub.SubscriptionID(v.page.Value("row")), URL: v.page.With("chat", "", "row", "")}
	if system, chat, found := strings.Cut(v.page.Value("chat"), ":"); found {
		room := roomViewOf(names, hub.Chat{System: hub.System(system), ID: chat})
		o.Chat = &room
	}
	if o.Chat == nil && o.Row == "" {
		return nil
	}
	return o
}

func roomViewOf(names *admin.ChatNames, chat hub.Chat) roomView {
	room := names.Of(chat)
	return roomView{Kind: room.Kind, System: room.System, Name: room.Name}
}

// Unchanged reports whether the decision that was taken is what it would be today.
func (s *simulated) Unchanged() bool {
	return s.Taken != nil && len(s.Changes) == 0 && s.Taken.Verdict != hub.VerdictWaiting && s.Taken.Verdict != hub.VerdictLearned
}

// TakenAt is when the decision was taken, zero if it is not kept.
func (s *simulated) TakenAt() time.Time {
	if s.Taken == nil {
		return time.Time{}
	}
	return s.Taken.At
}
