package ingest

import (
	"bytes"
	"crypto/sha256"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
)

// JSON decodes whatever sends JSON, as its mapping says.
type JSON struct{ sender }

var _ Decoder = (*JSON)(nil)

// deliveryHeaders name a delivery and stay the same when it is tried again.
//   - https://docs.github.com/en/webhooks/webhook-events-and-payloads#delivery-headers
//   - https://docs.gitlab.com/user/project/integrations/webhooks/#delivery-headers
//   - https://docs.gitea.com/usage/webhooks
var deliveryHeaders = []string{"Idempotency-Key", "X-Github-Delivery", "X-Gitea-Delivery"}

// sameBody is how long a body that names itself in no way is taken for a retry
// of one like it. The nightly "backup done" says the same every time, and is news
// every time.
const sameBody = 10 * time.Minute

// Decode makes an event of a body, or of each element of one that is an array.
func (d *JSON) Decode(r *Request) ([]*hub.Event, error) {
	docs, _, err := documents(unwrapForm(r.Header, r.Body))
	if err != nil {
		return nil, err
	}
	events := make([]*hub.Event, len(docs))
	for i, doc := range docs {
		if events[i], err = d.event(r, doc, i); err != nil {
			return nil, ofMany(err, i, len(docs))
		}
	}
	return events, nil
}

func (d *JSON) event(r *Request, doc []byte, i int) (*hub.Event, error) {
	m, err := apply(&d.mapping, string(doc))
	if err != nil {
		return nil, err
	}
	t := thing{item: m.item, key: []string{"id", m.id}}
	t.Type, t.Subject = m.kind, m.item.Key
	if t.Type == "" {
		t.Type = plainType
	}
	if m.id == "" {
		t.name(r, doc, i)
	}
	return t.event(r.Source, doc)
}

// name tells an event from others by what the request says of itself.
func (t *thing) name(r *Request, doc []byte, i int) {
	for _, name := range deliveryHeaders {
		if id := r.Header.Get(name); id != "" {
			t.key = []string{"delivery", name, id, strconv.Itoa(i)}
			return
		}
	}
	sum := sha256.Sum256(doc)
	t.Line = hub.Line{Name: hub.Digest(string(r.Source), "body", string(sum[:])), For: sameBody}
	t.key = []string{"body", string(sum[:]), strconv.FormatInt(r.Received.Truncate(sameBody).Unix(), 10)}
}

// unwrapForm is the JSON of a body. GitHub puts it into a form unless told
// otherwise: https://docs.github.com/en/webhooks/using-webhooks/creating-webhooks
func unwrapForm(h http.Header, body []byte) []byte {
	wrapped, found := bytes.CutPrefix(body, []byte("payload="))
	if !found || mediaType(h) != mediaForm {
		return body
	}
	wrapped, _, _ = bytes.Cut(wrapped, []byte("&"))
	if text, err := url.QueryUnescape(string(wrapped)); err == nil {
		return []byte(text)
	}
	return body
}
