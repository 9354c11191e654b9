package admin

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
)

// prepareRow makes a row that somebody sent ready to be stored, or says by field
// why it cannot be. What only the hub sets is cleared.
func (s *Server) prepareRow(ctx context.Context, row *hub.Subscription, force bool) error {
	systems, err := s.Systems(ctx)
	if err != nil {
		return err
	}
	*row = hub.Subscription{
		ID: row.ID, Chat: row.Chat, Source: row.Source, Mode: row.Mode,
		Filters: listOf(row.Filters, "").Items, Options: row.Options, Enabled: row.Enabled,
	}
	bad, err := s.fit(systems, s.names(ctx), row, force)
	if err != nil {
		return err
	}
	if len(bad) > 0 {
		return invalid(bad)
	}
	return nil
}

// CreateRow makes a subscription. With force it may name what no forum has.
func (s *Server) CreateRow(ctx context.Context, row *hub.Subscription, force bool) error {
	if err := s.prepareRow(ctx, row, force); err != nil {
		return err
	}
	return s.createRow(ctx, row)
}

func (s *Server) createRow(ctx context.Context, row *hub.Subscription) error {
	row.ID, row.CreatedBy = "", Who(ctx)
	if err := s.Subscriptions.CreateSubscription(ctx, row); err != nil {
		return err
	}
	s.Changed(row.ID)
	s.record(ctx, auditRow("subscription.create", hub.OutcomeCreated, nil, row))
	return nil
}

// ReplaceRow replaces the subscription with row's id. was is its UpdatedAt as
// whoever changes it saw it: if somebody else has changed it since, that is an
// error with hub.CodeConflict.
func (s *Server) ReplaceRow(ctx context.Context, row *hub.Subscription, was time.Time, force bool) error {
	stored, err := s.Subscriptions.GetSubscription(ctx, row.ID)
	if err != nil {
		return err
	}
	if err := s.prepareRow(ctx, row, force); err != nil {
		return err
	}
	return s.replaceRow(ctx, stored, row, was)
}

// replaceRow stores a row in place of another; no time is as it comes.
func (s *Server) replaceRow(ctx context.Context, stored, row *hub.Subscription, was time.Time) error {
	row.ID, row.CreatedBy, row.CreatedAt, row.LastFiredAt = stored.ID, stored.CreatedBy, stored.CreatedAt, stored.LastFiredAt
	store := s.Subscriptions.UpdateSubscription
	if !was.IsZero() {
		store = func(ctx context.Context, row *hub.Subscription) error {
			return s.Table.ReplaceSubscription(ctx, row, was)
		}
	}
	return s.storeRow(ctx, stored, row, store)
}

func (s *Server) storeRow(ctx context.Context, before, row *hub.Subscription, store func(context.Context, *hub.Subscription) error) error {
	if err := store(ctx, row); err != nil {
		return err
	}
	s.Changed(row.ID)
	s.record(ctx, auditRow("subscription.update", hub.OutcomeUpdated, before, row))
	return nil
}

// mostRowTries is how often a row that others change at the same time is read again.
const mostRowTries = 5

// EnableRow turns a subscription on or off, and leaves all else to who changes it at
// the same time.
func (s *Server) EnableRow(ctx context.Context, id hub.SubscriptionID, enabled bool) (row *hub.Subscription, err error) {
	for range mostRowTries {
		if row, err = s.enableRow(ctx, id, enabled); hub.CodeOf(err) != hub.CodeConflict {
			break
		}
	}
	return row, err
}

func (s *Server) enableRow(ctx context.Context, id hub.SubscriptionID, enabled bool) (*hub.Subscription, error) {
	row, err := s.Subscriptions.GetSubscription(ctx, id)
	if err != nil {
		return nil, err
	}
	before := *row
	row.Enabled = enabled
	if row.Error != "" { // what it names may be there by now
		bad, err := s.names(ctx).problems(row)
		if err != nil {
			return nil, err
		}
		row.Error = noted(bad)
	}
	return row, s.storeRow(ctx, &before, row, func(ctx context.Context, row *hub.Subscription) error {
		return s.Table.ReplaceSubscription(ctx, row, before.UpdatedAt)
	})
}

