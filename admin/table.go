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
// What has no place in that form stands in a comment.
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
	for _, row := range rows {
		if selects(subscriptionQuery(r), row) {
			text.WriteString(tableLine(row))
		}
	}
	send(w, http.StatusOK, "text/plain; charset=utf-8", []byte(text.String()))
	return nil
}

func selects(q hub.SubscriptionQuery, row hub.Subscription) bool {
	return (q.System == "" || q.System == row.System) && (q.Chat == "" || q.Chat == row.Chat.ID) &&
		(q.Source == "" || q.Source == row.Source) && (q.Mode == "" || q.Mode == row.Mode)
}

func tableLine(row hub.Subscription) string {
	line := rules.FormatRow(row) + "\n"
	switch {
	case !row.Enabled:
		return "# off: " + line
	case hasMore(row):
		return "# the next line has a source or options of its own: " + string(row.ID) + "\n" + line
	}
	return line
}

// hasMore reports whether the text form leaves something out.
func hasMore(row hub.Subscription) bool { return row.Source != "" || row.Options != (hub.Options{}) }

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
	wanted, err := s.parseTable(systems, string(body))
	if err != nil {
		return err
	}
	made, err := s.makeMissing(r.Context(), wanted)
	if len(made) > 0 {
		s.Changed()
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
func (s *Server) parseTable(systems []hub.SystemStatus, text string) ([]hub.Subscription, error) {
	var rows []hub.Subscription
	bad := map[string]string{}
	number := 0
	for line := range strings.Lines(text) {
		number++
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		parsed, problem := s.parseLine(systems, line)
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

func (s *Server) parseLine(systems []hub.SystemStatus, line string) (rows []hub.Subscription, problem string) {
	rows, err := rules.ParseRow(line)
	if err != nil {
		return nil, err.Error()
	}
	for _, row := range rows {
		bad := s.rowProblems(systems, row)
		for _, field := range slices.Sorted(maps.Keys(bad)) {
			return nil, field + " " + bad[field]
		}
	}
	return rows, ""
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
		if !row.Enabled || hasMore(row) {
			continue
		}
		single, err := rules.ParseRow(rules.FormatRow(row))
		if err != nil {
			continue // a row of an older release that the text form cannot say
		}
		for _, one := range single {
			known[rules.FormatRow(one)] = true
		}
	}
	for _, row := range wanted {
		if line := rules.FormatRow(row); !known[line] {
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
