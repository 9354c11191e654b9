package console

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers"
)

const (
	// place is the name under which is kept up to which Rev was told.
	place = "posts"
	// placeEvery is after how many numbers the place is kept though nobody spoke.
	placeEvery = 1000
	// firstLook is how old may be what is told where no place was kept: nobody wants
	// an answer to what they said last year.
	firstLook = time.Hour
	// whispersLast is how long answers for one person are kept, and pruneEvery how
	// often they are looked through.
	whispersLast = 24 * time.Hour
	pruneEvery   = time.Hour
)

// mention is what addresses us in a message.
const mention = "@bellhop"

// ListensEverywhere implements providers.Everywhere: each hub shows the pages.
func (c *Client) ListensEverywhere() {}

// Listen implements providers.Listener: it tells what people have said since the
// last that was told, in order, as it stands in the store. While it runs, pages
// can give commands.
func (c *Client) Listen(ctx context.Context, ear providers.Ear) error {
	defer c.ears.open(ear)()
	look, prune := time.NewTicker(lookAround), time.NewTicker(pruneEvery)
	defer look.Stop()
	defer prune.Stop()
	t := &teller{c: c, ear: ear}
	c.prune(ctx)
	for pause := 100 * time.Millisecond; ctx.Err() == nil; {
		news := c.news.next() // before reading, so that none falls between
		if err := t.catchUp(ctx); err != nil {
			if ctx.Err() == nil {
				c.log.Warn("what was said in the console waits to be told", "system", c.system, "err", err)
			}
			hub.Wait(ctx, pause)
			pause = min(2*pause, 5*time.Second)
			continue
		}
		pause = 100 * time.Millisecond
		select {
		case <-ctx.Done():
		case <-news:
		case <-look.C:
		case <-prune.C:
			c.prune(ctx)
		}
	}
	return nil
}

// prune forgets old answers that were for one person.
func (c *Client) prune(ctx context.Context) {
	if err := c.store.PruneConsoleWhispers(ctx, c.system, time.Now().Add(-whispersLast)); err != nil && ctx.Err() == nil {
		c.log.Warn("old private answers were not removed", "system", c.system, "err", err)
	}
}

// teller tells what people say.
type teller struct {
	c       *Client
	ear     providers.Ear
	begun   bool
	after   int64     // the Rev that was looked at last
	kept    int64     // the Rev that was kept last
	ancient time.Time // what is older is not told
}

func (t *teller) catchUp(ctx context.Context) error {
	if err := t.begin(ctx); err != nil {
		return err
	}
	for {
		posts, err := t.c.store.ConsolePostsAfter(ctx, t.c.system, t.after, batch)
		if err != nil {
			return err
		}
		told := false
		for _, p := range posts {
			if spoken(p) && !p.At.Before(t.ancient) {
				if err := t.ear.Hear(ctx, heard(p)); err != nil {
					return err
				}
				told = true
			}
			t.after = p.Rev
		}
		if told || t.after-t.kept >= placeEvery {
			t.keep(ctx)
		}
		if len(posts) < batch {
			return nil
		}
	}
}

// begin finds out where an earlier listener stopped.
func (t *teller) begin(ctx context.Context) error {
	if t.begun {
		return nil
	}
	value, err := t.ear.Place(ctx, place)
	if err != nil {
		return err
	}
	t.after, err = strconv.ParseInt(string(value), 10, 64)
	if err != nil || t.after < 0 {
		t.after, t.ancient = 0, time.Now().Add(-firstLook)
	}
	t.begun, t.kept = true, t.after
	return nil
}

// keep notes how far t has come. Where it fails the same is told again after a
// restart, which does nothing.
func (t *teller) keep(ctx context.Context) {
	if err := t.ear.SetPlace(ctx, place, strconv.AppendInt(nil, t.after, 10)); err != nil {
		t.c.log.Warn("how far the console was heard could not be kept", "system", t.c.system, "err", err)
		return
	}
	t.kept = t.after
}

// spoken reports whether a post is what a person said to the room. Their commands
// and our answers are not.
func spoken(p hub.ConsolePost) bool { return p.Author != nil && p.Reader == "" && !p.Gone }

// heard is the event of what a person said.
func heard(p hub.ConsolePost) *hub.Event {
	ref := refOf(p.Seq)
	said := hub.Chatter{
		From: *p.Author, Room: channel(p.Chat.ID), Ref: ref, Thread: p.Root, ReplyTo: p.Root, Text: p.Message.Text,
	}
	if said.Line, said.ForUs = addressed(p.Message.Text); said.ForUs {
		said.To = []string{strings.TrimPrefix(mention, "@")}
	}
	data, _ := json.Marshal(said) // of strings and times
	return &hub.Event{
		SpecVersion: hub.SpecVersion, ID: hub.ChatterEvent(p.System, string(ref)), Source: hub.Source(p.System), Type: hub.ChatMessagePosted,
		Subject: "message/" + string(ref), Time: p.At, DataContentType: "application/json", Data: data,
	}
}

func channel(room string) hub.Channel { return hub.Channel{ID: room, Name: room} }

// addressed is a message less the mention of us that it begins with.
func addressed(text string) (line string, forUs bool) {
	text = strings.TrimSpace(text)
	if len(text) < len(mention) || !strings.EqualFold(text[:len(mention)], mention) {
		return "", false
	}
	rest := text[len(mention):]
	if r, _ := utf8.DecodeRuneInString(rest); rest != "" && (wordly(r) || r == '_' || r == '-') {
		return "", false // somebody else: @bellhopper
	}
	return strings.TrimSpace(strings.TrimLeft(rest, ":,")), true
}

// ears holds whom pages tell commands.
type ears struct {
	ear atomic.Pointer[providers.Ear]
}

// open lets pages tell ear until the function that it returns is called.
func (e *ears) open(ear providers.Ear) func() {
	mine := &ear
	e.ear.Store(mine)
	return func() { e.ear.CompareAndSwap(mine, nil) }
}

// now is the ear, nil if nobody listens.
func (e *ears) now() providers.Ear {
	if ear := e.ear.Load(); ear != nil {
		return *ear
	}
	return nil
}
