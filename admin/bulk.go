package admin

import (
	"context"
	"net/http"
	"slices"

	"github.com/bellhop-chat/bellhop/hub"
)

// What can be done with many rows at once.
const (
	BulkEnable  = "enable"
	BulkDisable = "disable"
	BulkDelete  = "delete"
	BulkMove    = "move"
)

// Bulks lists them.
func Bulks() []string { return []string{BulkEnable, BulkDisable, BulkDelete, BulkMove} }

// MostBulk is how many rows can be changed at once: the table cannot be written to
// by others meanwhile.
const MostBulk = 5000

// RowSelection is a search in the table of subscriptions, as the API has it.
type RowSelection struct {
	System    hub.System `json:"system,omitempty"`
	Chat      string     `json:"chat,omitempty"`
	Source    hub.Source `json:"source,omitempty"`
	Mode      hub.Mode   `json:"mode,omitempty"`
	State     string     `json:"state,omitempty"`
	CreatedBy string     `json:"created_by,omitempty"`
	Text      string     `json:"text,omitempty"`
}

// Bulk is something to do with many rows: those with the ids, or all that a
// search finds.
type Bulk struct {
	Do     string               `json:"do"`
	IDs    []hub.SubscriptionID `json:"ids,omitempty"`
	Query  *RowSelection        `json:"query,omitempty"`
	To     hub.Chat             `json:"to,omitzero"` // of a move
	DryRun bool                 `json:"dry_run,omitempty"`
	// Count is how many rows whoever asks expects; 0: no matter. Other than that
	// many are left alone.
	Count int `json:"count,omitempty"`
}

// BulkResult is what a Bulk did, or would do.
type BulkResult struct {
	Count int `json:"count"` // rows
	Chats int `json:"chats"` // that they are in
	// Left are rows that were left as they are: another row says the same already,
	// somebody has changed them meanwhile, or they are gone.
	Left []hub.SubscriptionID `json:"left,omitempty"`
}

// BulkRows does something with many rows, all or none.
func (s *Server) BulkRows(ctx context.Context, b Bulk) (*BulkResult, error) {
	if err := s.bulkProblems(ctx, &b); err != nil {
		return nil, err
	}
	rows, err := s.bulkRows(ctx, &b)
	if err != nil {
		return nil, err
	}
	chats := map[hub.Chat]bool{}
	for _, row := range rows {
		chats[row.Chat] = true
	}
	result := &BulkResult{Count: len(rows), Chats: len(chats)}
	if b.DryRun || len(rows) == 0 {
		return result, nil
	}
	if b.Count > 0 && b.Count != len(rows) {
		return nil, hub.Errorf(hub.CodeConflict, "there are %d such subscriptions by now, not %d: count again", len(rows), b.Count)
	}
	err = s.bulk(ctx, &b, rows, result)
	return result, err
}

func (s *Server) bulkProblems(ctx context.Context, b *Bulk) error {
	bad := map[string]string{}
	if !slices.Contains(Bulks(), b.Do) {
		bad["do"] = "must be " + alternatives(Bulks())
	}
	if (len(b.IDs) > 0) == (b.Query != nil) {
		bad["ids"] = "or query is needed, and not both: which rows are meant"
	}
	if b.Query != nil && b.Query.State != "" && !slices.Contains(hub.RowStates(), b.Query.State) {
		bad["query.state"] = "must be " + alternatives(hub.RowStates())
	}
	if b.Do == BulkMove {
		systems, err := s.Systems(ctx)
		if err != nil {
			return err
		}
		if problem := systemProblem(systems, b.To.System); problem != "" {
			bad["to.system"] = problem
		}
		if problem := chatProblem(b.To.ID); problem != "" {
			bad["to.chat"] = problem
		}
	}
	if len(b.IDs) > MostBulk {
		bad["ids"] = "are too many for once"
	}
	if len(bad) > 0 {
		return invalid(bad)
	}
	return nil
}

// bulkRows are the rows that are meant.
func (s *Server) bulkRows(ctx context.Context, b *Bulk) (rows []hub.Subscription, err error) {
	if b.Query == nil {
		for _, id := range slices.Compact(slices.Sorted(slices.Values(b.IDs))) {
			row, err := s.Subscriptions.GetSubscription(ctx, id)
			if hub.CodeOf(err) == hub.CodeNotFound {
				continue // somebody deleted it meanwhile; the count tells
			}
			if err != nil {
				return nil, err
			}
			rows = append(rows, *row)
		}
		return rows, nil
	}
	q := s.TableQuery(ctx, *b.Query)
	for q.Limit = maxLimit; ; {
		page, next, err := s.Table.SubscriptionsByChat(ctx, q)
		if err != nil {
			return nil, err
		}
		rows = append(rows, page...)
		if len(rows) > MostBulk {
			return nil, hub.Errorf(hub.CodeInvalid, "more than %d subscriptions match: narrow the search and go on in parts", MostBulk)
		}
		if q.Cursor = next; next == "" {
			return rows, nil
		}
	}
}

