package discourse_test

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub/discourse"
	"github.com/bellhop-chat/bellhop/hub/secret"
)

// Whatever a forum answers, it is a fact or an error, and never a topic that
// may be shown because it could not be read.
func FuzzAnswers(f *testing.F) {
	for _, file := range []string{"topic_solved_2025.json", "topic_message_2026.json", "post_edited_2025.json", "post_deleted_2026.json"} {
		body, err := os.ReadFile("testdata/" + file)
		require.NoError(f, err)
		f.Add(200, body, "")
	}
	for _, body := range []string{
		`{"latest_posts":[{"id":9,"created_at":"2026-01-10T09:00:00.000Z","cooked":"<p>"},{"id":"x"},null,7]}`,
		`{"categories":[{"id":1,"name":"a"}],"groups":[{"id":1,"name":"b"}],"tags":["c",{"id":3,"name":"d"}],"lazy_load_categories":true}`,
		`{"members":[{"username":"a"}],"owners":null,"meta":{"total":"3"}}`,
		`{"web_hooks":[{"id":1,"payload_url":"http://x/in/meta"}],"web_hook_events":[{"id":1,"status":-1,"headers":"{\"a\":1e9}","payload":"{}","created_at":"2026-01-10T09:00:00.000Z"}]}`,
		`{"current_user":{"username":"system"},"title":"x"}`, notFoundJSON, `[]`, ``, `<html>`, `{"id":301,"deleted_at":{}}`, `{"tags":[{"id":{},"name":[]}],"details":{"allowed_groups":{}}}`,
		`{"id":"301","user_deleted":"yes","version":1e3,"updated_at":"9999-12-31T23:59:59-12:00"}`,
	} {
		f.Add(200, []byte(body), "")
		f.Add(403, []byte(body), "system")
		f.Add(429, []byte(body), "")
	}
	f.Fuzz(func(t *testing.T, status int, body []byte, user string) {
		if status < 200 || status > 599 {
			return
		}
		now := time.Date(2026, 1, 10, 9, 0, 0, 0, time.UTC)
		asked := 0
		client := func() *discourse.Client {
			return discourse.New(discourse.Config{
				URL: "https://example.com/forum", Key: secret.New(key), PerMinute: 1_000_000, Log: slog.New(slog.DiscardHandler),
				Now: func() time.Time { return now },
				HTTP: answering(func(*http.Request) *http.Response {
					if asked++; asked > 2000 {
						return response(500, "", "")
					}
					resp := response(status, "", "X-Discourse-Username: "+user)
					resp.Body = io.NopCloser(bytes.NewReader(body))
					return resp
				}),
			})
		}
		ctx := t.Context()
		if topic, err := client().Topic(ctx, "301"); err == nil {
			require.Equal(t, 200, status)
			require.Equal(t, "301", topic.ID)
			require.NotNil(t, topic.Tags)
			require.NotNil(t, topic.Groups)
			_, err = json.Marshal(topic)
			require.NoError(t, err)
		}
		for _, reader := range []string{"", "alice"} {
			visible, err := client().Visible(ctx, "301", reader)
			if visible {
				require.NoError(t, err)
				var said struct {
					ID      json.RawMessage `json:"id"`
					Deleted any             `json:"deleted_at"`
				}
				_ = json.Unmarshal(body, &said)
				require.Contains(t, []string{"301", `"301"`}, string(said.ID))
				require.Contains(t, []any{nil, false, ""}, said.Deleted)
			}
		}
		if post, err := client().Post(ctx, "301"); err == nil {
			require.Equal(t, 200, status)
			require.Equal(t, "301", post.ID)
			_, err = json.Marshal(post)
			require.NoError(t, err)
			var said struct {
				Deleted any `json:"deleted_at"`
				Author  any `json:"user_deleted"`
			}
			_ = json.Unmarshal(body, &said)
			told := []any{said.Deleted, said.Author}
			there := !slices.ContainsFunc(told, func(v any) bool { return v != nil && v != false && v != "" })
			require.Equal(t, there, !post.Deleted)
		}
		if site, err := client().Site(ctx); err == nil {
			_, err = json.Marshal(site)
			require.NoError(t, err)
		}
		_, _ = client().GroupMembers(ctx, "x")
		_, _ = client().Check(ctx)
		if posts, _, err := client().PostsSince(ctx, now.AddDate(0, 0, -1), 5); err == nil {
			for _, p := range posts {
				require.True(t, json.Valid(p))
				header, hook := asWebhook("https://example.com/forum", p)
				heard(t, "https://example.com/forum", header, hook)
			}
		}
		_, _ = client().FailedDeliveries(ctx, "/in/meta", now.AddDate(0, 0, -1))
	})
}
