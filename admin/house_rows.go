package admin

import (
	"context"
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/house"
	"github.com/bellhop-chat/bellhop/rules"
)

// rowDoc is a row as a document has it: the text form says it, and filters where
// that has no words for them.
type rowDoc struct {
	ID        string      `json:"id,omitempty" toml:"id,omitempty"`
	Row       string      `json:"row" toml:"row"`
	Filters   []filterDoc `json:"filters,omitempty" toml:"filters,inline,omitempty"`
	CreatedBy string      `json:"created_by,omitempty" toml:"created_by,omitempty"`
	CreatedAt string      `json:"created_at,omitempty" toml:"created_at,omitempty"`
}

type filterDoc struct {
	Type string   `json:"type" toml:"type"`
	As   string   `json:"as,omitempty" toml:"as,omitempty"`
	Any  []string `json:"any,omitempty" toml:"any,omitempty"`
	All  []string `json:"all,omitempty" toml:"all,omitempty"`
	None []string `json:"none,omitempty" toml:"none,omitempty"`
}

// rowKind are the subscriptions. What they did, and what is wrong with them now,
// is no part of what people made.
func (s *Server) rowKind(force bool) house.Kind[rowDoc] {
	rows := rowBook{s: s, force: force, there: map[string]hub.Subscription{}, wanted: map[string]hub.Subscription{}}
	return house.Kind[rowDoc]{
		Name: "subscriptions",
		Key:  func(d rowDoc) string { return d.ID },
		Line: func(d rowDoc) string {
			if len(d.Filters) == 0 {
				return d.Row
			}
			return rules.FormatLine(d.parsed())
		},
		Read: rows.read, Check: rows.check, Apply: rows.apply,
		Fill: func(before rowDoc, after *rowDoc) {
			if after.CreatedBy == "" {
				after.CreatedBy = before.CreatedBy
			}
			if after.CreatedAt == "" {
				after.CreatedAt = before.CreatedAt
			}
		},
	}
}

// rowBook are the rows of one export or import, by id.
type rowBook struct {
	s      *Server
	force  bool
	there  map[string]hub.Subscription
	wanted map[string]hub.Subscription
}

func (b *rowBook) read(ctx context.Context) ([]rowDoc, error) {
	all, err := b.s.Subscriptions.AllSubscriptions(ctx)
	if err != nil {
		return nil, err
	}
	docs := make([]rowDoc, len(all))
	for i, row := range all {
		docs[i] = rowDocOf(row)
		b.there[docs[i].ID] = row
	}
	return docs, nil
}

// rowDocOf says a row in the shortest way that says all of it.
func rowDocOf(row hub.Subscription) rowDoc {
	d := rowDoc{ID: string(row.ID), Row: rules.FormatLine(row), CreatedBy: row.CreatedBy}
	if !row.CreatedAt.IsZero() {
		d.CreatedAt = row.CreatedAt.UTC().Format(time.RFC3339Nano)
	}
	if read, err := rules.ParseLine(d.Row); err == nil && len(read) == 1 && sameRow(read[0], row) {
		return d
	}
	for _, f := range row.Filters {
		d.Filters = append(d.Filters, filterDoc{string(f.Type), f.As, f.Any, f.All, f.None})
	}
	row.Filters = nil
	d.Row = rules.FormatLine(row)
	return d
}

// sameRow reports whether rows say the same in the same words.
func sameRow(a, b hub.Subscription) bool {
	bare := func(row hub.Subscription) string {
		text, _ := json.Marshal([]any{row.Chat, row.Source, row.Mode, append([]hub.Filter{}, row.Filters...), row.Options, row.Enabled})
		return string(text)
	}
	return bare(a) == bare(b)
}

// parsed is the row that a sound document says.
func (d rowDoc) parsed() hub.Subscription {
	row, _ := d.parse()
	return row
}

