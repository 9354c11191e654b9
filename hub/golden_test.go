package hub_test

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
)

var update = flag.Bool("update", false, "rewrite the golden files")

var (
	posted  = time.Date(2026, 1, 10, 9, 5, 0, 0, time.UTC)
	heard   = time.Date(2026, 1, 10, 9, 5, 1, 250_000_000, time.UTC)
	general = hub.Chat{System: "slack-acme", ID: "C0123456789"}
	lobby   = hub.Chat{System: "console", ID: "lobby"}
)

func alice() hub.Person {
	return hub.Person{
		ID: "21", Username: "alice", Name: "Alice Moreau", URL: "https://forum.example.com/u/alice",
		Avatar: "https://forum.example.com/avatar/alice/96.png", Staff: true, Bot: true,
	}
}

func message() hub.Message {
	author := alice()
	return hub.Message{
		Text: "**New** topic", Thread: "meta/topic/301", InThread: true, Broadcast: true, Actions: []hub.Action{action()},
		Card: &hub.Card{
			Kind: "New topic", Title: "Printer <does> not & \"start\"", URL: "https://forum.example.com/t/printer/301",
			Site: "forum.example.com", Author: &author,
			Category: &hub.Label{Name: "Support", URL: "https://forum.example.com/c/support/5", Color: "#0088cc"},
			Tags:     []hub.Label{{Name: "linux", URL: "https://forum.example.com/tag/linux", Color: "#ffffff"}},
			Text:     "My printer does not start …", Cut: true, Time: posted, Compact: true, Struck: true,
			Image: &hub.Image{URL: "https://forum.example.com/uploads/printer.png", Alt: "the printer", Width: 690, Height: 388, Private: true},
		},
	}
}

func action() hub.Action {
	return hub.Action{
		Label: "Mute topic", Style: "danger", Options: []hub.Option{option()}, Call: ptr(call()), Token: "dG9rZW4gb2YgYW4gYWN0aW8", URL: "https://forum.example.com/t/301",
	}
}

func option() hub.Option { return hub.Option{Label: "Support", Value: "5", Note: "and below"} }

func call() hub.Call {
	return hub.Call{
		ID: "cabc", Namespace: "discourse", Function: "watch", Kind: hub.KindSubmit, Raw: "discourse watch support tag:bug",
		Encoded: hub.Values{"category": {"support"}, "tag": {"bug"}}, State: `{"topic":"301"}`,
	}
}

func command() hub.Command {
	return hub.Command{
		Command: call(), Security: hub.Security{Token: "dG9rZW4gb2YgYW4gYWN0aW8", TriggerID: "13345224609.738474920"},
		Context: hub.CommandContext{
			Source: hub.CommandSource{ID: hub.FromSlash, Props: map[string]string{"response_url": "https://hooks.slack.com/commands/1"}},
			System: "slack-acme", User: user(), Channel: channel(), Team: "T0123", Post: "1768035901.000200", ParentPost: "1768035901.000150",
			RootPost: "1768035901.000100", Event: "cabc", App: "faq", Role: hub.Editor,
		},
	}
}

func user() hub.User { return hub.User{ID: "U0123", Name: "alice", Full: "Alice Moreau", Bot: true} }

func channel() hub.Channel { return hub.Channel{ID: "C0123456789", Name: "general", Direct: true} }

// reply is every kind of reply at once, which no reply is.
func reply() hub.Reply {
	return hub.Reply{
		OK:    &hub.OK{Text: "**Done**", Actions: []hub.Action{action()}, Public: true, Ask: true, Options: []hub.Option{option()}},
		Error: &hub.Refusal{Text: "There is no such category", Fields: map[string]string{"category": "is none"}, Unsure: true},
		Form: &hub.Form{
			Title: "Watch", Text: "What to *hear*", Submit: "Watch", Call: ptr(call()), Token: "dG9rZW4gb2YgYSBmb3JtIHg",
			Fields: []hub.Field{{
				Name: "category", Label: "Category", Description: "Or a link to it", Hint: "support", Type: hub.FieldSelect, Subtype: hub.TextLines,
				Required: true, Multi: true, Dynamic: true, Refresh: true, Pattern: "[a-z]+", Min: 1, Max: 80, Options: []hub.Option{option()},
				Value: []string{"5"}, Place: 1, Rest: true, Prefix: "category:",
			}},
		},
		Navigate: &hub.Navigate{URL: "https://forum.example.com", Text: "the forum"},
		Call:     ptr(call()), Data: map[string]any{"outcome": "created"},
	}
}

