package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub/ingest/discoursetest"
	"github.com/bellhop-chat/bellhop/providers/providertest"
)

// told are the webhooks whose explanations are kept to be read; the others are
// only held to have one.
var told = []string{
	"post_created_first", "post_created_reply", "post_created_pm", "post_created_whisper", "post_created_hidden", "post_created_group_mention",
	"post_created_small_action_closed", "post_created_subcategory", "topic_edited_category", "topic_closed_status_updated",
	"topic_visible_status_updated", "accepted_solution", "post_liked", "user_suspended", "reviewable_created", "chat_message_created_category", "ping",
}

// TestEveryWebhookIsExplained asks of each of the 94 bodies, in words, who would
// hear of it and why.
func TestEveryWebhookIsExplained(t *testing.T) {
	p := newPlatforms(t)
	s := p.serve("")
	s.subscribe(rooms...)
	tell(t, p, s)
	var page bytes.Buffer
	kept := 0
	for _, f := range discoursetest.All() {
		text := s.explains(f)
		require.Greater(t, strings.Count(text, "\n"), 2, f.File)
		if name := strings.TrimSuffix(f.File, ".json"); slices.Contains(told, name) {
			kept++
			page.WriteString("## " + name + "\n\n" + text + "\n")
		}
	}
	require.Len(t, told, kept)
	providertest.Golden(t, "explained.txt", clockless(page.Bytes()))
}

// explains is what the hub says about a webhook, in words.
func (p *program) explains(f discoursetest.Fixture) string {
	p.t.Helper()
	ask, err := json.Marshal(map[string]any{
		"source": "meta", "webhook": string(f.Body), "headers": map[string]string{
			"X-Discourse-Event": f.Header.Get("X-Discourse-Event"), "X-Discourse-Event-Type": f.Header.Get("X-Discourse-Event-Type"),
		},
	})
	require.NoError(p.t, err)
	req, err := http.NewRequestWithContext(p.t.Context(), http.MethodPost, p.url+"/api/v1/explain?format=text", bytes.NewReader(ask))
	require.NoError(p.t, err)
	req.Header.Set("Authorization", "Bearer "+adminTokenText)
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	require.NoError(p.t, err)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	require.NoError(p.t, err)
	require.Equal(p.t, http.StatusOK, resp.StatusCode, "%s: %s", f.File, text)
	return string(text)
}

var (
	comesIn = regexp.MustCompile(`It came in on [^.]*\.`)
	rowID   = regexp.MustCompile(`Row s[a-z2-7]{10,}`)
)

// clockless leaves out what differs from run to run: when an event came in, and
// the ids of rows.
func clockless(page []byte) []byte {
	page = comesIn.ReplaceAll(page, []byte("It came in just now."))
	return rowID.ReplaceAll(page, []byte("Row s…"))
}
