package forumtest

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// version is what the forum says it is.
const version = "Discourse/2025.12.0-latest-0123456789abcdef0123456789abcdef01234567; +https://www.discourse.org/"

type hook struct {
	id     int
	url    string
	secret string
}

// attempt is one event sent to one hook, as the forum keeps it.
type attempt struct {
	id     int
	hook   *hook
	header http.Header
	body   []byte
	at     time.Time
	status int // -1: no answer
}

// Hook sends all webhooks to address from now on, signed with secret. They are
// sent before the call that causes them returns, one after the other.
func (f *Forum) Hook(address, secret string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.hooks = append(f.hooks, &hook{id: 1 + len(f.hooks), url: address, secret: secret})
}

// Mute makes the forum send nothing and note every event as failed, as if the
// receiver were down; Mute(false) ends it. What failed is not sent again.
func (f *Forum) Mute(mute bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.muted = mute
}

// Lose makes the forum send nothing and note nothing; Lose(false) ends it.
func (f *Forum) Lose(lose bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.lost = lose
}

// Ping sends the event that an administrator's Ping button sends.
func (f *Forum) Ping() {
	f.change(func(out *outbox) {
		out.events = append(out.events, occurrence{"ping", "ping", []byte(`{"ping":"OK"}`)})
	})
}

// outbox collects the events of one change.
type outbox struct{ events []occurrence }

type occurrence struct {
	root, name string
	body       []byte
}

func (o *outbox) add(root, name string, value object) {
	body, err := encode(object{root, value})
	if err != nil {
		panic(fmt.Sprintf("forumtest: %s: %v", name, err))
	}
	o.events = append(o.events, occurrence{root, name, body})
}

// change makes a change and then sends what it caused, without holding the
// forum: whoever hears of it may ask at once.
func (f *Forum) change(how func(out *outbox)) {
	var out outbox
	for _, a := range f.changed(how, &out) {
		status := f.send(a)
		f.mu.Lock()
		a.status = status
		f.mu.Unlock()
	}
}

func (f *Forum) changed(how func(out *outbox), out *outbox) (toSend []*attempt) {
	f.mu.Lock()
	defer f.mu.Unlock()
	how(out)
	for _, e := range out.events {
		for _, h := range f.hooks {
			if f.lost {
				continue
			}
			a := f.attempt(h, e)
			f.attempts = append(f.attempts, a)
			if f.muted {
				a.status = -1
			} else {
				toSend = append(toSend, a)
			}
		}
	}
	return toSend
}

func (f *Forum) attempt(h *hook, e occurrence) *attempt {
	a := &attempt{id: 1000 + len(f.attempts), hook: h, body: e.body, at: f.now(), header: http.Header{}}
	host := ""
	if u, err := url.Parse(h.url); err == nil {
		host = u.Host
	}
	for name, value := range map[string]string{
		"Accept": "*/*", "Connection": "close", "Content-Length": strconv.Itoa(len(e.body)), "Content-Type": "application/json",
		"Host": host, "User-Agent": version, "X-Discourse-Instance": f.URL, "X-Discourse-Event-Id": strconv.Itoa(a.id),
		"X-Discourse-Event-Type": e.root, "X-Discourse-Event": e.name,
	} {
		a.header.Set(name, value)
	}
	if h.secret != "" {
		mac := hmac.New(sha256.New, []byte(h.secret))
		mac.Write(e.body)
		a.header.Set("X-Discourse-Event-Signature", "sha256="+hex.EncodeToString(mac.Sum(nil)))
	}
	return a
}

// send makes the request; -1 is that there was no answer.
func (f *Forum) send(a *attempt) (status int) {
	r, err := http.NewRequest(http.MethodPost, a.hook.url, bytes.NewReader(a.body))
	if err != nil {
		return -1
	}
	r.Header = a.header.Clone()
	r.Close = true
	client := f.opts.Client
	if client == nil {
		client = &http.Client{Timeout: 20 * time.Second}
	}
	resp, err := client.Do(r)
	if err != nil {
		return -1
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 1<<20))
	return resp.StatusCode
}