func chatter() hub.Chatter {
	return hub.Chatter{
		From: user(), To: []string{"UBOT"}, Room: channel(), Team: "T0123", Ref: "1768035901.000200", Thread: "1768035901.000100", ReplyTo: "1768035901.000150",
		Text: "@bellhop watch support", Line: "watch support", ForUs: true, Reaction: "👍",
		Files:  []hub.File{{ID: "F1", Name: "a.png", Type: "image/png", Size: 17, URL: "https://acme.slack.com/files/F1"}},
		Status: "away", EditedAt: heard, Whom: ptr(user()), Was: "-100",
	}
}

func receipt() hub.Receipt {
	return hub.Receipt{Ref: "1768035901.000200", URL: "https://acme.slack.com/archives/C0123456789/p1768035901000200", At: heard, Note: "sent as plain text", Digest: "dabc"}
}

func exchange() hub.Exchange {
	return hub.Exchange{
		Method: "POST", URL: "https://slack.com/api/chat.postMessage", Request: `{"channel":"C0123456789"}`,
		Status: 200, Answer: `{"ok":false,"error":"channel_not_found"}`, At: heard, TookMS: 250,
	}
}

func attempt() hub.Attempt {
	return hub.Attempt{
		Again: 1, Attempt: 2, Status: hub.StatusFailed, Fault: hub.FaultRateLimited, Reason: "slack says: slow down",
		RetryAt: heard.Add(time.Minute), At: heard, Times: 3, Exchange: ptr(exchange()),
	}
}

func notification() hub.Notification {
	return hub.Notification{
		Version: hub.NotificationVersion, ID: "nabc", Chat: general, Event: "eabc", EventType: hub.ForumPostCreated, Source: "meta",
		Subscription: "s1", Act: hub.ActEdit, Of: "ndef", Ref: "1768035900.000150",
		Message: message(), ReceivedAt: posted, QueuedAt: heard, New: true, Again: 1, StaleAt: heard.Add(time.Hour), Digest: "15m", Root: "1768035900.000100",
	}
}

func forum() hub.Forum {
	author := alice()
	return hub.Forum{
		Site: "https://forum.example.com", Event: "post_created",
		Topic: &hub.Topic{
			ID: "301", Title: "Printer does not start", Slug: "printer", URL: "https://forum.example.com/t/printer/301",
			Archetype: hub.ArchetypeRegular, CategoryID: "5", CategorySlug: "support", Tags: []string{"linux"},
			Unlisted: true, Closed: true, Archived: true, Pinned: true, Deleted: true, Solved: 2,
			Groups: []string{"support_team"}, Author: &author, CreatedAt: posted, Posts: 2,
		},
		Post: &hub.Post{
			ID: "902", Number: 2, Kind: hub.PostRegular, ActionCode: "closed.enabled", Author: author, HTML: "<p>Which model?</p>",
			URL: "https://forum.example.com/t/printer/301/2", ReplyTo: 1, Version: 3, EditReason: "typo",
			Hidden: true, Deleted: true, ViaEmail: true, CreatedAt: posted, UpdatedAt: heard, Groups: []string{"support_team"},
		},
		Category: &hub.ForumCategory{
			ID: "5", Name: "Support", Slug: "support", ParentID: "1", Color: "#0088cc",
			URL: "https://forum.example.com/c/support/5", Restricted: true,
		},
		Tag:    &hub.ForumTag{ID: "29", Name: "urgent", URL: "https://forum.example.com/tag/urgent"},
		Actor:  &author,
		Before: &hub.Place{CategoryID: "1", Tags: []string{"windows"}},
		Object: json.RawMessage(`{"badge_id":13}`),
	}
}