func (s *Server) bulk(ctx context.Context, b *Bulk, rows []hub.Subscription, result *BulkResult) (err error) {
	var put []*hub.Subscription
	var drop []hub.SubscriptionID
	after := slices.Clone(rows)
	for i := range after {
		row := &after[i]
		switch b.Do {
		case BulkDelete:
			drop = append(drop, row.ID)
			continue
		case BulkMove:
			row.Chat = b.To
		default:
			row.Enabled = b.Do == BulkEnable
		}
		put = append(put, row)
	}
	if result.Left, err = s.Table.ChangeMany(ctx, put, drop); err != nil {
		return err
	}
	var ids []hub.SubscriptionID
	var entries []hub.AuditEntry
	for i := range rows {
		if slices.Contains(result.Left, rows[i].ID) {
			continue
		}
		ids = append(ids, rows[i].ID)
		if b.Do == BulkDelete {
			entries = append(entries, auditRow("subscription.delete", hub.OutcomeDeleted, &rows[i], nil))
		} else {
			entries = append(entries, auditRow("subscription.update", hub.OutcomeUpdated, &rows[i], &after[i]))
		}
	}
	result.Count = len(ids)
	if len(ids) > 0 {
		s.Changed(ids...)
		s.record(ctx, entries...)
	}
	return nil
}

// TableQuery is a search in the table: what people call a chat or a category finds
// the rows that name it by its id.
func (s *Server) TableQuery(ctx context.Context, sel RowSelection) hub.TableQuery {
	q := hub.TableQuery{
		System: sel.System, Chat: sel.Chat, Source: sel.Source, Mode: sel.Mode, State: sel.State, CreatedBy: sel.CreatedBy, Text: sel.Text,
	}
	if sel.Text == "" {
		return q
	}
	for _, r := range s.FindChats(ctx, sel.System, sel.Text, maxLimit) {
		q.Chats = append(q.Chats, r.Chat)
	}
	for _, d := range s.Directories(ctx, sel.Source) {
		for i, c := range d.Categories {
			if containsFold(c.Name, sel.Text) || containsFold(d.Path(i), sel.Text) {
				q.Values = append(q.Values, c.ID)
			}
		}
	}
	return q
}

func (s *Server) bulkSubscriptions(w http.ResponseWriter, r *http.Request) error {
	var b Bulk
	if err := s.decode(w, r, &b, jsonContent); err != nil {
		return err
	}
	result, err := s.BulkRows(r.Context(), b)
	if err != nil {
		return err
	}
	return s.answer(w, r, http.StatusOK, result)
}

// rowRoutes are what people do with rows besides reading and writing them.
func (s *Server) rowRoutes() []route {
	return []route{{
		method: http.MethodPost, path: "/subscriptions/preview", id: "previewSubscription", need: hub.Viewer,
		summary: "What a subscription would do: a sentence, what is wrong with it, how many of the last 500 events of its source it matches, and a message on each platform. Nothing is stored or sent",
		body:    inJSON("SubscriptionTrial"),
		answers: gives(http.StatusOK, "What it would do.", "Trial"),
		handle:  s.previewSubscription,
	}, {
		method: http.MethodPost, path: "/subscriptions/bulk", id: "changeSubscriptions", need: hub.Editor,
		summary: "Switch on or off, delete or move many subscriptions, all or none; with dry_run only count them",
		body:    inJSON("SubscriptionBulk"), repeats: true,
		answers: gives(http.StatusOK, "How many there were.", "SubscriptionBulkResult"),
		handle:  s.bulkSubscriptions,
	}, {
		method: http.MethodPost, path: "/subscriptions/{id}/test", id: "testSubscription", need: hub.Editor,
		summary: "Send a test to the subscription's chat: what it would say of an event, clearly marked, and what became of it",
		body:    inJSON("SubscriptionTest"),
		answers: gives(http.StatusOK, "What became of it within some seconds.", "SubscriptionTested"),
		handle:  s.testSubscription,
	}, {
		method: http.MethodPost, path: "/subscriptions/{id}/restore", id: "restoreSubscription", need: hub.Editor,
		summary: "Bring back a subscription that was deleted in the last day, with its id and in its place", repeats: true,
		answers: gives(http.StatusOK, "It is back.", "Subscription"),
		handle:  s.restoreSubscription,
	}}
}
