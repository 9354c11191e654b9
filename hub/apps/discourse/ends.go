package discourse

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
)

// sweepEvery is how often it is looked whether a row is to end.
const sweepEvery = 30 * time.Second

// endAt notes when a row of a chat ends; the zero time is never.
func (a *App) endAt(ctx context.Context, chat hub.Chat, id hub.SubscriptionID, at time.Time) error {
	_, err := a.Chats.ChangeChat(ctx, chat, func(s *hub.ChatSettings) error {
		s.Ends = maps.Clone(s.Ends)
		if at.IsZero() {
			delete(s.Ends, id)
			return nil
		}
		if s.Ends == nil {
			s.Ends = map[hub.SubscriptionID]time.Time{}
		}
		s.Ends[id] = at.UTC()
		return nil
	})
	return err
}

// Run removes rows whose time has come, until ctx ends. Of several hubs all may
// run it.
func (a *App) Run(ctx context.Context) {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for {
		if err := a.Sweep(ctx); err != nil && ctx.Err() == nil {
			a.Log.WarnContext(ctx, "rules that end by themselves could not be looked at, they hold a little longer", "err", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// Sweep removes the rows whose time has come.
func (a *App) Sweep(ctx context.Context) error {
	all, err := a.Chats.AllChatSettings(ctx, "")
	if err != nil {
		return err
	}
	now := a.Now()
	for _, settings := range all {
		var due []hub.SubscriptionID
		for _, id := range slices.Sorted(maps.Keys(settings.Ends)) {
			if !settings.Ends[id].After(now) {
				due = append(due, id)
			}
		}
		if len(due) > 0 {
			if err := a.end(ctx, settings.Chat, due); err != nil {
				return err
			}
		}
	}
	return nil
}

// end removes rows of a chat and forgets that they were to end. One whose end was
// put off meanwhile stays.
func (a *App) end(ctx context.Context, chat hub.Chat, due []hub.SubscriptionID) error {
	a.changes.Lock()
	defer a.changes.Unlock()
	settings, err := a.Chats.ChatSettings(ctx, chat)
	if err != nil {
		return err
	}
	now := a.Now()
	for _, id := range due {
		if at, ends := settings.Ends[id]; !ends || at.After(now) {
			continue
		}
		if err := a.endRow(ctx, chat, id); err != nil {
			return err
		}
		if err := a.endAt(ctx, chat, id, time.Time{}); err != nil {
			return err
		}
	}
	return nil
}

// endRow removes a row, unless somebody has made another rule of it.
func (a *App) endRow(ctx context.Context, chat hub.Chat, id hub.SubscriptionID) error {
	row, err := a.Subscriptions.GetSubscription(ctx, id)
	if hub.CodeOf(err) == hub.CodeNotFound {
		return nil
	}
	if err != nil {
		return err
	}
	if row.Chat != chat || row.Mode != hub.Mute || len(row.Filters) != 1 || row.Filters[0].Type != hub.FilterTopic {
		return nil
	}
	if err := a.Subscriptions.DeleteSubscription(ctx, id); err != nil && hub.CodeOf(err) != hub.CodeNotFound {
		return err
	}
	a.Changed(id)
	return nil
}
