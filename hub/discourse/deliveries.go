package discourse

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Redelivery is a webhook that the forum could not deliver, as it would have
// been sent.
type Redelivery struct {
	ID     string // of the forum's event
	Header http.Header
	Body   []byte
	At     time.Time // when the forum tried
}

// FailedDeliveries lists what the forum could not deliver to address, a path
// like "/in/meta", at or after a point in time, the oldest first. It takes the
// key of an administrator. The forum keeps events for some days
// (retain_web_hook_events_period_days), and tells an attempt that failed also
// if a later one did not.
func (c *Client) FailedDeliveries(ctx context.Context, address string, since time.Time) ([]Redelivery, error) {
	if !c.HasKey() {
		return nil, &RefusedError{Setting: "api_key", Reason: "webhooks are shown to an administrator only: give a key"}
	}
	hooks, err := c.hooks(ctx, address)
	if err != nil {
		return nil, err
	}
	var out []Redelivery
	for _, hook := range hooks {
		failed, err := c.failed(ctx, hook, since)
		if err != nil {
			return nil, err
		}
		out = append(out, failed...)
	}
	slices.SortStableFunc(out, func(a, b Redelivery) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(ident(a.ID).number(), ident(b.ID).number()))
	})
	return out, nil
}

// hookPage and eventPage are how many a forum lists at once:
// https://github.com/discourse/discourse/blob/main/app/controllers/admin/web_hooks_controller.rb
const (
	hookPage  = 50
	eventPage = 50
)

// hooks are the ids of the webhooks that lead to address.
func (c *Client) hooks(ctx context.Context, address string) ([]ident, error) {
	want := pathOf(address)
	var ids []ident
	for page := range maxPages {
		var said struct {
			Hooks listOf[struct {
				ID  ident  `json:"id"`
				URL string `json:"payload_url"`
			}] `json:"web_hooks"`
			Total whole `json:"total_rows_web_hooks"`
		}
		if err := c.must(ctx, c.self(), fmt.Sprintf("/admin/api/web_hooks.json?offset=%d", page*hookPage), &said); err != nil {
			return nil, err
		}
		for _, h := range said.Hooks {
			if h.ID != "" && leadsTo(pathOf(h.URL), want) && !slices.Contains(ids, h.ID) {
				ids = append(ids, h.ID)
			}
		}
		if len(said.Hooks) == 0 || (page+1)*hookPage >= int(said.Total) {
			break
		}
	}
	return ids, nil
}

// leadsTo allows for a folder that a proxy puts before the hub's paths.
func leadsTo(path, want string) bool {
	return want != "" && (path == want || strings.HasSuffix(path, "/"+strings.TrimPrefix(want, "/")))
}

func pathOf(address string) string {
	u, err := url.Parse(strings.TrimSpace(address))
	if err != nil {
		return ""
	}
	return strings.TrimRight(u.EscapedPath(), "/")
}

// event is what AdminWebHookEventSerializer tells; payload and headers are
// strings that hold JSON.
type event struct {
	ID      ident  `json:"id"`
	Status  *int   `json:"status"`
	Headers string `json:"headers"`
	Payload string `json:"payload"`
	At      moment `json:"created_at"`
}

// failed lists the newest events first and stops at one that is too old.
func (c *Client) failed(ctx context.Context, hook ident, since time.Time) ([]Redelivery, error) {
	var out []Redelivery
	seen := map[ident]bool{} // what fails meanwhile moves the pages
	for page := range maxPages {
		var said struct {
			Events listOf[event] `json:"web_hook_events"`
			Total  whole         `json:"total_rows_web_hook_events"`
		}
		path := fmt.Sprintf("/admin/api/web_hook_events/%s.json?status=failed&offset=%d", segment(string(hook)), page*eventPage)
		if err := c.must(ctx, c.self(), path, &said); err != nil {
			return nil, err
		}
		past := false
		for _, e := range said.Events {
			past = past || e.At.Before(since)
			if r, ok := e.redelivery(); ok && !seen[e.ID] && !e.At.Before(since) {
				seen[e.ID] = true
				out = append(out, r)
			}
		}
		if past || len(said.Events) == 0 || (page+1)*eventPage >= int(said.Total) {
			break
		}
	}
	return out, nil
}

// redelivery is false for an event that was delivered, which forums before 2024
// list all the same, and for one that has not left yet.
func (e *event) redelivery() (Redelivery, bool) {
	if e.ID == "" || e.Payload == "" || e.Headers == "" || e.Status == nil || *e.Status == 0 || (*e.Status >= 200 && *e.Status <= 299) {
		return Redelivery{}, false
	}
	var headers map[string]any
	if json.Unmarshal([]byte(e.Headers), &headers) != nil {
		return Redelivery{}, false
	}
	r := Redelivery{ID: string(e.ID), Header: http.Header{}, Body: []byte(e.Payload), At: e.At.Time}
	for name, value := range headers {
		switch v := value.(type) {
		case string:
			r.Header.Set(name, v)
		case float64:
			r.Header.Set(name, fmt.Sprintf("%.0f", v))
		}
	}
	for _, own := range []string{"Host", "Connection", "Content-Length"} { // of the request that failed
		r.Header.Del(own)
	}
	return r, true
}
