package discourse

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/apps"
)

const fieldLink = "link"

// why says why the chat was told of a post, or was not.
func (a *App) why(ctx context.Context, c *hub.Command) (hub.Reply, error) {
	text := c.Command.Encoded.Get(fieldLink)
	l := parseLink(a.Sites(), text)
	switch {
	case !isLink(text):
		return a.noPost(c, typed(text)+" is no link. Open the topic or the post on the forum, copy its address and paste it here."), nil
	case l.site == nil:
		return a.noPost(c, "That link is of no forum that I know. "+a.known()), nil
	case l.post == nil:
		return a.noPost(c, "That link leads to no topic and no post. Open the topic, and copy its address or that of a post in it."), nil
	}
	w := &whys{App: a, ctx: ctx, c: c, chat: c.Context.Chat(), site: l.site, post: *l.post}
	return w.answer()
}

func (a *App) noPost(c *hub.Command, text string) hub.Reply {
	reply := hub.Reply{Error: &hub.Refusal{Text: text}}
	if c.Context.Source.ID == hub.FromDialog {
		reply.Error.Fields = map[string]string{fieldLink: text}
	}
	return reply.With(hub.OutcomeError)
}

// whys is an answer to why in the making.
type whys struct {
	*App
	ctx  context.Context
	c    *hub.Command
	chat hub.Chat
	site *Site
	post Post

	rows  []hub.Subscription
	event *hub.Event
	trace *hub.Trace
	got   *hub.TraceChat // what the chat got
}

func (w *whys) answer() (hub.Reply, error) {
	var err error
	if w.rows, err = w.App.rows(w.ctx, w.chat); err != nil {
		return hub.Reply{}, err
	}
	events, err := w.History.Posted(w.ctx, w.site.Source, w.post)
	if err != nil {
		return hub.Reply{}, err
	}
	if w.post.Topic == "" { // only an event can tell where a post stands
		for i := range events {
			if d := aboutOf(&events[i]); d.topic() != "" && d.Post != nil {
				w.post.Topic, w.post.Number = d.topic(), d.Post.Number
				break
			}
		}
	}
	may, why, err := w.mayKnow()
	if err != nil {
		return hub.Reply{}, err
	}
	if !may {
		return hub.Say("%s", why).With(hub.OutcomeOK), nil
	}
	if len(events) == 0 {
		return hub.Say("I have no record of %s. Either it is older than what I keep, or the forum has not told me of it. If others of its posts do arrive, it was written before they did; if none does, the forum's connection to Bellhop (its webhook) needs a look.", w.named(nil)).With(hub.OutcomeOK), nil
	}
	if err := w.findTrace(events); err != nil {
		return hub.Reply{}, err
	}
	return w.tell()
}

const notSure = "The forum does not answer just now, so I cannot tell whether this chat may know of that topic. Until it does, nothing is sent either. Please try again in a minute."

// mayKnow reports whether this chat may be told of the post: it was told of it
// before, or a reader of its rules may see the topic. What is hidden and what is
// not there reads alike.
func (w *whys) mayKnow() (may bool, why string, err error) {
	if w.post.Topic != "" {
		told, err := w.History.Announcements(w.ctx, w.site.Source, w.post.Topic, w.post.Number)
		if err != nil {
			return false, "", err
		}
		if slices.ContainsFunc(told, func(n hub.Announcement) bool { return n.Chat == w.chat && n.State == hub.AnnouncedLive }) {
			return true, "", nil
		}
		readers := []string{""}
		for _, row := range w.rows {
			if (row.Source == "" || row.Source == w.site.Source) && !slices.Contains(readers, row.Options.ReadAs) {
				readers = append(readers, row.Options.ReadAs)
			}
		}
		for _, reader := range readers {
			visible, err := w.Forums.Visible(w.ctx, w.site.Source, w.post.Topic, reader)
			if err != nil {
				return false, notSure, nil //nolint:nilerr // what is not known is not told
			}
			if visible {
				return true, "", nil
			}
		}
	}
	return false, "I may not tell this chat of that: the forum does not show it to the reader with whose eyes I look for you. It is private, deleted, or not there at all, so nothing of it comes here, whatever the rules say.", nil
}

// findTrace finds the decision that says most: a topic's creation is told by two
// events, of which one is decided.
func (w *whys) findTrace(events []hub.Event) error {
	best := -1
	for i := range events {
		t, err := w.History.FindTrace(w.ctx, events[i].ID)
		if err != nil {
			return err
		}
		got := w.gotBy(t)
		if n := says(t, got); n > best {
			best, w.event, w.trace, w.got = n, &events[i], t, got
		}
	}
	return nil
}

func (w *whys) gotBy(t *hub.Trace) *hub.TraceChat {
	if t == nil {
		return nil
	}
	i := slices.IndexFunc(t.Chats, func(c hub.TraceChat) bool { return c.Chat == w.chat })
	if i < 0 {
		return nil
	}
	return &t.Chats[i]
}