func options() hub.Options {
	return hub.Options{
		Buttons: "off",
		Style:   hub.StyleFull, Excerpt: 200, Unlisted: true, Thread: hub.ThreadBoth, Delay: "1m30s", MaxAge: "24h", Digest: "daily@09:00", ReadAs: "alice",
	}
}

func verdict() hub.RowVerdict {
	return hub.RowVerdict{
		Subscription: "s1", Chat: general, Mode: hub.Watch, Row: "slack-acme | C0123456789 | c/support",
		Matched: true, Wins: true, Reason: "c/support: the topic is in it",
		Because: "lacks", Filter: hub.FilterTag, Value: "bug",
	}
}

func event() hub.Event {
	return hub.Event{
		SpecVersion: hub.SpecVersion, ID: "eabc", Source: "meta", Type: hub.ForumPostCreated, Subject: "topic/301/2", Time: posted,
		DataContentType: "application/json", ReceivedTime: heard, ReplyTo: "edef", Data: json.RawMessage(`{"site":"https://forum.example.com"}`),
	}
}

// samples have every field set, so that each golden file shows its whole type.
func samples() map[string]any {
	return map[string]any{
		"event":  ptr(event()),
		"forum":  ptr(forum()),
		"signal": &hub.Signal{Name: "post_teleported", Body: json.RawMessage(`{"id":1}`), Note: "no event of this name is known"},
		"subscription": &hub.Subscription{
			ID: "s1", Chat: general, Source: "meta", Mode: hub.Watch,
			Filters: []hub.Filter{{Type: hub.FilterTag, Any: []string{"bug"}, All: []string{"linux"}, None: []string{"wip"}, As: hub.AsMention}},
			Options: options(), Enabled: true,
			CreatedBy: "admin", CreatedAt: posted, UpdatedAt: heard, LastFiredAt: heard, Error: "the chat is gone",
		},
		"notification": ptr(notification()),
		"outcome": &hub.Outcome{
			Notification: "nabc", Chat: general, Event: "eabc", Status: hub.StatusFailed, Again: 1, Attempt: 2, Receipt: receipt(),
			Fault: hub.FaultRateLimited, Reason: "slack says: slow down", RetryAt: heard.Add(time.Minute), At: heard, Exchange: ptr(exchange()),
		},
		"attempt": ptr(attempt()),
		"dead_letter": &hub.DeadLetter{
			Notification: notification(), Fault: hub.FaultChatGone, Reason: "we are not in the chat", Attempts: 1, At: heard, Exchange: ptr(exchange()),
		},
		"delivery": &hub.Delivery{
			ID: "nabc", Chat: general, Event: "eabc", EventType: hub.ForumPostCreated, Source: "meta", Subscription: "s1",
			Act: hub.ActRetract, Title: "Printer does not start", Again: 1, Status: hub.StatusSent, Attempts: 2, Reason: "slack says: slow down", Receipt: receipt(),
			QueuedAt: posted, UpdatedAt: heard, History: []hub.Attempt{attempt()},
		},
		"receipt": ptr(receipt()),
		"console_post": &hub.ConsolePost{
			Seq: 7, Chat: lobby, Key: "nabc", Root: "3", Author: &hub.User{ID: "anna", Name: "anna", Full: "Anna Bauer", Bot: true}, Reader: "anna", Message: message(), At: heard,
			Rev: 9, Edited: heard.Add(time.Minute), Gone: true,
		},
		"item":    ptr(item()),
		"command": ptr(command()),
		"reply":   ptr(reply()),
		"chatter": ptr(chatter()),
		"heard":   &hub.Heard{Command: command(), ForUs: true, Text: "!discourse watch support"},
		"done":    &hub.Done{Reply: reply(), Later: true},
		"answer":  &hub.Answer{Command: command(), Reply: reply()},
		"shown":   &hub.Shown{Receipt: receipt(), Fault: hub.FaultRateLimited, AfterMS: 1000, Message: "slower"},
		"taken":   &hub.Taken{Yes: true, Code: hub.CodeInvalid, Message: "not a name"},
		"runs":    &hub.Runs{Chat: "C0123456789", User: "U0123"},
		"hold":    ptr(hold()),
		"section_told": &hub.SectionTold{Taken: hub.Taken{Yes: true, Code: hub.CodeConflict, Message: "it stands in the hub's configuration file"}, Section: &hub.Section{
			Part: hub.PartSystem, Name: "slack-acme", Kind: "slack", Settings: json.RawMessage(`{"chat_admins":true}`),
			Sealed: map[string]string{"token": "bm9uY2U…"}, SealedBy: "0a1b2c3d", Version: 4, MadeBy: "Anna", MadeAt: posted, ChangedBy: "Ben", ChangedAt: heard,
		}},
		"menu_item":     &hub.MenuItem{Name: "watch", Summary: "Hear of new topics"},
		"completion":    &hub.Completion{Insert: "watch ", Label: "watch", Note: "Hear of new topics", Start: 10},
		"announcement":  ptr(announcement()),
		"trace":         ptr(trace()),
		"explanation":   ptr(explanation()),
		"taxonomy":      ptr(taxonomy()),
		"source_status": ptr(sourceStatus()),
		"system_status": &hub.SystemStatus{
			System: "slack-acme", Kind: "slack", State: "paused", Reason: "slack refuses the token: put a new one into the configuration",
			Features:    hub.Features{Threads: true, Edits: true, Deletes: true, Listens: true, Buttons: true, Dialogs: true, Whispers: true, Idempotent: true, Chats: true, Images: true, Uploads: true},
			PausedChats: []hub.PausedChat{{Chat: "C0123456789", Reason: "we are not in the chat: invite us", Since: posted, NextAt: heard}},
			Held:        3, Account: "@bellhop", LastSentAt: posted, Workers: 2, Hold: ptr(hold()), Managed: hub.ManagedHere, Version: 4,
		},
		"chat_query": &hub.ChatQuery{Text: "general"},
		"inspected":  &hub.Inspected{Preflight: preflight(), Fault: hub.FaultRateLimited, AfterMS: 1000, Message: "slower"},
		"intake": &hub.Intake{
			Source: "meta", Refused: map[int64]map[string]int{492_969: {"signature": 2}}, Last: map[string]time.Time{"signature": heard},
		},
		"check": &hub.Check{System: "slack-acme", Total: 500, Done: 12, Blocked: 1, More: 3, Error: "slack refuses the token", StartedAt: posted, At: heard, EndedAt: heard},
		"feed_state": &hub.FeedState{
			ETag: `"abc"`, LastModified: "Sat, 10 Jan 2026 09:05:00 GMT", Seen: []string{"d1", "d2"},
			CheckedAt: heard, Error: "the feed answered 503",
		},
	}
}

