package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/providers/slack/slacktest"
)

const (
	ciSecret   = "ci-secret-of-the-tests"
	shopSecret = "c2hvcC1zZWNyZXQtb2YtdGhlLXRlc3Rz" // base64
)

// blog is a feed that grows.
type blog struct {
	mu      sync.Mutex
	entries []string
	broken  bool
	asked   int
}

func (b *blog) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.asked++
	if b.broken {
		_, _ = io.WriteString(w, "<html><body>Under construction</body></html>")
		return
	}
	_, _ = io.WriteString(w, `<?xml version="1.0"?><rss version="2.0"><channel><title>The Blog</title>`)
	for i, title := range b.entries {
		_, _ = fmt.Fprintf(w, `<item><guid>entry-%d</guid><title>%s</title><link>https://blog.example.com/%d</link><description>&lt;p&gt;Text of %s&lt;/p&gt;</description></item>`, i, title, i, title)
	}
	_, _ = io.WriteString(w, `</channel></rss>`)
}

func (b *blog) set(broken bool, entries ...string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.broken, b.entries = broken, entries
}

func (b *blog) polls() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.asked
}

// TestOtherSources brings events in by every other way: signed JSON with a
// mapping, CloudEvents, Standard Webhooks, and a feed, which announces nothing
// again after a restart.
func TestOtherSources(t *testing.T) {
	t.Parallel()
	p := newPlatforms(t)
	feed := &blog{}
	feed.set(false, "Old news")
	server := httptest.NewServer(feed)
	defer server.Close()
	extra := fmt.Sprintf(`
[sources.ci]
kind = "json"
secret = "env:CI_SECRET"
signature_header = "X-Hub-Signature-256"
[sources.ci.mapping]
title = "{repository.name}: {workflow_run.conclusion}"
type = "build.{action}"
url = "workflow_run.html_url"
author = "sender.login"
tags = "labels"
[sources.deploys]
kind = "cloudevents"
secret = "env:CI_SECRET"
[sources.shop]
kind = "standard_webhooks"
secret = "env:SHOP_SECRET"
mapping = { title = "Order {data.number} was paid" }
[sources.blog]
kind = "feed"
url = %q
every = "1m"
`, server.URL)
	env := append(serveEnv(), "CI_SECRET="+ciSecret, "SHOP_SECRET=whsec_"+shopSecret)
	start := func() *program {
		s := launch(t, env, "serve", "--config", p.config(extra))
		s.url = strings.TrimSpace(s.awaits("listening on "))
		return s
	}
	s := start()
	s.subscribe("slack | " + slacktest.Support + " | k/user.*")

	post := func(source, contentType, body string, header ...string) (int, string) {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+"/in/"+source, strings.NewReader(body))
		require.NoError(t, err)
		req.Header.Set("Content-Type", contentType)
		for i := 0; i < len(header); i += 2 {
			req.Header.Set(header[i], header[i+1])
		}
		resp, err := http.DefaultClient.Do(req)
		require.NoError(t, err)
		defer resp.Body.Close()
		said, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		return resp.StatusCode, string(said)
	}
	signed := func(body string) string {
		mac := hmac.New(sha256.New, []byte(ciSecret))
		mac.Write([]byte(body))
		return "sha256=" + hex.EncodeToString(mac.Sum(nil))
	}

	build := `{"action":"completed","repository":{"name":"bellhop"},"workflow_run":{"conclusion":"success","html_url":"https://ci.example.com/7"},"sender":{"login":"alice"},"labels":["main"]}`
	status, said := post("ci", "application/json", build, "X-Hub-Signature-256", signed(build))
	require.Equal(t, http.StatusAccepted, status, said)
	shows(t, p.slack, 1, "bellhop: success")
	require.Contains(t, texts(p.slack)[0], "Build completed")
	status, _ = post("ci", "application/json", build, "X-Hub-Signature-256", "sha256="+strings.Repeat("0", 64))
	require.Equal(t, http.StatusUnauthorized, status)
	status, said = post("ci", "application/json", `{"action":"completed"}`, "Authorization", "Bearer "+ciSecret)
	require.Equal(t, http.StatusUnprocessableEntity, status)
	require.Contains(t, said, "repository.name")

	status, said = post("deploys", "application/cloudevents+json",
		`{"specversion":"1.0","id":"d1","source":"/deploys","type":"com.example.deploy.finished","data":{"title":"api 1.4.2 is live","url":"https://deploy.example.com/1","tags":["prod"]}}`,
		"Authorization", "Bearer "+ciSecret)
	require.Equal(t, http.StatusAccepted, status, said)
	shows(t, p.slack, 2, "api 1.4.2 is live")
	status, said = post("deploys", "application/json", `{"title":"by headers","tags":[]}`, "Authorization", "Bearer "+ciSecret,
		"ce-specversion", "1.0", "ce-id", "d2", "ce-source", "/deploys", "ce-type", "com.example.deploy.started")
	require.Equal(t, http.StatusAccepted, status, said)
	shows(t, p.slack, 3, "by headers")

	order := `{"type":"order.paid","timestamp":"2026-01-10T09:05:00Z","data":{"number":42,"tags":["paid"]}}`
	now := strconv.FormatInt(time.Now().Unix(), 10)
	key, err := base64.StdEncoding.DecodeString(shopSecret)
	require.NoError(t, err)
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte("msg_1." + now + "." + order))
	status, said = post("shop", "application/json", order,
		"webhook-id", "msg_1", "webhook-timestamp", now, "webhook-signature", "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	require.Equal(t, http.StatusAccepted, status, said)
	shows(t, p.slack, 4, "Order 42 was paid")

	// The first look at the feed announced nothing. After a restart the next one
	// tells what is new, and nothing twice.
	require.Eventually(t, func() bool { return feed.polls() > 0 }, 30*time.Second, 50*time.Millisecond)
	s.stop()
	feed.set(false, "Old news", "Fresh news")
	s = start()
	shows(t, p.slack, 5, "Fresh news")
	s.stop()
	polls := feed.polls()
	feed.set(true)
	s = start()
	require.Eventually(t, func() bool {
		var list struct {
			Items []struct{ Source, State, Reason string }
		}
		s.api("GET", "/api/v1/sources", "", "", &list)
		for _, source := range list.Items {
			if source.Source == "blog" && source.State == "error" {
				return strings.Contains(source.Reason, "answers with a page and not with a feed")
			}
		}
		return false
	}, 60*time.Second, 100*time.Millisecond, "what is no feed is a status of the source")
	require.Greater(t, feed.polls(), polls)
	require.Len(t, texts(p.slack), 5, "neither what was old at the first look nor what was told before")

	status, said = post("blog", "application/json", `{}`)
	require.Equal(t, http.StatusNotFound, status, said)
	var explained json.RawMessage
	s.api("POST", "/api/v1/explain", "application/json", `{"source":"ci","webhook":`+build+`}`, &explained)
	require.Contains(t, string(explained), `"verdict":"decided"`)
}
