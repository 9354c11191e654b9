package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/rules"
)

// numbered is a row and its place in the file, counted from 1.
type numbered struct {
	hub.Subscription
	n int
}

// takeRows makes rows that are not there yet, in the order in which they decide.
func (c *subsImport) takeRows(w *world, data []byte, sum *tally) error {
	wanted, err := readRows(data)
	if err != nil {
		return fmt.Errorf("%s: %w", c.File, err)
	}
	there, err := subscriptions[hub.Subscription](w, &c.remote, url.Values{})
	if err != nil {
		return err
	}
	known := map[string]hub.Subscription{}
	for _, row := range there {
		known[sameness(row)] = row
	}
	for _, row := range wanted {
		same, found := known[sameness(row.Subscription)]
		if err := c.takeRow(w, row, same, found, sum); err != nil {
			return err
		}
		known[sameness(row.Subscription)] = row.Subscription
	}
	return nil
}

func (c *subsImport) takeRow(w *world, row numbered, same hub.Subscription, found bool, sum *tally) error {
	switch {
	case found && same.Options == row.Options && same.Enabled == row.Enabled:
		sum.unchanged++
		return nil
	case found:
		sum.failed++
		return failedRow(w, row, fmt.Errorf("%s says the same with other options, or is switched on or off", same.ID))
	case c.DryRun:
		return c.wouldAdd(w, row, sum)
	}
	made, err := c.add(w, row.Subscription)
	if refused, ok := errors.AsType[*refusedError](err); ok && theRowsFault(refused.status) {
		sum.failed++
		return failedRow(w, row, err)
	}
	if err != nil {
		return fmt.Errorf("row %d: %w", row.n, err)
	}
	sum.created++
	return printAdded(w.stdout, made)
}

func (c *subsImport) wouldAdd(w *world, row numbered, sum *tally) error {
	if err := problem(row.Subscription); err != nil {
		sum.failed++
		return failedRow(w, row, err)
	}
	sum.created++
	_, err := fmt.Fprintf(w.stdout, "would add: %s\n", rules.FormatLine(row.Subscription))
	return err
}

// problem is what is wrong with a row in itself.
func problem(row hub.Subscription) error {
	bad := rules.Validate(row)
	var all []error
	for _, field := range slices.Sorted(maps.Keys(bad)) {
		all = append(all, fmt.Errorf("%s %s", field, bad[field]))
	}
	return errors.Join(all...)
}

func failedRow(w *world, row numbered, err error) error {
	_, said := fmt.Fprintf(w.stderr, "row %d, %s: %s\n", row.n, rules.FormatLine(row.Subscription), err)
	return said
}

// theRowsFault reports whether a refusal is about the one row. Any other would
// meet the next row as well.
func theRowsFault(status int) bool {
	switch status {
	case http.StatusBadRequest, http.StatusNotFound, http.StatusConflict,
		http.StatusRequestEntityTooLarge, http.StatusUnprocessableEntity:
		return true
	}
	return false
}

// add makes a row. What only a hub sets is left to it.
func (c *subsImport) add(w *world, row hub.Subscription) (made hub.Subscription, err error) {
	body, err := json.Marshal(hub.Subscription{
		Chat: row.Chat, Source: row.Source, Mode: row.Mode, Filters: row.Filters, Options: row.Options, Enabled: row.Enabled,
	})
	if err != nil {
		return made, err
	}
	err = c.call(w, "POST", forced("/api/v1/subscriptions", c.Force), "application/json", body, &made)
	return made, err
}

// readRows reads the rows that export wrote, or a page as the API gives it. The
// oldest comes first; rows that have no time keep their order.
func readRows(data []byte) ([]numbered, error) {
	var items []json.RawMessage
	var page struct{ Items []json.RawMessage }
	err := json.Unmarshal(data, &items)
	if bytes.TrimSpace(data)[0] == '{' {
		err, items = json.Unmarshal(data, &page), page.Items
		if err == nil && items == nil {
			err = errors.New(`it is an object without "items": want a list of rows, as export writes it`)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("is not the JSON of a list of subscriptions: %w", err)
	}
	var rows []numbered
	var bad []error
	for i, item := range items {
		row, err := readRow(item)
		if err != nil {
			bad = append(bad, fmt.Errorf("row %d: %w", i+1, err))
		}
		rows = append(rows, numbered{row, i + 1})
	}
	slices.SortStableFunc(rows, func(a, b numbered) int { return a.CreatedAt.Compare(b.CreatedAt) })
	return rows, errors.Join(bad...)
}

// readRow reads a row. A field that no row has is refused: with a slip in a
// filter's name the row would hear everything.
func readRow(item json.RawMessage) (hub.Subscription, error) {
	row := hub.Subscription{Enabled: true}
	if bytes.Equal(item, []byte("null")) {
		return row, errors.New("is null")
	}
	dec := json.NewDecoder(bytes.NewReader(item))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&row); err != nil {
		return row, errors.New(strings.TrimPrefix(err.Error(), "json: "))
	}
	return row, nil
}

// sameness is what a row asks for, as the hub tells rows apart: the order of
// filters and values makes no difference, nor do options.
func sameness(row hub.Subscription) string {
	filters := []string{}
	for _, f := range row.Filters {
		if f.Type == hub.FilterGroup && f.As == "" {
			f.As = hub.AsMention
		}
		filters = append(filters, hub.Digest(string(f.Type), f.As, set(f.Any), set(f.All), set(f.None)))
	}
	return hub.Digest(string(row.System), row.Chat.ID, string(row.Source), string(row.Mode), set(filters))
}

// set is a digest of values whatever their order.
func set(values []string) string {
	return hub.Digest(slices.Compact(slices.Sorted(slices.Values(values)))...)
}
