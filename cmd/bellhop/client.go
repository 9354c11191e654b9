package main

import (
	"bytes"
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

// call sends a request to the hub's API and reads the answer into out, which is
// a *[]byte for the bare body or anything that JSON decodes into.
func (r *remote) call(w *world, method, path, contentType string, body []byte, out any) error {
	ctx, cancel := context.WithTimeout(w.ctx, 30*time.Second)
	defer cancel()
	token, err := r.token(w)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, method, strings.TrimSuffix(r.Server, "/")+path, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("--server: %w", err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("the hub does not answer, is `bellhop serve` running? %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, 64<<20))
	if err != nil {
		return fmt.Errorf("the hub broke off its answer: %w", err)
	}
	if resp.StatusCode >= 300 {
		return refusal(resp, answer)
	}
	return decode(answer, out)
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

// refusal puts a problem+json answer into words.
func refusal(resp *http.Response, answer []byte) error {
	var p struct {
		Title, Detail string
		Errors        []struct{ Field, Detail string }
	}
	if json.Unmarshal(answer, &p) != nil || p.Title == "" {
		return fmt.Errorf("the hub answered %s", resp.Status)
	}
	var b strings.Builder
	b.WriteString(p.Title)
	if p.Detail != "" {
		b.WriteString(": " + p.Detail)
	}
	for _, e := range p.Errors {
		fmt.Fprintf(&b, "\n  %s %s", e.Field, e.Detail)
	}
	return errors.New(b.String())
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
