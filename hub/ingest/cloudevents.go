package ingest

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/tidwall/gjson"
)

// CloudEvents decodes CloudEvents 1.0 in the three modes of HTTP:
// https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md
type CloudEvents struct{ sender }

var _ Decoder = (*CloudEvents)(nil)

const (
	mediaEvent = "application/cloudevents+json"
	mediaBatch = "application/cloudevents-batch+json"
)

// required are the attributes that every event has.
var required = []string{"specversion", "id", "source", "type"}

// Admit takes events as JSON, and those in headers if their data is JSON or
// text.
func (d *CloudEvents) Admit(h http.Header) *BodyError {
	switch media := mediaType(h); {
	case strings.HasPrefix(media, "application/cloudevents") && media != mediaEvent && media != mediaBatch:
		return otherMedia("of the formats of CloudEvents only JSON is known: " + mediaEvent + " or " + mediaBatch)
	case strings.HasPrefix(media, "text/") && inHeaders(h):
		return nil
	}
	if admitJSON(h) != nil {
		return otherMedia("the body has to be CloudEvents as JSON, " + mediaEvent + ", or the data of one whose attributes stand in ce- headers, as JSON or text")
	}
	return nil
}

// Decode makes events of a request.
func (d *CloudEvents) Decode(r *Request) ([]*hub.Event, error) {
	docs, err := cloudDocs(r)
	if err != nil {
		return nil, err
	}
	events := make([]*hub.Event, len(docs))
	for i, doc := range docs {
		if events[i], err = d.event(r, doc); err != nil {
			return nil, ofMany(err, i, len(docs))
		}
	}
	return events, nil
}

// cloudDocs are the events of a request, each as JSON.
func cloudDocs(r *Request) ([][]byte, error) {
	media := mediaType(r.Header)
	if inHeaders(r.Header) && media != mediaEvent && media != mediaBatch {
		doc, err := cloudHeaders(r.Header, r.Body)
		return [][]byte{doc}, err
	}
	// Without a single ce- header it can only be the event itself, though some
	// senders call it application/json.
	docs, isArray, err := documents(r.Body)
	switch {
	case err != nil:
		return nil, err
	case media == mediaEvent && isArray:
		return nil, &BodyError{Detail: "the body is an array, which is " + mediaBatch}
	case media == mediaBatch && !isArray:
		return nil, &BodyError{Detail: "the body is no array, which " + mediaBatch + " wants"}
	}
	return docs, nil
}

func (d *CloudEvents) event(r *Request, doc []byte) (*hub.Event, error) {
	ce := gjson.ParseBytes(doc)
	if err := checkCloud(ce); err != nil {
		return nil, err
	}
	doc, err := plainData(ce)
	if err != nil {
		return nil, err
	}
	ce = gjson.ParseBytes(doc)
	m, err := apply(&d.mapping, ce.Raw)
	if err != nil {
		return nil, err
	}
	attr := func(name string) string { return ce.Get(name).String() }
	t := thing{item: m.item, key: []string{"id", m.id}}
	if m.id == "" {
		t.key = []string{"cloudevents", attr("source"), attr("id")}
	}
	t.Type = cmp.Or(m.kind, userType(attr("type")))
	t.Subject = oneLine(attr("subject"), maxName)
	t.Time = parseTime([]byte(attr("time")))
	if t.Subject != "" && !d.maps("key") {
		// A subject is unique within its source alone.
		t.item.Key = oneLine(attr("source")+" "+t.Subject, maxName)
	}
	guessItem(&t.item, ce.Get("data"), d.maps)
	t.item.Title = cmp.Or(t.item.Title, t.Subject, oneLine(attr("type"), maxTitle))
	return t.event(r.Source, doc)
}

// checkCloud names every attribute that is missing.
func checkCloud(ce gjson.Result) error {
	var missing []string
	for _, name := range required {
		if v := ce.Get(name); v.Type != gjson.String || strings.TrimSpace(v.Str) == "" {
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		return wrong("of what every CloudEvent has is missing or no text: " + strings.Join(missing, ", "))
	}
	if v := ce.Get("specversion").Str; v != hub.SpecVersion {
		return wrong(fmt.Sprintf("specversion is %q, only %s is known", cut(v, 20), hub.SpecVersion))
	}
	return nil
}

// plainData is the event with its data as JSON or text, if it came in base64:
// https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md#31-handling-of-data
func plainData(ce gjson.Result) ([]byte, error) {
	encoded := ce.Get("data_base64")
	if encoded.Type != gjson.String || ce.Get("data").Exists() {
		return []byte(ce.Raw), nil
	}
	data, err := base64.StdEncoding.DecodeString(encoded.Str)
	if err != nil {
		return nil, wrong("data_base64 is not base64")
	}
	media := mediaType(http.Header{"Content-Type": {ce.Get("datacontenttype").String()}})
	if (media != "" && !isJSON(media) && !strings.HasPrefix(media, "text/")) || !utf8.Valid(data) {
		return []byte(ce.Raw), nil // a picture or the like: nothing to read out
	}
	all := map[string]json.RawMessage{}
	for name, v := range ce.Map() {
		if name != "data_base64" {
			all[name] = json.RawMessage(v.Raw)
		}
	}
	if all["data"], err = dataJSON(media, data); err != nil {
		return nil, err
	}
	return encode(all, len(ce.Raw))
}

// dataJSON is data as a JSON value: what is JSON as it is, what is text as a
// string.
func dataJSON(media string, data []byte) (json.RawMessage, error) {
	if media != "" && !isJSON(media) && media != mediaForm {
		return encode(string(data), len(data))
	}
	data = validText(data)
	return data, checkJSON(data)
}