func item() hub.Item {
	author := alice()
	return hub.Item{
		Key: "deploy-17", Title: "Deploy of shop failed", URL: "https://ci.example.com/deploy/17", Author: &author,
		Category: "shop", Tags: []string{"deploy", "failed"}, Text: "Exit code 1", HTML: "<p>Exit code 1</p>",
		Object: json.RawMessage(`{"deploy":{"id":17}}`),
	}
}

func announcement() hub.Announcement {
	return hub.Announcement{
		Notification: "nabc", Chat: general, Source: "meta", Topic: "301", Post: 2, PostID: "902", Event: "eabc", Subscription: "s1",
		Mode: hub.Thread, Options: options(), Message: message(), State: hub.AnnouncedStruck, Update: "uabc", At: heard, UpdatedAt: heard.Add(time.Minute),
	}
}

func trace() hub.Trace {
	return hub.Trace{
		Event: "eabc", Source: "meta", Type: hub.ForumPostCreated, At: heard, Verdict: hub.VerdictDecided,
		Why: "waits for the forum's API", Notes: []string{"tags: asked the forum"}, Rows: 12,
		Chats: []hub.TraceChat{{
			Chat: general, Subscription: "s1", Mode: hub.Watch, Result: hub.ResultQueued, Notification: "nabc", At: heard.Add(20 * time.Second),
		}},
		More: 3, Nearest: []hub.RowVerdict{verdict()},
	}
}

