package ingest

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/secret"
)

// The headers of a Discourse webhook. Only the body is signed: none of them
// proves anything.
const (
	headerSite      = "X-Discourse-Instance"
	headerEventID   = "X-Discourse-Event-Id"
	headerEventType = "X-Discourse-Event-Type" // the root key of the body
	headerEvent     = "X-Discourse-Event"
	headerSignature = "X-Discourse-Event-Signature"
)

// Discourse decodes the webhooks of a Discourse forum:
// https://meta.discourse.org/t/configure-webhooks-that-trigger-on-discourse-events-to-integrate-with-external-services/49045
type Discourse struct{}

var (
	_ Decoder = Discourse{}
	_ Guesser = Discourse{}
)

// Signed reports whether the body's HMAC-SHA256 is the one in the header.
func (Discourse) Signed(key secret.Value, h http.Header, body []byte) bool {
	mac := hmac.New(sha256.New, []byte(key.Reveal()))
	mac.Write(body)
	given, ok := signature(h.Get(headerSignature))
	return hmac.Equal(mac.Sum(nil), given[:]) && ok
}

// signature reads "sha256=<hex>". What is none gives zeros, to be compared all
// the same.
func signature(header string) (sum [sha256.Size]byte, ok bool) {
	digits, ok := strings.CutPrefix(header, "sha256=")
	if !ok || len(digits) != hex.EncodedLen(len(sum)) {
		return sum, false
	}
	if _, err := hex.Decode(sum[:], []byte(digits)); err != nil {
		return [sha256.Size]byte{}, false
	}
	return sum, true
}

// Site is the forum's base URL, with the folder of a subfolder install.
func (Discourse) Site(h http.Header) string { return h.Get(headerSite) }

// Admit takes what may be JSON. A forum set to
// "application/x-www-form-urlencoded" sends JSON under that name all the same.
func (Discourse) Admit(h http.Header) *BodyError { return admitJSON(h) }

// Unsigned is one answer for every signature that does not fit.
func (Discourse) Unsigned() (words, challenge string) {
	return "the signature is missing or wrong", challengeSignature
}

// Decode makes an event of a webhook.
func (d Discourse) Decode(r *Request) ([]*hub.Event, error) {
	e, err := d.decode(r)
	if err != nil {
		return nil, err
	}
	return []*hub.Event{e}, nil
}

func (Discourse) decode(r *Request) (*hub.Event, error) {
	w := webhook{Request: r, name: r.Header.Get(headerEvent), root: r.Header.Get(headerEventType), site: newSite(r.Site)}
	switch {
	case w.name == "":
		return nil, wrong(headerEvent + " is missing")
	case w.root == "":
		return nil, wrong(headerEventType + " is missing")
	case r.Site == "":
		return nil, wrong(headerSite + " is missing, and the source has no url configured")
	}
	var err error
	if w.value, err = root(r.Body, w.root, w.read); err != nil {
		return nil, err
	}
	told, err := w.tell()
	if err != nil {
		return nil, err
	}
	return w.event(told)
}

// webhook is one request, taken apart.
type webhook struct {
	*Request
	name string // "post_created"
	root string // "post"
	site site

	value []byte  // of the root key
	post  post    // if value is one, or holds one
	liker *member // of a liked post
}

// told is what a webhook says. Without a kind it is only a signal.
type told struct {
	kind    hub.EventType
	subject string
	at      time.Time
	forum   hub.Forum
	note    string   // why it is only a signal
	key     []string // what tells this event from all others; nil: the body does
}

// read reads the value of the root key, or leaves it to tell. Posts are most of
// what a forum sends, so they are read in passing.
func (w *webhook) read(c *cursor) {
	switch w.root {
	case "post", "solved":
		w.post.read(c)
	case "like":
		w.readLike(c)
	default:
		c.skip()
	}
}

// tell understands the value by its root key.
func (w *webhook) tell() (*told, error) {
	switch w.root {
	case "post", "solved", "like":
		return w.tellPost(), nil
	case "topic":
		return w.tellTopic()
	case "category":
		return w.tellCategory()
	case "tag":
		return w.tellTag()
	case "user", "user_promoted":
		return w.tellUser()
	}
	return w.tellObject()
}

// event puts together what was told.
func (w *webhook) event(t *told) (*hub.Event, error) {
	e := &hub.Event{
		ID: w.eventID(t), Type: t.kind, Subject: t.subject, Time: t.at, DataContentType: "application/json",
		Line: w.line(t),
	}
	var err error
	if t.kind == "" {
		e.Type = hub.HubSignalUnsupported
		if w.root == "ping" {
			e.Type = hub.HubSignalPing
		}
		e.Data, err = w.signal(t.note)
		return e, err
	}
	t.forum.Site, t.forum.Event = w.Site, w.name
	e.Data, err = encode(&t.forum, len(w.value)+512)
	return e, err
}

// signal keeps what is no event for the rules.
func (w *webhook) signal(note string) (data []byte, err error) {
	var body []byte
	if w.root == "user" || w.root == "user_promoted" {
		body, err = w.userObject()
	} else {
		body, err = stripped(w.value, true)
	}
	if err != nil {
		return nil, err
	}
	return encode(hub.Signal{Name: cut(w.name, 100), Body: body, Note: note}, len(body)+128)
}
