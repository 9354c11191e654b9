package main

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/form"
	"github.com/bellhop-chat/bellhop/hub/ingest/discoursetest"
	"github.com/bellhop-chat/bellhop/hub/store/storetest"
)

// TestWorkerInAnotherLanguage runs docs/example-worker.py in place of the Slack
// worker: what it is handed, it tells as sent, and the hub's log has it.
func TestWorkerInAnotherLanguage(t *testing.T) {
	p := newPlatforms(t)
	nats := natsServer(t)
	file := p.config("[nats]\nurl = \"" + nats + "\"\n[database]\nurl = \"env:DATABASE\"\n")
	s := launch(t, append([]string{"DATABASE=" + storetest.PostgresURL(t)}, hubEnv...), "hub", "--config", file)
	s.url = strings.TrimSpace(s.awaits("listening on "))
	s.subscribe("slack | C0SUPPORT1 | *")
	for _, f := range []string{"post_created_first.json", "post_created_reply.json", "post_created_rich.json"} {
		require.Equal(t, http.StatusAccepted, s.webhook(discoursetest.Get(f)))
	}
	out, err := exec.CommandContext(t.Context(), "python3", "../../docs/example-worker.py", nats, "slack", "3").CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.Equal(t, `C0SUPPORT1 | New topic | Printer does not start
C0SUPPORT1 | Reply | Printer does not start
C0SUPPORT1 | New topic | A < B & "C" > D * _x_ `+"`y`\n", string(out))
	require.Eventually(t, func() bool {
		var log struct{ Items []hub.Delivery }
		s.api("GET", "/api/v1/deliveries?status=sent", "", "", &log)
		return len(log.Items) == 3 && log.Items[0].Receipt.Ref == "printed"
	}, 10*time.Second, 50*time.Millisecond)
}

// TestExamplesOfTheWire reads every JSON example of docs/wire.md into the type
// that it shows; a key that the type does not have is a mistake.
func TestExamplesOfTheWire(t *testing.T) {
	page, err := os.ReadFile("../../docs/wire.md")
	require.NoError(t, err)
	examples := regexp.MustCompile("(?s)```json\n(.*?)```").FindAllSubmatch(page, -1)
	require.Len(t, examples, 14)
	strict := func(data []byte, into any) {
		d := json.NewDecoder(bytes.NewReader(data))
		d.DisallowUnknownFields()
		require.NoError(t, d.Decode(into), "%s", data)
	}
	strict(examples[1][1], &hub.Notification{})
	strict(examples[3][1], &hub.DeadLetter{})
	for i, shown := range map[int]any{4: &hub.Command{}, 5: &hub.Command{}, 10: &hub.Heard{}, 11: &hub.Done{}, 12: &hub.Answer{}, 13: &hub.Shown{}} {
		strict(examples[i][1], shown)
	}
	for _, example := range examples[6:9] {
		var r hub.Reply
		strict(example[1], &r)
		require.NoError(t, r.Validate())
		if r.Form != nil {
			require.NoError(t, form.Check(*r.Form))
		}
	}
	for i, data := range map[int]any{0: &hub.Forum{}, 2: &hub.Outcome{}, 9: &hub.Chatter{}} {
		var e hub.Event
		strict(examples[i][1], &e)
		require.NoError(t, e.Validate())
		strict(e.Data, data)
	}
	golden := regexp.MustCompile(`\]\(\.\./hub/testdata/(\w+\.json)\)`).FindAllSubmatch(page, -1)
	require.Len(t, golden, 14)
	for _, file := range golden {
		require.FileExists(t, "../../hub/testdata/"+string(file[1]))
	}
}