// DeleteRow deletes a subscription. RestoreRow brings it back.
func (s *Server) DeleteRow(ctx context.Context, id hub.SubscriptionID) error {
	row, err := s.Subscriptions.GetSubscription(ctx, id)
	if err != nil {
		return err
	}
	if err := s.Subscriptions.DeleteSubscription(ctx, row.ID); err != nil {
		return err
	}
	s.Changed(row.ID)
	s.record(ctx, auditRow("subscription.delete", hub.OutcomeDeleted, row, nil))
	return nil
}

// restorable is for how long a deleted row can be brought back.
const restorable = 24 * time.Hour

// RestoreRow brings back a subscription that was deleted in the last day, with its
// id and in its place, as the audit log has it.
func (s *Server) RestoreRow(ctx context.Context, id hub.SubscriptionID) (*hub.Subscription, error) {
	row, err := s.deletedRow(ctx, id)
	if err != nil {
		return nil, err
	}
	if err := s.Table.RestoreSubscription(ctx, row); err != nil {
		return nil, err
	}
	s.Changed() // all of it: it has its old place in the table, not the last
	s.record(ctx, auditRow("subscription.restore", hub.OutcomeCreated, nil, row))
	return row, nil
}

func (s *Server) deletedRow(ctx context.Context, id hub.SubscriptionID) (*hub.Subscription, error) {
	q := hub.AuditQuery{Action: "subscription.delete", Text: string(id), Since: s.Now().Add(-restorable), Page: hub.Page{Limit: 20}}
	entries, _, err := s.Audit.ListAudit(ctx, q)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		var row hub.Subscription
		if len(e.Before) > 0 && json.Unmarshal(e.Before, &row) == nil && row.ID == id {
			return &row, nil
		}
	}
	if _, err := s.Subscriptions.GetSubscription(ctx, id); err == nil {
		return nil, hub.Errorf(hub.CodeConflict, "subscription %s is there: there is nothing to bring back", id)
	}
	return nil, hub.Errorf(hub.CodeNotFound, "no subscription %q was deleted here in the last day", id)
}

// Version names the state of a row, for who changes it later.
func Version(row *hub.Subscription) string { return strconv.FormatInt(row.UpdatedAt.UnixMicro(), 36) }

// versionOf reads a version, as it is or as an entity tag. None is the zero time.
func versionOf(text string) (time.Time, error) {
	text = strings.Trim(strings.TrimPrefix(strings.TrimSpace(text), "W/"), `"`)
	if text == "" || text == "*" {
		return time.Time{}, nil
	}
	n, err := strconv.ParseInt(text, 36, 64)
	if err != nil {
		return time.Time{}, invalidField("If-Match", "is no version of a subscription: it is the ETag with which the row was read")
	}
	return time.UnixMicro(n).UTC(), nil
}

// ParseVersion reads what Version wrote.
func ParseVersion(text string) (time.Time, error) { return versionOf(text) }

// Change is what somebody else did to a row.
type Change struct {
	Who    string
	At     time.Time
	Before *hub.Subscription // nil: not told
}

// LastChange finds who changed a row after a time, nil if the audit log does not
// tell.
func (s *Server) LastChange(ctx context.Context, row *hub.Subscription, after time.Time) (*Change, error) {
	entries, _, err := s.Audit.ListAudit(ctx, hub.AuditQuery{
		System: row.System, Chat: row.Chat.ID, Since: after.Add(-time.Second), Page: hub.Page{Limit: 100},
	})
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		var now, was hub.Subscription
		if len(e.After) == 0 || json.Unmarshal(e.After, &now) != nil || now.ID != row.ID {
			continue
		}
		c := &Change{Who: e.Who, At: e.At}
		if len(e.Before) > 0 && json.Unmarshal(e.Before, &was) == nil {
			c.Before = &was
		}
		return c, nil
	}
	return nil, nil
}
