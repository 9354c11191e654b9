package main

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
)

// paged says how much of a list to print, and how.
type paged struct {
	Limit int  `default:"50" help:"How many at most."`
	JSON  bool `name:"json" help:"Print JSON."`
}

// Validate is called when the command line has been read.
func (p paged) Validate() error {
	if p.Limit < 1 {
		return fmt.Errorf("--limit %d: want 1 or more", p.Limit)
	}
	return nil
}

// longestPage is how many items the hub gives at once.
const longestPage = 500

// page is a part of a list.
type page[T any] struct {
	Items []T    `json:"items"`
	Next  string `json:"next,omitempty"`
}

// pages reads a list until there are enough items. The hub may answer with a
// short page in the middle: only one without a next is the last.
func pages[T any](w *world, r *remote, path string, query url.Values, limit int) (all page[T], err error) {
	all.Items = []T{}
	for len(all.Items) < limit {
		query.Set("limit", strconv.Itoa(min(limit-len(all.Items), longestPage)))
		var p page[T]
		if err := r.call(w, "GET", path+"?"+query.Encode(), "", nil, &p); err != nil {
			return all, err
		}
		all.Items, all.Next = append(all.Items, p.Items...), p.Next
		if p.Next == "" {
			break
		}
		query.Set("cursor", p.Next)
	}
	return all, nil
}

// printPages prints what pages gives: as JSON, or as a table makes it.
func printPages[T any](w *world, r *remote, path string, query url.Values, p paged, table func([]T) error) error {
	if p.JSON {
		list, err := pages[json.RawMessage](w, r, path, query, p.Limit)
		if err != nil {
			return err
		}
		return printJSON(w, list)
	}
	list, err := pages[T](w, r, path, query, p.Limit)
	if err != nil {
		return err
	}
	if err := table(list.Items); err != nil {
		return err
	}
	if list.Next != "" {
		_, err = fmt.Fprintf(w.stderr, "There may be more: --limit %d\n", 10*p.Limit)
	}
	return err
}

func printJSON(w *world, v any) error {
	enc := json.NewEncoder(w.stdout)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

// filled adds what is not empty to a query.
func filled(query url.Values, names map[string]string) url.Values {
	for name, value := range names {
		if value != "" {
			query.Set(name, value)
		}
	}
	return query
}

// short is text on one line, of at most n characters.
func short(text string, n int) string {
	runes := []rune(cell(text))
	if len(runes) <= n {
		return string(runes)
	}
	return string(runes[:n-1]) + "…"
}
