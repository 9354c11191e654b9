package ingest

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/secret"
	"github.com/tidwall/gjson"
)

// StandardWebhooks decodes what follows Standard Webhooks:
// https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
type StandardWebhooks struct{ sender }

var (
	_ Decoder = (*StandardWebhooks)(nil)
	_ Dated   = (*StandardWebhooks)(nil)
)

// tolerance is how far the time of sending may be from ours.
const tolerance = 5 * time.Minute

// maxSignatures is more than a sender has keys in use.
const maxSignatures = 16

// standardHeader is one of the three headers. Svix, where the specification
// comes from, has a prefix of its own:
// https://docs.svix.com/receiving/verifying-payloads/how-manual
func standardHeader(h http.Header, name string) string {
	return cmp.Or(h.Get("Webhook-"+name), h.Get("Svix-"+name))
}

// Signed reports whether one of the signatures covers the id, the time of
// sending and the body.
func (StandardWebhooks) Signed(key secret.Value, h http.Header, body []byte) bool {
	id, sent := standardHeader(h, "Id"), standardHeader(h, "Timestamp")
	mac := hmac.New(sha256.New, standardKey(key))
	mac.Write([]byte(id + "." + sent + "."))
	mac.Write(body)
	want := mac.Sum(nil)
	fits := false
	signatures := strings.Fields(standardHeader(h, "Signature"))
	for _, s := range signatures[:min(len(signatures), maxSignatures)] {
		encoded, v1 := strings.CutPrefix(s, "v1,")
		given, err := base64.StdEncoding.DecodeString(encoded)
		if hmac.Equal(want, given) && v1 && err == nil {
			fits = true
		}
	}
	return fits && id != "" && sent != ""
}

// standardKey is what to sign with: the bytes that whsec_ announces, or the
// secret as it stands.
func standardKey(v secret.Value) []byte {
	encoded, found := strings.CutPrefix(v.Reveal(), "whsec_")
	if found {
		if key, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(encoded, "=")); err == nil {
			return key
		}
	}
	return []byte(v.Reveal())
}

// Unsigned is one answer for every signature that does not fit.
func (StandardWebhooks) Unsigned() (words, challenge string) {
	return "webhook-id, webhook-timestamp or webhook-signature is missing or wrong", challengeSignature
}

// Fresh takes what was sent within five minutes of now.
func (StandardWebhooks) Fresh(h http.Header, now time.Time) error {
	text := standardHeader(h, "Timestamp")
	seconds, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return fmt.Errorf("webhook-timestamp is %q, want the seconds since 1970", cut(text, 40))
	}
	// In seconds, for a duration overflows after 290 years.
	switch age := now.Unix() - seconds; {
	case age > int64(tolerance/time.Second):
		return fmt.Errorf("webhook-timestamp is %d s old, a replay: more than %d s is refused", age, int64(tolerance/time.Second))
	case age < -int64(tolerance/time.Second):
		return fmt.Errorf("webhook-timestamp is %d s ahead of the clock here: more than %d s is refused", -age, int64(tolerance/time.Second))
	}
	return nil
}

// Decode makes an event of a body. What it is about stands in data, or beside
// type and timestamp.
func (d *StandardWebhooks) Decode(r *Request) ([]*hub.Event, error) {
	docs, isArray, err := documents(r.Body)
	if err != nil {
		return nil, err
	}
	if isArray {
		return nil, &BodyError{Detail: notAnObject}
	}
	doc := gjson.ParseBytes(docs[0])
	m, err := apply(&d.mapping, doc.Raw)
	if err != nil {
		return nil, err
	}
	t := thing{item: m.item, key: []string{"id", m.id}}
	t.Time = parseTime([]byte(doc.Get("timestamp").String()))
	data := doc.Get("data")
	if !data.IsObject() {
		data = doc
	}
	guessItem(&t.item, data, d.maps)
	kind := doc.Get("type").String()
	t.item.Title = cmp.Or(t.item.Title, oneLine(kind, maxTitle), string(plainType))
	t.Type, t.Subject = cmp.Or(m.kind, userType(kind)), t.item.Key
	if m.id == "" {
		t.key = []string{"webhook", standardHeader(r.Header, "Id")}
		if t.key[1] == "" { // a body alone, that a person asks about
			t.name(r, docs[0], 0)
		}
	}
	e, err := t.event(r.Source, docs[0])
	if err != nil {
		return nil, err
	}
	return []*hub.Event{e}, nil
}