func explanation() hub.Explanation {
	said, e, taken := message(), event(), trace()
	return hub.Explanation{
		Taken: &taken, Changes: []hub.Change{{Chat: general, Then: hub.ResultQueued, ThenRow: "s1", Now: hub.ResultMuted, NowRow: "s2"}},
		Event: &e, Verdict: hub.VerdictDecided, Why: "waits for its delay", Notes: []string{"everyone may see the topic"},
		Summary: "alice replied to Printer does not start", More: 1, Rows: 12,
		Chats: []hub.Expected{{
			Chat: general, Result: hub.ResultQueued, Subscription: "s1", Rows: []hub.RowVerdict{verdict()}, Message: &said,
			Rendered: &hub.Rendered{
				Kind: "slack", Markup: "*New* topic", Plain: "New topic", Length: 11, Limit: 10000,
				Parts: []hub.Part{{As: hub.PartField, Name: "Tags", Text: "*bug*", URL: "https://forum.example.com/tag/bug", Color: "#0088cc"}},
			},
			Digest: "daily@09:00", SilentUntil: heard, WaitsUntil: heard.Add(time.Hour),
		}},
	}
}

func taxonomy() hub.Taxonomy {
	return hub.Taxonomy{
		Source: "meta", Categories: []hub.ForumCategory{*forum().Category}, Tags: []hub.ForumTag{*forum().Tag},
		Groups:   []hub.ForumGroup{{ID: "41", Name: "support_team", Members: []string{"alice"}}},
		Complete: true, At: heard,
	}
}

func preflight() hub.Preflight {
	finding := func(is hub.YesNo) hub.Finding {
		return hub.Finding{Is: is, Reason: "the app is not in the channel", Step: "In that channel type /invite @bellhop"}
	}
	return hub.Preflight{
		Chat: general, Name: "#general", State: hub.PreflightBlocked, Member: finding(hub.No), Post: finding(hub.Unknown), Thread: finding(hub.Unknown),
		Edit: finding(hub.Unknown), Delete: finding(hub.Unknown), Archived: finding(hub.No), Encrypted: finding(hub.No), At: posted, Error: "slack does not answer", TriedAt: heard,
	}
}

func sourceStatus() hub.SourceStatus {
	return hub.SourceStatus{
		Source: "meta", Kind: "discourse", URL: "https://forum.example.com", State: "error", Reason: "the forum refuses the API key",
		API: true, Visibility: "check", ReadAs: "alice", Delay: "20s", Waiting: 4, CheckedAt: heard,
		Address: "https://bellhop.example.com/in/meta", LastEventAt: heard, Hours: []int{0, 3, 12},
		Refused:    []hub.Refusals{{Reason: "signature", Count: 14, LastAt: heard}},
		QuietSince: heard, NextAt: posted, HeldUntil: posted, PerMinute: 60,
		Places: &hub.PlaceCounts{Categories: 34, Restricted: 2, Tags: 118, Groups: 22, Complete: true, At: heard}, Secret: true,
		PingedAt: posted, Managed: hub.ManagedHere, Version: 3,
	}
}

func ptr[T any](v T) *T { return &v }

func hold() hub.Hold {
	return hub.Hold{By: "Anna", Since: posted, Reason: "we move", Until: heard, EndedBy: "Ben"}
}

func TestGolden(t *testing.T) {
	for name, sample := range samples() {
		t.Run(name, func(t *testing.T) {
			requireFull(t, name, reflect.ValueOf(sample))
			got, err := json.MarshalIndent(sample, "", "  ")
			require.NoError(t, err)
			got = append(got, '\n')
			path := filepath.Join("testdata", name+".json")
			if *update {
				require.NoError(t, os.WriteFile(path, got, 0o644))
			}
			want, err := os.ReadFile(path)
			require.NoError(t, err, "run with -update")
			require.Empty(t, cmp.Diff(string(want), string(got)), "what older releases wrote must still be readable")

			decoded := reflect.New(reflect.TypeOf(sample).Elem()).Interface()
			require.NoError(t, json.Unmarshal(want, decoded))
			require.Empty(t, cmp.Diff(sample, decoded, compactJSON()))
		})
	}
}

