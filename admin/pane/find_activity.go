package pane

import (
	"context"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/web"
)

const (
	findLeast    = 3 // characters for which events and chats are searched
	findMost     = 5 // of a kind
	findPatience = 500 * time.Millisecond
)

// ownID is an id that the hub has made: of an event, a notification or a change
// of one.
var ownID = regexp.MustCompile(`^[enu][a-z2-7]{26}$`)

// findActivity finds events by what they say, chats by name, and what an id
// names. What cannot be found in time is left out.
func (p *Pane) findActivity(ctx context.Context, words *web.Words, query string, add func(string, []find)) {
	ctx, cancel := context.WithTimeout(ctx, findPatience)
	defer cancel()
	if ownID.MatchString(query) {
		p.findID(ctx, words, query, add)
		return
	}
	if len([]rune(query)) < findLeast {
		return
	}
	add("find.chats", p.findChats(ctx, query))
	events, _, err := p.Admin.Events.SearchEvents(ctx, hub.EventQuery{Text: query, But: []string{"hub.*"}, Page: hub.Page{Limit: findMost}})
	if err != nil {
		p.Log.DebugContext(ctx, "events cannot be searched", "err", err)
		return
	}
	clock := Clock{words, time.UTC, p.Now()}
	var finds []find
	for i := range events {
		v := p.viewOf(ctx, words, &events[i])
		finds = append(finds, find{URL: v.Path(), Label: v.Title, Note: clock.ago(cameAt(&events[i])), Icon: "i-pulse"})
	}
	add("find.events", finds)
}

func (p *Pane) findID(ctx context.Context, words *web.Words, id string, add func(string, []find)) {
	if strings.HasPrefix(id, "e") {
		if e, err := p.Admin.FindEvent(ctx, hub.EventID(id)); err == nil {
			add("find.events", []find{{URL: "/activity/events/" + id, Label: p.viewOf(ctx, words, e).Title, Icon: "i-pulse"}})
		}
		return
	}
	if d, err := p.Admin.Deliveries.GetDelivery(ctx, hub.NotificationID(id)); err == nil {
		room := p.Admin.ChatName(ctx, d.Chat)
		add("find.deliveries", []find{{
			URL: "/activity/deliveries/" + id, Label: clipped(firstOf(d.Title, id)), Kind: room.Kind, Note: room.Name,
		}})
	}
}

func (p *Pane) findChats(ctx context.Context, query string) (finds []find) {
	for _, chat := range p.Admin.FindChats(ctx, "", query, findMost) {
		v := url.Values{"system": {string(chat.System)}, "chat": {chat.ID}}
		finds = append(finds, find{URL: address("/activity/deliveries", v), Label: firstOf(chat.Name, chat.ID), Kind: chat.Kind, Note: string(chat.System)})
	}
	return finds
}
