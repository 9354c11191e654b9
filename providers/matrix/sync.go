package matrix

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"time"

	"maunium.net/go/mautrix"
)

const (
	opSync     = "sync"
	opMessages = "rooms/messages"

	// pollFor is how long the homeserver holds a /sync that has nothing to tell.
	// It is below what the guarded client gives a request as a whole.
	pollFor = 20 * time.Second
	// timelineLimit is how many events of a room come with a sync. What is more
	// is fetched page by page.
	timelineLimit = 50
	pageLimit     = 100
)

// read are the types of events that are read, and some that people make with
// their clients and that are told as what Bellhop does not know.
var read = []string{
	"m.room.message", "m.room.encrypted", "m.reaction", "m.room.redaction",
	"m.room.member", "m.room.create", "m.room.tombstone", "m.room.name", "m.room.canonical_alias", "m.room.encryption",
	"m.sticker", "m.poll.start", "org.matrix.msc3381.poll.start", "m.beacon_info",
}

// Filters of /sync and /messages:
// https://spec.matrix.org/latest/client-server-api/#filtering. Members are loaded
// lazily, and again with each batch, since what they are called is kept nowhere.
var (
	filterNew = jsonOf(filterOf(map[string]any{
		"limit": timelineLimit, "types": read, "lazy_load_members": true, "include_redundant_members": true,
	}))
	filterLean = jsonOf(filterOf(map[string]any{
		"limit": 1, "types": read, "lazy_load_members": true, "include_redundant_members": true,
	}))
	filterFirst = jsonOf(filterOf(map[string]any{"limit": 1, "not_types": []string{"*"}}))
	filterPage  = jsonOf(map[string]any{"types": read, "lazy_load_members": true, "include_redundant_members": true})
)

func filterOf(timeline map[string]any) map[string]any {
	none := map[string]any{"not_types": []string{"*"}}
	return map[string]any{
		"presence":     none,
		"account_data": map[string]any{"types": []string{"m.direct"}},
		"room": map[string]any{
			"account_data": none, "ephemeral": none, "timeline": timeline,
			"state": map[string]any{
				"lazy_load_members": true, "include_redundant_members": true,
				"types": []string{"m.room.member", "m.room.name", "m.room.canonical_alias", "m.room.encryption"},
			},
		},
	}
}

func jsonOf(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // a slip in the filters above
	}
	return string(b)
}

// rawEvents are events as they came. Each is decoded alone, so that one that is
// not as it should be keeps nobody from the others.
type rawEvents struct {
	Events []json.RawMessage `json:"events"`
}

// batch is the answer to a sync:
// https://spec.matrix.org/latest/client-server-api/#get_matrixclientv3sync
type batch struct {
	Next        string    `json:"next_batch"`
	AccountData rawEvents `json:"account_data"`
	Rooms       struct {
		Join   map[string]*roomBatch `json:"join"`
		Leave  map[string]*roomBatch `json:"leave"`
		Invite map[string]struct {
			State rawEvents `json:"invite_state"`
		} `json:"invite"`
	} `json:"rooms"`
}

type roomBatch struct {
	Summary struct {
		Joined *int `json:"m.joined_member_count"`
	} `json:"summary"`
	State    rawEvents `json:"state"`
	Timeline struct {
		rawEvents
		Limited   bool   `json:"limited"`
		PrevBatch string `json:"prev_batch"`
	} `json:"timeline"`
}

// sync asks for what is new since a token, and waits for it a while. Without a
// token it asks for the present state.
func (c *Client) sync(ctx context.Context, since string) (*batch, error) {
	query := map[string]string{"set_presence": "offline", "timeout": "0", "filter": filterFirst}
	if since != "" {
		query["since"], query["filter"] = since, filterNew
		query["timeout"] = strconv.FormatInt(pollFor.Milliseconds(), 10)
	}
	var b batch
	err := c.fetch(ctx, mautrix.ClientURLPath{"v3", "sync"}, query, &b)
	if since != "" && tooLarge(err) { // what it leaves out then comes page by page
		query["filter"], b = filterLean, batch{}
		err = c.fetch(ctx, mautrix.ClientURLPath{"v3", "sync"}, query, &b)
	}
	if err != nil {
		return nil, c.fault(ctx, opSync, err)
	}
	if b.Next == "" {
		return nil, unreadable(opSync, http.StatusOK)
	}
	return &b, nil
}

// tooLarge reports whether an answer is more than maxAnswer.
func tooLarge(err error) bool {
	return errors.Is(err, mautrix.ErrResponseTooLong) || errors.Is(err, mautrix.ErrBodyReadReachedLimit)
}

// page is an answer to /messages, the newest event first:
// https://spec.matrix.org/latest/client-server-api/#get_matrixclientv3roomsroomidmessages
type page struct {
	Chunk []json.RawMessage `json:"chunk"`
	End   string            `json:"end"`
	State []json.RawMessage `json:"state"`
}

// messages is the page of a room's events before the token from, down to the
// token to, if there is one.
func (c *Client) messages(ctx context.Context, room, from, to string) (*page, error) {
	query := map[string]string{"dir": "b", "from": from, "limit": strconv.Itoa(pageLimit), "filter": filterPage}
	if to != "" {
		query["to"] = to
	}
	var p page
	err := c.get(ctx, opMessages, mautrix.ClientURLPath{"v3", "rooms", room, "messages"}, query, &p)
	return &p, err
}

// get makes one GET request and one attempt at it.
func (c *Client) get(ctx context.Context, op string, path mautrix.ClientURLPath, query map[string]string, into any) error {
	if err := c.fetch(ctx, path, query, into); err != nil {
		return c.fault(ctx, op, err)
	}
	return nil
}

// fetch is get with the library's error, which tells errors apart that are one
// fault.
func (c *Client) fetch(ctx context.Context, path mautrix.ClientURLPath, query map[string]string, into any) error {
	_, err := c.api.MakeFullRequest(ctx, mautrix.FullRequest{
		Method: http.MethodGet, URL: c.api.BuildURLWithQuery(path, query), ResponseJSON: into, MaxAttempts: 1,
	})
	return err
}