// says ranks decisions by what they say about a chat.
func says(t *hub.Trace, got *hub.TraceChat) int {
	switch {
	case t == nil:
		return 0
	case got != nil && got.Result != hub.ResultKnown:
		return 4
	case got != nil:
		return 3
	case t.Verdict == hub.VerdictLearned:
		return 1
	}
	return 2
}

// soon is within what time of its coming an event is decided, if all is well.
const soon = time.Minute

func (w *whys) tell() (hub.Reply, error) {
	t := w.teller(w.ctx, w.chat)
	data := map[string]any{"event": w.event.ID}
	head := apps.Sentence(w.named(w.event))
	var said []string
	var err error
	switch {
	case w.trace == nil && w.Now().Sub(w.event.ReceivedTime) < soon:
		said = []string{"It has just come in, and is not decided yet. Ask again in a moment."}
	case w.trace == nil:
		said, err = w.asThingsStand(t, "What was decided then is not kept any more. As the rules stand now:")
	case w.got != nil:
		said, err = w.decided(t)
	case w.trace.Verdict == hub.VerdictDropped:
		head, said = apps.Sentence(w.named(nil)), []string{dropped(w.trace.Why)}
	case w.trace.Verdict == hub.VerdictWaiting:
		said = []string{"It is not decided yet: " + plain(w.trace.Why) + "."}
	default:
		said, err = w.asThingsStand(t, "")
	}
	if err != nil {
		return hub.Reply{}, err
	}
	if w.got != nil {
		data["result"] = w.got.Result
	}
	return hub.Reply{OK: &hub.OK{Text: paragraphs(append([]string{head}, said...)...)}, Data: data}.With(hub.OutcomeOK), nil
}

// dropped says that nobody hears of a post. That one is hidden, or a whisper, is
// not for everyone to know.
func dropped(why string) string {
	if strings.HasPrefix(why, "the post is") {
		return "I tell nobody of that post, whatever the rules say: it is none that everybody may read, or none that a person has written."
	}
	return "I tell nobody of it, whatever the rules say: " + plain(why) + "."
}

// named is the post, as far as it is known: "Reply 4 in [Paper jam](…) by *bob*".
// Who has written what not everybody may read, is not for everyone to know.
func (w *whys) named(e *hub.Event) string {
	d := about{}
	if e != nil {
		d = aboutOf(e)
	}
	if p := d.Post; p != nil && (p.Kind != hub.PostRegular || p.Hidden || p.Deleted) {
		d = about{}
	}
	title, link := "the topic "+w.post.Topic, strings.TrimRight(w.site.URL, "/")+"/t/"+w.post.Topic
	if d.Topic != nil && oneLine(d.Topic.Title) != "" {
		title = d.Topic.Title
	}
	what := "[" + plain(shorten(title, 150)) + "](" + link + ")"
	if w.post.Number > 1 {
		what = fmt.Sprintf("post %d in [%s](%s/%d)", w.post.Number, plain(shorten(title, 150)), link, w.post.Number)
	}
	if w.post.Topic == "" {
		what = "that post"
	}
	switch {
	case d.Post != nil && d.Post.Author.Username != "":
		what += " by " + em(d.Post.Author.Username)
	case d.Topic != nil && d.Topic.Author != nil && d.Topic.Author.Username != "":
		what += " by " + em(d.Topic.Author.Username)
	}
	return what
}

// decided tells what a row of the chat decided, and what became of it.
func (w *whys) decided(t *teller) ([]string, error) {
	by := w.numbered(t, w.got.Subscription, w.got.Mode)
	chat := lower(here(w.c))
	switch w.got.Result {
	case hub.ResultQueued:
		sent, err := w.delivered()
		return []string{by + " That made a message for " + chat + ".", sent}, err
	case hub.ResultMuted:
		return []string{by + " So " + chat + " was told nothing."}, nil
	case hub.ResultWaits:
		until := ""
		if !w.got.At.IsZero() {
			settings, err := w.Chats.ChatSettings(w.ctx, w.chat)
			if err != nil {
				return nil, err
			}
			until = ", until " + w.clock(&settings, w.got.At)
		}
		return []string{by + " The message waits a moment, so that changes made meanwhile go into it" + until + "."}, nil
	case hub.ResultKnown:
		return []string{here(w.c) + " had been told of it before, so it was not told again."}, nil
	case hub.ResultUpdated:
		return []string{"The message that told " + chat + " of it was brought up to date."}, nil
	case hub.ResultRetracted:
		return []string{"The message that told " + chat + " of it was taken back."}, nil
	}
	return []string{by}, nil
}