// compactJSON compares raw JSON by what it says: the golden files are indented.
func compactJSON() cmp.Option {
	return cmp.Transformer("json", func(raw json.RawMessage) any {
		var v any
		if err := json.Unmarshal(raw, &v); err != nil {
			return err.Error()
		}
		return v
	})
}

func TestGoldenFilesHaveTypes(t *testing.T) {
	files, err := filepath.Glob("testdata/*.json")
	require.NoError(t, err)
	require.Len(t, files, len(samples()))
}

// requireFull fails when a field of a sample has been forgotten, as a new one
// is at first.
func requireFull(t *testing.T, path string, v reflect.Value) {
	t.Helper()
	switch {
	case v.IsZero() && v.Type() != reflect.TypeFor[time.Time]():
		t.Fatalf("%s is zero in its sample: set it, and run the test with -update", path)
	case v.Kind() == reflect.Pointer:
		requireFull(t, path, v.Elem())
	case v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.Struct:
		for i := range v.Len() {
			requireFull(t, path, v.Index(i))
		}
	case v.Kind() == reflect.Struct && v.Type() != reflect.TypeFor[time.Time]():
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.Tag.Get("json") != "-" {
				requireFull(t, path+"."+f.Name, v.Field(i))
			}
		}
	}
}

// The zero value of what is optional leaves no trace on the wire.
func TestSmallestJSON(t *testing.T) {
	for want, v := range map[string]any{
		`{"specversion":"1.0","id":"e","source":"meta","type":"user.x"}`: hub.Event{SpecVersion: "1.0", ID: "e", Source: "meta", Type: "user.x"},
		`{"site":"https://f.example","event":"ping"}`:                    hub.Forum{Site: "https://f.example", Event: "ping"},
		`{"id":"1"}`:                   hub.Topic{ID: "1"},
		`{"id":"1","tags":[]}`:         hub.Topic{ID: "1", Tags: []string{}},
		`{"ref":"1"}`:                  hub.Receipt{Ref: "1"},
		`{"kind":"Reply","title":"x"}`: hub.Card{Kind: "Reply", Title: "x"},
		`{"type":"tag","any":["x"]}`:   hub.Filter{Type: hub.FilterTag, Any: []string{"x"}},
		`{"id":"1","groups":[]}`:       hub.Topic{ID: "1", Groups: []string{}},
		`{"category_id":"5"}`:          hub.Place{CategoryID: "5"},
		`{"name":"staff"}`:             hub.ForumGroup{Name: "staff"},
		`{"title":"x"}`:                hub.Item{Title: "x"},
		`{"text":"x"}`:                 hub.Message{Text: "x"},
		`{}`:                           hub.Options{},
		`{"id":"s","system":"console","chat":"lobby","mode":"watch","filters":[],"enabled":false}`: hub.Subscription{
			ID: "s", Chat: lobby, Mode: hub.Watch, Filters: []hub.Filter{},
		},
		`{"v":1,"id":"n","system":"console","chat":"lobby","message":{"text":"x"},"queued_at":"2026-01-10T09:05:00Z"}`: hub.Notification{
			Version: 1, ID: "n", Chat: lobby, Act: hub.ActSend, Message: hub.Message{Text: "x"}, QueuedAt: posted,
		},
		`{"seq":1,"system":"console","chat":"lobby","key":"k","message":{},"at":"2026-01-10T09:05:00Z"}`: hub.ConsolePost{
			Seq: 1, Chat: lobby, Key: "k", At: posted,
		},
	} {
		got, err := json.Marshal(v)
		require.NoError(t, err)
		require.Equal(t, want, string(got))
	}
}
