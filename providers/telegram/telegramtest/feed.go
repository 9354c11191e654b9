package telegramtest

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// feed is how the bot hears of things. Platform.mu guards it.
type feed struct {
	lastID    int64 // of an update
	pending   []told
	more      chan struct{} // closed when something comes, or the way changes
	allowed   []string      // nil: what is told unasked
	polling   chan struct{} // of the question that waits: closed to end it
	cut       chan struct{} // closed to break all connections
	half      bool          // the next answer with updates breaks in the middle
	hook      hook
	callbacks http.Handler
	calls     map[string]bool // lanes that are being called
	settled   map[int64]bool  // updates that the bot has done with
	asks      int
}

type told struct {
	id   int64
	lane string // what is told one after the other
	kind string
	body json.RawMessage
}

type hook struct {
	url, secret, lastError string
	lastAt                 int64
}

func newFeed() feed {
	return feed{
		lastID: 500_000, more: make(chan struct{}), cut: make(chan struct{}), calls: map[string]bool{}, settled: map[int64]bool{},
	}
}

// unasked are updates that come only where they are asked for by name:
// https://core.telegram.org/bots/api#getupdates
var unasked = []string{"chat_member", "message_reaction", "message_reaction_count"}

// Tell gives the bot an update of any kind, whose one thing is body. It is 0 if
// the bot has not asked for such, and hears nothing of it.
func (p *Platform) Tell(kind string, body any) int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.tell(kind, "", body)
}

// tell is Tell with p.mu held.
func (p *Platform) tell(kind, lane string, body any) int64 {
	wanted := !slices.Contains(unasked, kind)
	if p.allowed != nil {
		wanted = slices.Contains(p.allowed, kind)
	}
	if !wanted {
		return 0
	}
	p.lastID++
	raw, _ := json.Marshal(map[string]any{"update_id": p.lastID, kind: body})
	p.pending = append(p.pending, told{p.lastID, lane, kind, raw})
	p.wake()
	return p.lastID
}

// wake wakes who waits for updates, and has the bot called. p.mu is held.
func (p *Platform) wake() {
	close(p.more)
	p.more = make(chan struct{})
	p.call()
}

// Again tells the bot an update again that it has done with, as Telegram does
// where an answer was lost.
func (p *Platform) Again(raw []byte) {
	var u struct {
		ID int64 `json:"update_id"`
	}
	_ = json.Unmarshal(raw, &u)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.pending = append([]told{{id: u.ID, body: raw}}, p.pending...)
	p.wake()
}

// Settled reports whether the bot has done with an update.
func (p *Platform) Settled(id int64) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.settled[id]
}

// Pending is how many updates the bot has not done with.
func (p *Platform) Pending() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.pending)
}

// Asks is how often the bot asked for updates.
func (p *Platform) Asks() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.asks
}

// Waiting reports whether a question for updates is open.
func (p *Platform) Waiting() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.polling != nil
}

// Cut breaks every connection, and the next answer with updates in the middle.
func (p *Platform) Cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	close(p.cut)
	p.cut = make(chan struct{})
	p.half = true
}

// getUpdates is https://core.telegram.org/bots/api#getupdates.
func (p *Platform) getUpdates(w http.ResponseWriter, r *http.Request) {
	limit, err := strconv.Atoi(r.FormValue("limit"))
	if err != nil || limit < 1 || limit > 100 {
		limit = 100
	}
	wait, _ := strconv.Atoi(r.FormValue("timeout"))
	p.mu.Lock()
	if p.hook.url != "" {
		p.mu.Unlock()
		refuse(w, http.StatusConflict, "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first")
		return
	}
	p.asks++
	if p.polling != nil {
		close(p.polling)
	}
	ended := make(chan struct{})
	p.polling = ended
	if v := r.FormValue("allowed_updates"); v != "" {
		p.allowed = nil
		_ = json.Unmarshal([]byte(v), &p.allowed)
	}
	p.confirm(numberOf(r.FormValue("offset")))
	p.mu.Unlock()
	defer func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.polling == ended {
			p.polling = nil
		}
	}()
	p.await(w, r, ended, limit, time.Duration(wait)*time.Second)
}

// confirm forgets the updates before an offset. p.mu is held.
func (p *Platform) confirm(offset int64) {
	if offset <= 0 {
		return
	}
	p.pending = slices.DeleteFunc(p.pending, func(t told) bool {
		if t.id < offset {
			p.settled[t.id] = true
		}
		return t.id < offset
	})
}

// await answers a question when there is something to tell.
func (p *Platform) await(w http.ResponseWriter, r *http.Request, ended chan struct{}, limit int, wait time.Duration) {
	limitOf := time.NewTimer(wait)
	defer limitOf.Stop()
	over := wait == 0
	for {
		p.mu.Lock()
		more, cut := p.more, p.cut
		updates := []json.RawMessage{}
		for _, t := range p.pending[:min(limit, len(p.pending))] {
			updates = append(updates, t.body)
		}
		half := p.half && len(updates) > 0
		if half {
			p.half = false
		}
		p.mu.Unlock()
		if len(updates) > 0 || over {
			grantUpdates(w, updates, half)
			return
		}
		select {
		case <-more:
		case <-limitOf.C:
			over = true
		case <-ended:
			refuse(w, http.StatusConflict, "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running")
			return
		case <-cut:
			panic(http.ErrAbortHandler)
		case <-r.Context().Done():
			return
		}
	}
}

