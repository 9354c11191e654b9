package server_test

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/apps"
)

// kiosk is an app as somebody may write one: it sells things by a form, rings a
// bell by a button, and has functions that are slow, broken and long-winded.
type kiosk struct {
	mu   sync.Mutex
	done map[string]int // what was done in which chat, and how often
}

func newKiosk() *kiosk { return &kiosk{done: map[string]int{}} }

// did counts something that was done in the chat of a command.
func (k *kiosk) did(c *hub.Command, what string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.done[string(c.Context.System)+" "+c.Context.Channel.ID+" "+what]++
}

// times is how often something was done in a chat of a system.
func (k *kiosk) times(p *place, chat, what string) int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.done[string(p.system)+" "+chat+" "+what]
}

// Name implements apps.App.
func (k *kiosk) Name() string { return "kiosk" }

// slowAnswer is longer than any platform waits.
const slowAnswer = 3 * time.Second

// A mad app says tooMuch again and again, until it is a longAnswer.
const (
	tooMuch    = "much too much\n"
	longAnswer = 5 << 20
)

// Functions implements apps.App.
func (k *kiosk) Functions() []apps.Function {
	return []apps.Function{
		{
			Name: "order", Summary: "Order something.", Level: hub.Member, Form: order(hub.Values{}),
			Do: k.order, Lookup: k.lookup, Cancel: func(_ context.Context, c *hub.Command) { k.did(c, "cancelled") },
			Refresh: func(_ context.Context, c *hub.Command) (hub.Form, error) { return order(c.Command.Encoded), nil },
		},
		{Name: "bell", Summary: "Show a bell.", Level: hub.Member, Form: hub.Form{Title: "Bell"}, Do: bell},
		{Name: "ring", Level: hub.Member, Form: hub.Form{Title: "Ring"}, Do: func(_ context.Context, c *hub.Command) (hub.Reply, error) {
			k.did(c, "rung")
			return hub.Say("It has rung."), nil
		}},
		{
			Name: "count", Summary: "Count a word.", Level: hub.Member,
			Form: hub.Form{Title: "Count", Fields: []hub.Field{{Name: "word", Label: "Word", Type: hub.FieldText, Required: true, Place: 1}}},
			Do: func(_ context.Context, c *hub.Command) (hub.Reply, error) {
				k.did(c, c.Command.Encoded.Get("word"))
				return hub.Say("Counted %s.", c.Command.Encoded.Get("word")), nil
			},
		},
		{Name: "slow", Summary: "Take your time.", Level: hub.Member, Form: hub.Form{Title: "Slow"}, Do: func(ctx context.Context, c *hub.Command) (hub.Reply, error) {
			dawdle(ctx)
			k.did(c, "slow")
			return hub.Say("At last."), nil
		}},
		{Name: "panic", Summary: "Break down.", Level: hub.Member, Form: hub.Form{Title: "Panic"}, Do: func(context.Context, *hub.Command) (hub.Reply, error) {
			panic("no more bananas")
		}},
		{Name: "flood", Summary: "Say too much.", Level: hub.Member, Form: hub.Form{Title: "Flood"}, Do: func(ctx context.Context, _ *hub.Command) (hub.Reply, error) {
			dawdle(ctx) // else a busy machine may not have it written before the platform gives up
			return hub.Say("%s", strings.Repeat(tooMuch, longAnswer/len(tooMuch))), nil
		}},
	}
}

// dawdle takes as long as a slow app.
func dawdle(ctx context.Context) {
	select {
	case <-time.After(slowAnswer):
	case <-ctx.Done():
	}
}

// order is the form: a choice that is looked up, one that changes the form, and a
// day.
func order(held hub.Values) hub.Form {
	f := hub.Form{Title: "Order", Submit: "Order", Fields: []hub.Field{
		{Name: "item", Label: "Item", Type: hub.FieldSelect, Dynamic: true, Required: true},
		{Name: "way", Label: "Way", Type: hub.FieldSelect, Refresh: true, Required: true, Options: []hub.Option{{Label: "By post", Value: "post"}, {Label: "By bike", Value: "bike"}}},
		{Name: "day", Label: "Day", Type: hub.FieldDate, Required: true},
	}}
	if held.Get("way") == "bike" {
		f.Fields = append(f.Fields, hub.Field{Name: "phone", Label: "Phone", Type: hub.FieldText, Required: true, Hint: "+49 170 123", Pattern: `\+?[0-9 ]{5,20}`})
	}
	for i := range f.Fields {
		f.Fields[i].Value = held[f.Fields[i].Name]
	}
	return f
}

func (k *kiosk) lookup(_ context.Context, _ *hub.Command, _, query string) ([]hub.Option, error) {
	var found []hub.Option
	for _, label := range []string{"Apple", "Apricot", "Banana", "Pear"} {
		if strings.Contains(strings.ToLower(label), strings.ToLower(query)) {
			found = append(found, hub.Option{Label: label, Value: "the-" + strings.ToLower(label)})
		}
	}
	return found, nil
}

// order refuses days that only it knows to be wrong.
func (k *kiosk) order(_ context.Context, c *hub.Command) (hub.Reply, error) {
	v := c.Command.Encoded
	if strings.HasPrefix(v.Get("day"), "20") && v.Get("day") < "2020" {
		k.did(c, "refused")
		return hub.Reply{Error: &hub.Refusal{Text: "We cannot deliver then.", Fields: map[string]string{"day": "has long passed"}}}, nil
	}
	k.did(c, "ordered")
	return hub.Say("Ordered: %s %s %s %s.", v.Get("item"), v.Get("way"), v.Get("day"), v.Get("phone")), nil
}

func bell(_ context.Context, _ *hub.Command) (hub.Reply, error) {
	return hub.Reply{OK: &hub.OK{Text: "A bell.", Actions: []hub.Action{{Label: "Ring", Call: &hub.Call{Function: "ring"}}, {Label: "Leave it", Call: &hub.Call{Function: "bell"}}}}}, nil
}
