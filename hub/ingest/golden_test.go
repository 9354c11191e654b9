package ingest_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/ingest"
	"github.com/bellhop-chat/bellhop/hub/ingest/discoursetest"
)

var update = flag.Bool("update", false, "rewrite the golden files")

var arrival = time.Date(2026, 1, 10, 12, 0, 0, 0, time.UTC)

// decode does with a fixture what the handler does.
func decode(t testing.TB, f discoursetest.Fixture) *hub.Event {
	t.Helper()
	es, err := ingest.Discourse{}.Decode(request(f))
	require.NoError(t, err)
	require.Len(t, es, 1)
	e := es[0]
	e.SpecVersion, e.Source, e.ReceivedTime = hub.SpecVersion, "meta", arrival
	return e
}

func request(f discoursetest.Fixture) *ingest.Request {
	return &ingest.Request{Source: "meta", Site: discoursetest.Instance, Header: f.Header, Body: f.Body, Received: arrival}
}

func forum(t testing.TB, e *hub.Event) hub.Forum {
	t.Helper()
	var f hub.Forum
	require.NoError(t, json.Unmarshal(e.Data, &f))
	return f
}

func pretty(t testing.TB, v any) string {
	t.Helper()
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	require.NoError(t, enc.Encode(v))
	return b.String()
}

func TestGolden(t *testing.T) {
	seen := map[string]bool{}
	for _, f := range discoursetest.All() {
		seen[f.File] = true
		t.Run(f.File, func(t *testing.T) {
			e := decode(t, f)
			require.NoError(t, e.Validate())
			got := pretty(t, e)
			path := filepath.Join("testdata", "golden", f.File)
			if *update {
				require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
				require.NoError(t, os.WriteFile(path, []byte(got), 0o644))
			}
			want, err := os.ReadFile(path)
			require.NoError(t, err, "run with -update")
			require.Empty(t, cmp.Diff(string(want), got))
		})
	}
	files, err := filepath.Glob("testdata/golden/*.json")
	require.NoError(t, err)
	for _, file := range files {
		require.True(t, seen[filepath.Base(file)], "%s has no fixture", file)
	}
}

// What a forum says of its members must not get past the door, whatever the
// shape it comes in.
func TestGoldenHoldsNoPersonalData(t *testing.T) {
	email := regexp.MustCompile(`[\w.+-]+@[\w-]+\.[\w.]+`)
	ipv4 := regexp.MustCompile(`\b\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}\b`)
	key := regexp.MustCompile(`"[a-z_]*(email|ip_address|auth_token|user_option|secret|password)[a-z_]*":`)
	emails := 0
	for _, f := range discoursetest.All() {
		emails += len(email.FindAll(f.Body, -1))
		golden, err := os.ReadFile(filepath.Join("testdata", "golden", f.File))
		require.NoError(t, err)
		golden = bytes.ReplaceAll(golden, []byte(`"via_email": true`), nil) // says how a post came, of nobody
		for _, form := range []*regexp.Regexp{email, ipv4, key} {
			require.Empty(t, string(form.Find(golden)), f.File)
		}
	}
	require.Positive(t, emails, "the fixtures hold nothing to strip, so this proves nothing")
}