func grantUpdates(w http.ResponseWriter, updates []json.RawMessage, half bool) {
	if !half {
		grant(w, updates)
		return
	}
	b, _ := json.Marshal(map[string]any{"ok": true, "result": updates})
	w.Header().Set("Content-Length", strconv.Itoa(len(b)))
	_, _ = w.Write(b[:len(b)/2])
	_ = http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler)
}

var secretShape = regexp.MustCompile(`^[A-Za-z0-9_-]{1,256}$`)

// setWebhook is https://core.telegram.org/bots/api#setwebhook.
func (p *Platform) setWebhook(w http.ResponseWriter, r *http.Request) {
	u, err := url.Parse(r.FormValue("url"))
	secret := r.FormValue("secret_token")
	switch {
	case err != nil || u.Scheme != "https" || u.Host == "":
		refuse(w, http.StatusBadRequest, "Bad Request: bad webhook: An HTTPS URL must be provided for webhook")
		return
	case u.Port() != "" && !slices.Contains([]string{"443", "80", "88", "8443"}, u.Port()):
		refuse(w, http.StatusBadRequest, "Bad Request: bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443")
		return
	case secret != "" && !secretShape.MatchString(secret):
		refuse(w, http.StatusBadRequest, "Bad Request: secret token contains unallowed characters")
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.hook = hook{url: u.String(), secret: secret}
	if v := r.FormValue("allowed_updates"); v != "" {
		p.allowed = nil
		_ = json.Unmarshal([]byte(v), &p.allowed)
	}
	p.wake()
	grant(w, true)
}

func (p *Platform) deleteWebhook(w http.ResponseWriter, _ *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.hook = hook{}
	grant(w, true)
}

func (p *Platform) getWebhookInfo(w http.ResponseWriter, _ *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	grant(w, map[string]any{
		"url": p.hook.url, "pending_update_count": len(p.pending), "last_error_message": p.hook.lastError, "last_error_date": p.hook.lastAt,
	})
}

// Hook sets a webhook as another program with the bot's token would.
func (p *Platform) Hook(address string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.hook = hook{url: address}
}

// Webhook is the address that Telegram calls, "" for none.
func (p *Platform) Webhook() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.hook.url
}

// CallTo is who answers where the webhook's address leads. The look-alike calls
// it with the path of that address.
func (p *Platform) CallTo(h http.Handler) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.callbacks = h
	p.wake()
}

// CallToServer is CallTo with a server: base stands for the webhook's scheme and
// host, which are https and public for Telegram.
func (p *Platform) CallToServer(base string) {
	p.CallTo(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		req, err := http.NewRequestWithContext(r.Context(), r.Method, strings.TrimRight(base, "/")+r.URL.RequestURI(), bytes.NewReader(body))
		if err != nil {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		req.Header = r.Header.Clone()
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		defer res.Body.Close()
		w.WriteHeader(res.StatusCode)
		_, _ = io.Copy(w, res.Body)
	}))
}

// call calls the bot with what it has not been told, lane by lane. p.mu is held.
func (p *Platform) call() {
	if p.hook.url == "" || p.callbacks == nil {
		return
	}
	for _, t := range p.pending {
		if !p.calls[t.key()] {
			p.calls[t.key()] = true
			go p.callLane(t.key())
		}
	}
}

// key is the lane, or one of its own.
func (t told) key() string {
	if t.lane == "" {
		return strconv.FormatInt(t.id, 10)
	}
	return t.lane
}

// callAgain is how long Telegram's look-alike waits when it was refused.
const callAgain = 20 * time.Millisecond

func (p *Platform) callLane(lane string) {
	for {
		p.mu.Lock()
		i := slices.IndexFunc(p.pending, func(t told) bool { return t.key() == lane })
		if i < 0 || p.hook.url == "" {
			delete(p.calls, lane)
			p.mu.Unlock()
			return
		}
		t, to, h, cut := p.pending[i], p.hook, p.callbacks, p.cut
		p.mu.Unlock()
		status := post(h, to, t.body)
		p.mu.Lock()
		lost := false
		select {
		case <-cut: // the answer did not reach us
			lost = true
		default:
		}
		if done := status/100 == 2 && !lost; done {
			p.pending = slices.DeleteFunc(p.pending, func(o told) bool { return o.id == t.id })
			p.settled[t.id] = true
		} else {
			p.hook.lastError, p.hook.lastAt = "Wrong response from the webhook: "+strconv.Itoa(status)+" "+http.StatusText(status), now()
			p.mu.Unlock()
			<-time.After(callAgain)
			continue
		}
		p.mu.Unlock()
	}
}

func post(h http.Handler, to hook, body []byte) int {
	r := httptest.NewRequest(http.MethodPost, to.url, bytes.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	if to.secret != "" {
		r.Header.Set("X-Telegram-Bot-Api-Secret-Token", to.secret)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Code
}