// numbered is the row that decided, as status numbers it.
func (w *whys) numbered(t *teller, id hub.SubscriptionID, mode hub.Mode) string {
	for i := range w.rows {
		if w.rows[i].ID == id {
			return fmt.Sprintf("Rule %d decided: %s.", i+1, t.rule(&w.rows[i]))
		}
	}
	return fmt.Sprintf("A rule decided that has been removed since (%s).", typed(string(mode)))
}

// delivered says how far the message has come.
func (w *whys) delivered() (string, error) {
	if w.got.Notification == "" {
		return "", nil
	}
	found, err := w.History.FindDeliveries(w.ctx, []hub.NotificationID{w.got.Notification})
	if err != nil || len(found) == 0 {
		return "", err
	}
	settings, err := w.Chats.ChatSettings(w.ctx, w.chat)
	if err != nil {
		return "", err
	}
	d := found[0]
	at := w.clock(&settings, d.UpdatedAt)
	switch d.Status {
	case hub.StatusSent:
		said := "It was sent at " + at
		if d.Receipt.Note != "" {
			said += " (" + plain(d.Receipt.Note) + ")"
		}
		return said + ".", nil
	case hub.StatusFailed:
		return "It could not be sent yet, after " + counted(d.Attempts, "attempt") + ": " + plain(d.Reason) + ". It is tried again.", nil
	case hub.StatusDead:
		return "It could not be sent and was given up, after " + counted(d.Attempts, "attempt") + ": " + plain(d.Reason) + ". On Bellhop's web page it can be sent again.", nil
	}
	if quiet := w.silence(&settings); quiet != "" {
		return "It has not been sent yet. " + quiet, nil
	}
	return "It is in the queue and has not been sent yet.", nil
}

// maxReasons is how many rules are named that did not match.
const maxReasons = 3

// asThingsStand tells what each rule says to the post now.
func (w *whys) asThingsStand(t *teller, first string) ([]string, error) {
	if len(w.rows) == 0 {
		return []string{here(w.c) + " has no rules, so it hears nothing of the forum. " + w.begin(w.ctx, w.c)}, nil
	}
	x, err := w.History.Explain(w.ctx, w.event, w.chat)
	if err != nil {
		return nil, err
	}
	var mine hub.Expected
	for _, c := range x.Chats {
		if c.Chat == w.chat {
			mine = c
		}
	}
	said := []string{first}
	switch {
	case x.Verdict == hub.VerdictDropped:
		return append(said, dropped(x.Why)), nil
	case mine.Result == hub.ResultQueued || mine.Result == hub.ResultMuted:
		for _, r := range mine.Rows {
			if r.Wins {
				said = append(said, w.byNow(t, r, mine.Result == hub.ResultMuted))
			}
		}
		return said, nil
	}
	said = append(said, "None of the rules of this chat fits it, so nothing came. The nearest:", w.misses(t, mine.Rows))
	return said, nil
}

func (w *whys) byNow(t *teller, r hub.RowVerdict, mute bool) string {
	text := strings.TrimSuffix(w.numbered(t, r.Subscription, r.Mode), ".")
	text = strings.Replace(text, "decided", "would decide", 1)
	outcome := "a message would come"
	if mute {
		outcome = "nothing would come"
	}
	if w.trace != nil {
		return "When it was posted, no rule of this chat fitted, so nothing came. The rules have changed since. " + text + ", and " + outcome + "."
	}
	return text + ", and " + outcome + "."
}

// misses tells why rules do not match, those first that came nearest then.
func (w *whys) misses(t *teller, rows []hub.RowVerdict) string {
	near := map[hub.SubscriptionID]bool{}
	if w.trace != nil {
		for _, r := range w.trace.Nearest {
			near[r.Subscription] = true
		}
	}
	sorted := slices.Clone(rows)
	slices.SortStableFunc(sorted, func(a, b hub.RowVerdict) int {
		switch {
		case near[a.Subscription] && !near[b.Subscription]:
			return -1
		case near[b.Subscription] && !near[a.Subscription]:
			return 1
		}
		return 0
	})
	var lines []string
	for _, r := range sorted[:min(len(sorted), maxReasons)] {
		for i := range w.rows {
			if w.rows[i].ID == r.Subscription {
				lines = append(lines, fmt.Sprintf("- Rule %d, %s: %s.", i+1, t.rule(&w.rows[i]), plain(asRule(r.Reason))))
			}
		}
	}
	if over := len(sorted) - len(lines); over > 0 && len(lines) > 0 {
		lines = append(lines, fmt.Sprintf("- and %d more", over))
	}
	return strings.Join(lines, "\n")
}

// asRule is a reason in the words of this app, which says rule for a row.
func asRule(reason string) string {
	return strings.NewReplacer("the row's", "the rule's", "the row", "the rule", "another row", "another rule", "to rows", "to rules").Replace(reason)
}
