package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// fakeHub answers the API as a test says, and keeps what was asked.
type fakeHub struct {
	t   *testing.T
	url string
	mux *http.ServeMux

	mu    sync.Mutex
	asked []asked
}

type asked struct {
	line, accept, contentType, body string // line is "POST /path?query"
}

func newFakeHub(t *testing.T) *fakeHub {
	h := &fakeHub{t: t, mux: http.NewServeMux()}
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	h.url = server.URL
	return h
}

func (h *fakeHub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil || r.Header.Get("Authorization") != "Bearer "+adminTokenText {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	h.mu.Lock()
	h.asked = append(h.asked, asked{
		r.Method + " " + r.URL.RequestURI(), r.Header.Get("Accept"), r.Header.Get("Content-Type"), string(body),
	})
	h.mu.Unlock()
	r.Body = io.NopCloser(bytes.NewReader(body))
	h.mux.ServeHTTP(w, r)
}

// answers lets the hub answer requests of a pattern with a body.
func (h *fakeHub) answers(pattern, contentType, body string) {
	h.mux.HandleFunc(pattern, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		_, _ = io.WriteString(w, body)
	})
}

// refuse answers as the API does with what is wrong.
func refuse(w http.ResponseWriter, status int, detail string) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	_, _ = fmt.Fprintf(w, `{"title":%q,"status":%d,"detail":%q}`, http.StatusText(status), status, detail)
}

// lines are the requests that came, without their bodies.
func (h *fakeHub) lines() (lines []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, a := range h.asked {
		lines = append(lines, a.line)
	}
	return lines
}

// said is how a command line ended.
type said struct {
	stdout, stderr string
	code           int
}

// run carries out a command line that speaks to the hub.
func (h *fakeHub) run(stdin string, args ...string) said {
	h.t.Helper()
	var stdout, stderr bytes.Buffer
	w := &world{
		ctx: h.t.Context(), env: []string{"BELLHOP_ADMIN_TOKEN=" + adminTokenText},
		stdin: strings.NewReader(stdin), stdout: &stdout, stderr: &stderr,
	}
	code := run(w, append(args, "--server", h.url))
	require.NotContains(h.t, stdout.String()+stderr.String(), adminTokenText)
	return said{stdout.String(), stderr.String(), code}
}

// file writes a file that a command line can name.
func file(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	require.NoError(t, err)
	return string(text)
}
