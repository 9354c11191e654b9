package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// remote is how a command reaches a running hub.
type remote struct {
	Server    string `name:"server" env:"BELLHOP_URL" default:"http://127.0.0.1:8080" help:"Address of the hub."`
	TokenFile string `name:"token-file" env:"BELLHOP_ADMIN_TOKEN_FILE" type:"path" help:"File that holds the admin token. Else BELLHOP_ADMIN_TOKEN, else ./data/admin.token, where serve puts the one it makes."`
}

// request is one request to the hub's API.
type request struct {
	method, path string
	contentType  string // of body
	accept       string // empty: JSON
	body         []byte
	patience     time.Duration // 0: as long as a person would wait
}

// call sends a request to the hub's API and reads the answer into out, which is
// a *[]byte for the bare body or anything that JSON decodes into.
func (r *remote) call(w *world, method, path, contentType string, body []byte, out any) error {
	answer, err := r.ask(w, request{method: method, path: path, contentType: contentType, body: body})
	if err != nil {
		return err
	}
	return decode(answer, out)
}

// ask sends a request and gives the body of the answer. That the hub refuses is
// a *refusedError.
func (r *remote) ask(w *world, q request) ([]byte, error) {
	ctx, cancel := context.WithTimeout(w.ctx, cmp.Or(q.patience, 30*time.Second))
	defer cancel()
	token, err := r.token(w)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, q.method, strings.TrimSuffix(r.Server, "/")+q.path, bytes.NewReader(q.body))
	if err != nil {
		return nil, fmt.Errorf("--server: %w", err)
	}
	req.Header.Set("User-Agent", "bellhop/"+version)
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Accept", cmp.Or(q.accept, "application/json"))
	if q.contentType != "" {
		req.Header.Set("Content-Type", q.contentType)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, fmt.Errorf("the hub does not answer, is `bellhop serve` running? %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, 64<<20))
	if err != nil {
		return nil, fmt.Errorf("the hub broke off its answer: %w", err)
	}
	if resp.StatusCode >= 300 {
		return nil, refusal(resp, answer)
	}
	return answer, nil
}

func decode(answer []byte, out any) error {
	switch out := out.(type) {
	case nil:
		return nil
	case *[]byte:
		*out = answer
		return nil
	}
	if err := json.Unmarshal(answer, out); err != nil {
		return fmt.Errorf("the hub's answer cannot be read: %w", err)
	}
	return nil
}

// refusedError is the hub's no, in its words.
type refusedError struct {
	status int
	text   string
}

func (e *refusedError) Error() string { return e.text }

// refusal puts a problem+json answer into words.
func refusal(resp *http.Response, answer []byte) error {
	var p struct {
		Title, Detail string
		Errors        []struct{ Field, Detail string }
	}
	if json.Unmarshal(answer, &p) != nil || p.Title == "" {
		return &refusedError{resp.StatusCode, "the hub answered " + resp.Status}
	}
	var b strings.Builder
	b.WriteString(p.Title)
	if p.Detail != "" {
		b.WriteString(": " + p.Detail)
	}
	for _, e := range p.Errors {
		fmt.Fprintf(&b, "\n  %s %s", e.Field, e.Detail)
	}
	return &refusedError{resp.StatusCode, b.String()}
}

// token finds the admin token: the environment's, the named file's, or the one
// that serve has made.
func (r *remote) token(w *world) (string, error) {
	for _, kv := range w.env {
		if t, ok := strings.CutPrefix(kv, "BELLHOP_ADMIN_TOKEN="); ok && t != "" {
			return t, nil
		}
	}
	path := r.TokenFile
	if path == "" {
		path = filepath.Join("data", "admin.token")
	}
	text, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return "", fmt.Errorf("no admin token: set BELLHOP_ADMIN_TOKEN, or --token-file (%s is not there)", path)
	}
	if err != nil {
		return "", fmt.Errorf("read the admin token: %w", err)
	}
	return strings.TrimSpace(string(text)), nil
}
