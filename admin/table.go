package admin

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/rules"
)

// maxTable is how many rows a table that is sent may have.
const maxTable = 1000

// writeTable answers with the text form of all rows that the query selects.
// What the tokens have no place for stands in a fourth cell.
func (s *Server) writeTable(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	if q.Has("limit") || q.Has("cursor") {
		return invalidField("format", "table gives every row: leave out limit and cursor")
	}
	rows, err := s.Subscriptions.AllSubscriptions(r.Context())
	if err != nil {
		return err
	}
	var text strings.Builder
	n := s.names(r.Context())
	for _, row := range rows {
		if !selects(subscriptionQuery(r), row) {
			continue
		}
		if row, err = n.readable(row); err != nil {
			return err
		}
		text.WriteString(rules.FormatLine(row) + "\n")
	}
	send(w, http.StatusOK, "text/plain; charset=utf-8", []byte(text.String()))
	return nil
}

func selects(q hub.SubscriptionQuery, row hub.Subscription) bool {
	return (q.System == "" || q.System == row.System) && (q.Chat == "" || q.Chat == row.Chat.ID) &&
		(q.Source == "" || q.Source == row.Source) && (q.Mode == "" || q.Mode == row.Mode)
}

// readTable makes the rows of a table that are not there yet, so that sending
// one again changes nothing. Nothing is made if any line is wrong.
func (s *Server) readTable(w http.ResponseWriter, r *http.Request) error {
	body, err := s.read(w, r, textContent)
	if err != nil {
		return err
	}
	systems, err := s.Systems(r.Context())
	if err != nil {
		return err
	}
	wanted, err := s.parseTable(systems, s.names(r.Context()), string(body), forced(r))
	if err != nil {
		return err
	}
	made, err := s.makeMissing(r.Context(), wanted)
	if len(made) > 0 {
		ids := make([]hub.SubscriptionID, len(made))
		for i := range made {
			ids[i] = made[i].ID
		}
		s.Changed(ids...)
	}
	if err != nil {
		return fmt.Errorf("after %d of %d rows: %w", len(made), len(wanted), err)
	}
	return s.answer(w, r, http.StatusOK, struct {
		Items     []hub.Subscription `json:"items"`
		Unchanged int                `json:"unchanged"`
	}{listOf(made, "").Items, len(wanted) - len(made)})
}

// parseTable reads the lines of a table; blank ones and comments are skipped.
func (s *Server) parseTable(systems []hub.SystemStatus, n *names, text string, force bool) ([]hub.Subscription, error) {
	var rows []hub.Subscription
	bad := map[string]string{}
	number := 0
	for line := range strings.Lines(text) {
		number++
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		parsed, problem, err := s.parseLine(systems, n, line, force)
		if err != nil {
			return nil, err
		}
		if problem != "" {
			bad[fmt.Sprintf("line %d", number)] = problem
		}
		if rows = append(rows, parsed...); len(rows) > maxTable {
			return nil, hub.Errorf(hub.CodeInvalid, "the table has more than %d rows, send it in parts", maxTable)
		}
	}
	if len(bad) > 0 {
		return nil, invalid(bad)
	}
	return rows, nil
}

func (s *Server) parseLine(systems []hub.SystemStatus, n *names, line string, force bool) (rows []hub.Subscription, problem string, err error) {
	rows, err = rules.ParseLine(line)
	if err != nil {
		return nil, err.Error(), nil
	}
	for i := range rows {
		bad, err := s.fit(systems, n, &rows[i], force)
		if err != nil {
			return nil, "", err
		}
		for _, field := range slices.Sorted(maps.Keys(bad)) {
			return nil, field + " " + bad[field], nil
		}
	}
	return rows, "", nil
}

// makeMissing makes the rows that do not stand in the table already, be it as
// one of several values of a filter.
func (s *Server) makeMissing(ctx context.Context, wanted []hub.Subscription) (made []hub.Subscription, err error) {
	all, err := s.Subscriptions.AllSubscriptions(ctx)
	if err != nil {
		return nil, err
	}
	known := map[string]bool{}
	for _, row := range all {
		single, err := rules.ParseLine(rules.FormatLine(row))
		if err != nil {
			continue // a row of an older release that the text form cannot say
		}
		for _, one := range single {
			known[rules.FormatLine(one)] = true
		}
	}
	for _, row := range wanted {
		if line := rules.FormatLine(row); !known[line] {
			known[line] = true
			row.CreatedBy, row.Filters = Who(ctx), listOf(row.Filters, "").Items
			if err := s.Subscriptions.CreateSubscription(ctx, &row); err != nil {
				return made, err
			}
			made = append(made, row)
		}
	}
	return made, nil
}