// parse reads the row. What is wrong is told by field.
func (d rowDoc) parse() (row hub.Subscription, bad map[string]string) {
	bad = map[string]string{}
	if d.Row == "" {
		bad["row"] = `is required, such as "slack | C0123456789 | c/support | source=meta"`
		return row, bad
	}
	read, err := rules.ParseLine(d.Row)
	switch {
	case err != nil:
		bad["row"] = err.Error()
		return row, bad
	case len(read) != 1:
		bad["row"] = "says several rows: each has a table of its own, or all values are in filters"
	case len(d.Filters) > 0 && len(read[0].Filters) > 0:
		bad["filters"] = "and row say what it hears: leave * in the row"
	}
	row = read[0]
	row.ID, row.CreatedBy = hub.SubscriptionID(d.ID), d.CreatedBy
	for _, f := range d.Filters {
		row.Filters = append(row.Filters, hub.Filter{Type: hub.FilterType(f.Type), As: f.As, Any: f.Any, All: f.All, None: f.None})
	}
	row.Filters = listOf(row.Filters, "").Items
	if d.CreatedAt != "" {
		if row.CreatedAt, err = time.Parse(time.RFC3339Nano, d.CreatedAt); err != nil {
			bad["created_at"] = timeProblem(d.CreatedAt)
		}
	}
	if d.ID != "" && !rowID.MatchString(d.ID) {
		bad["id"] = "is 1 to 64 of a-z, 0-9, _ and -"
	}
	return row, bad
}

var rowID = regexp.MustCompile(`^[a-z0-9_-]{1,64}$`)

// check judges rows that are not there already as they are, and puts names as the
// hub stores them.
func (b *rowBook) check(ctx context.Context, docs, there []rowDoc, note func(int, string, string)) error {
	systems, err := b.s.Systems(ctx)
	if err != nil {
		return err
	}
	n := b.s.names(ctx)
	byWhat := map[string]string{}
	for _, d := range there {
		byWhat[rules.Asks(b.there[d.ID])] = d.ID
	}
	for i := range docs {
		row, bad := docs[i].parse()
		known, found := b.there[docs[i].ID]
		if len(bad) == 0 && (!found || !sameRow(known, row)) {
			if bad, err = b.fit(systems, n, &row); err != nil {
				return err
			}
		} else if found {
			row.Error = known.Error
		}
		for _, field := range slices.Sorted(maps.Keys(bad)) {
			note(i, field, bad[field])
		}
		if len(bad) > 0 {
			if docs[i].ID == "" { // each is a mistake of its own
				docs[i].ID = "?" + hub.Digest(docs[i].Row)
			}
			continue
		}
		if row.ID == "" {
			row.ID = hub.SubscriptionID(byWhat[rules.Asks(row)])
		}
		if row.ID == "" { // from what it says, so that the plan says it again
			row.ID = hub.SubscriptionID("s" + hub.Digest("import", rules.Asks(row))[:16])
		}
		b.wanted[string(row.ID)] = row
		docs[i] = rowDocOf(row)
	}
	return nil
}

// fit makes a row ready to be stored. With force what is not there is noted in it.
func (b *rowBook) fit(systems []hub.SystemStatus, n *names, row *hub.Subscription) (map[string]string, error) {
	bad, err := b.s.fit(systems, n, row, b.force)
	if err != nil || !b.force || len(bad) == 0 {
		return bad, err
	}
	if inItself := rules.Validate(*row); len(inItself) > 0 {
		return inItself, nil
	}
	var each []string
	for _, field := range slices.Sorted(maps.Keys(bad)) {
		problem, _, _ := strings.Cut(bad[field], ":")
		each = append(each, field+" "+problem)
	}
	row.Error = strings.Join(each, "; ")
	return nil, nil
}

func (b *rowBook) apply(ctx context.Context, changes []house.Change[rowDoc]) error {
	var made []hub.SubscriptionChange
	var ids []hub.SubscriptionID
	for _, c := range changes {
		var change hub.SubscriptionChange
		if c.Before != nil {
			row := b.there[c.Before.ID]
			change.Before = &row
		}
		if c.After != nil {
			row := b.wanted[c.After.ID]
			row.CreatedBy = c.After.CreatedBy
			if at, err := time.Parse(time.RFC3339Nano, c.After.CreatedAt); err == nil {
				row.CreatedAt = at
			}
			if row.CreatedBy == "" {
				row.CreatedBy = Who(ctx)
			}
			change.After = &row
		}
		made = append(made, change)
	}
	if err := b.s.House.ChangeSubscriptions(ctx, made); err != nil {
		return err
	}
	entries := make([]hub.AuditEntry, len(made))
	for i, c := range made {
		action, outcome := "subscription.update", hub.OutcomeUpdated
		switch {
		case c.Before == nil:
			action, outcome = "subscription.create", hub.OutcomeCreated
		case c.After == nil:
			action, outcome = "subscription.delete", hub.OutcomeDeleted
		}
		entries[i] = auditRow(action, outcome, c.Before, c.After)
		if c.After != nil {
			ids = append(ids, c.After.ID)
		} else {
			ids = append(ids, c.Before.ID)
		}
	}
	b.s.Changed(ids...)
	b.s.record(ctx, entries...)
	return nil
}
