package main

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/rules"
)

// compareTable says which rows of a table are not there yet.
func (c *subsImport) compareTable(w *world, table string, sum *tally) error {
	wanted, err := readTable(table)
	if err != nil {
		return fmt.Errorf("%s has mistakes:\n%w", c.File, err)
	}
	known, err := c.knownTokens(w)
	if err != nil {
		return err
	}
	for _, row := range wanted {
		if known[exactly(row)] {
			sum.unchanged++
			continue
		}
		known[exactly(row)] = true
		sum.created++
		if _, err := fmt.Fprintf(w.stdout, "would add: %s\n", rules.FormatLine(row)); err != nil {
			return err
		}
	}
	return nil
}

// readTable reads every line of a table, and names those that are wrong.
func readTable(table string) (rows []hub.Subscription, err error) {
	var bad []error
	number := 0
	for line := range strings.Lines(table) {
		number++
		if blank(line) {
			continue
		}
		parsed, err := rules.ParseLine(strings.TrimSpace(line))
		for _, row := range parsed {
			err = errors.Join(err, problem(row))
		}
		if err != nil {
			bad = append(bad, fmt.Errorf("  line %d: %s", number, strings.ReplaceAll(err.Error(), "\n", "; ")))
		}
		rows = append(rows, parsed...)
	}
	return rows, errors.Join(bad...)
}

// knownTokens are the rows that are there, one for each token of the text form:
// as they are stored and, where the hub writes names for ids, as it writes them.
func (c *subsImport) knownTokens(w *world) (map[string]bool, error) {
	there, err := subscriptions[hub.Subscription](w, &c.remote, url.Values{})
	if err != nil {
		return nil, err
	}
	table, err := c.subscriptionTable(w, url.Values{})
	if err != nil {
		return nil, err
	}
	known := map[string]bool{}
	for _, row := range there {
		tokens, err := rules.ParseRow(rules.FormatRow(row))
		if err != nil {
			continue // a row that the text form cannot say is none of a table's
		}
		for _, one := range tokens {
			one.Source, one.Options, one.Enabled = row.Source, row.Options, row.Enabled
			known[exactly(one)] = true
		}
	}
	written, err := readTable(string(table))
	if err != nil {
		return nil, fmt.Errorf("the hub's own table cannot be read, is this bellhop older than the hub? %w", err)
	}
	for _, row := range written {
		known[exactly(row)] = true
	}
	return known, nil
}

// exactly is all that a row says.
func exactly(row hub.Subscription) string {
	return sameness(row) + fmt.Sprintf("%+v %t", row.Options, row.Enabled)
}
