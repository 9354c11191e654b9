package admin

import (
	"errors"
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
		text.WriteString(tableLine(row))
	}
	send(w, http.StatusOK, plainText, []byte(text.String()))
	return nil
}

func selects(q hub.SubscriptionQuery, row hub.Subscription) bool {
	return (q.System == "" || q.System == row.System) && (q.Chat == "" || q.Chat == row.Chat.ID) &&
		(q.Source == "" || q.Source == row.Source) && (q.Mode == "" || q.Mode == row.Mode)
}

// tableLine is a row as it is read back. The one in a million that the text form
// cannot say is a comment, so that the other rows can still be read.
func tableLine(row hub.Subscription) string {
	line := rules.FormatLine(row)
	if _, err := rules.ParseLine(line); err != nil {
		return "# subscription " + string(row.ID) + " has more values than fit into a line: only JSON can say it\n"
	}
	return line + "\n"
}

// wantedRow is a row of a table that is sent.
type wantedRow struct {
	hub.Subscription
	line int
}

// readTable makes the rows of a table that are not there yet, so that sending
// one again changes nothing. All are made or none: no event is held against a
// part of them.
func (s *Server) readTable(w http.ResponseWriter, r *http.Request) error {
	body, err := s.read(w, r, textContent)
	if err != nil {
		return err
	}
	systems, err := s.Systems(r.Context())
	if err != nil {
		return err
	}
	n := s.names(r.Context())
	wanted, err := s.parseTable(systems, n, string(body), forced(r))
	if err != nil {
		return err
	}
	missing, err := s.missing(r.Context(), n, wanted)
	if err != nil {
		return err
	}
	made := make([]*hub.Subscription, len(missing))
	ids := make([]hub.SubscriptionID, len(missing))
	entries := make([]hub.AuditEntry, len(missing))
	for i := range missing {
		made[i] = &missing[i]
		made[i].CreatedBy, made[i].Filters = Who(r.Context()), listOf(made[i].Filters, "").Items
	}
	if err := s.Subscriptions.CreateSubscription(r.Context(), made...); err != nil {
		return err
	}
	for i, row := range made {
		ids[i], entries[i] = row.ID, auditRow("subscription.create", hub.OutcomeCreated, nil, row)
	}
	if len(ids) > 0 {
		s.Changed(ids...)
		s.record(r.Context(), entries...)
	}
	return s.answer(w, r, http.StatusOK, struct {
		Items     []*hub.Subscription `json:"items"`
		Unchanged int                 `json:"unchanged"`
	}{made, len(wanted) - len(made)})
}

// parseTable reads the lines of a table; blank ones and comments are skipped.
func (s *Server) parseTable(systems []hub.SystemStatus, n *names, text string, force bool) ([]wantedRow, error) {
	var rows []wantedRow
	bad := map[string]string{}
	number := 0
	for line := range strings.Lines(strings.TrimPrefix(text, "\ufeff")) {
		number++
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		parsed, err := s.parseLine(systems, n, line, force)
		if wrong, ok := errors.AsType[lineError](err); ok {
			bad[lineField(number)] = wrong.Error()
		} else if err != nil {
			return nil, err
		}
		for _, row := range parsed {
			rows = append(rows, wantedRow{row, number})
		}
		if len(rows) > maxTable {
			return nil, hub.Errorf(hub.CodeInvalid, "the table has more than %d rows, send it in parts", maxTable)
		}
	}
	if len(bad) > 0 {
		return nil, invalid(bad)
	}
	return rows, nil
}

func lineField(number int) string { return fmt.Sprintf("line %d", number) }

// lineError says what is wrong with a line, in words for who sent it.
type lineError string

func (e lineError) Error() string { return string(e) }

func (s *Server) parseLine(systems []hub.SystemStatus, n *names, line string, force bool) ([]hub.Subscription, error) {
	if strings.Count(line, "|") > 3 {
		return nil, lineError("has more than four parts between bars: system | chat | rules | options; a bar in a value is written %7C")
	}
	rows, err := rules.ParseLine(line)
	if err != nil {
		return nil, lineError(err.Error())
	}
	for i := range rows {
		bad, err := s.fit(systems, n, &rows[i], force)
		if err != nil {
			return nil, err
		}
		for _, field := range slices.Sorted(maps.Keys(bad)) {
			return nil, lineError(field + " " + bad[field])
		}
	}
	return rows, nil
}
