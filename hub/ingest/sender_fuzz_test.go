package ingest_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/bellhop-chat/bellhop/hub"
	bellhop "github.com/bellhop-chat/bellhop/hub/config"
	"github.com/bellhop-chat/bellhop/hub/ingest"
)

// checkThings requires that what a sender sent was refused with words or made
// events that others can read, of a size that they can show.
func checkThings(t *testing.T, g *gate, header http.Header, body []byte) {
	t.Helper()
	es, err := g.Decode("it", header, body)
	if err != nil {
		bad, ok := errors.AsType[*ingest.BodyError](err)
		if !ok || bad.Detail == "" || !utf8.ValidString(bad.Detail) || bad.Offset > 3*int64(len(body)) {
			t.Fatalf("%T: %v", err, err)
		}
		return
	}
	for _, e := range es {
		if err := e.Validate(); err != nil || e.Type.Family() != "user" {
			t.Fatalf("%s: %v", e.Type, err)
		}
		if !json.Valid(e.Data) || !utf8.Valid(e.Data) || !utf8.ValidString(e.Subject) {
			t.Fatalf("%q %q", e.Subject, e.Data)
		}
		if _, err := json.Marshal(e); err != nil {
			t.Fatal(err)
		}
		checkItem(t, item(t, e))
	}
}

func checkItem(t *testing.T, i hub.Item) {
	t.Helper()
	if i.Title == "" || len([]rune(i.Title)) > 300 || strings.ContainsAny(i.Title, "\n\x00") || i.HTML != "" {
		t.Fatalf("title: %q", i.Title)
	}
	if len(i.Text) > 64<<10+4 || len(i.Tags) > 50 || len([]rune(i.Key)) > 200 || len(i.URL) > 2048 {
		t.Fatal("too large")
	}
	if i.URL != "" && !strings.HasPrefix(i.URL, "https://") && !strings.HasPrefix(i.URL, "http://") &&
		!strings.EqualFold(i.URL[:min(5, len(i.URL))], "http:") && !strings.EqualFold(i.URL[:min(6, len(i.URL))], "https:") {
		t.Fatalf("url: %q", i.URL)
	}
	if len(i.Object) == 0 || len(i.Object) > 256<<10 {
		t.Fatalf("object: %d bytes", len(i.Object))
	}
}

func FuzzMapping(f *testing.F) {
	f.Add("{repository.name}: {action}", "workflow_run.html_url", "labels", run)
	f.Add("a.#(b==\"c\").d", "@this", "a.#.b", `{"a":[{"b":"c","d":1}]}`)
	f.Add("'x'", "u", "t", `[{"u":"https://x","t":"a,b"},{"u":1}]`)
	f.Add("a|@reverse|0", `a\.b`, "*", `{"a":[1,"\ud800"],"a.b":"`+"\xff"+`"}`)
	f.Add("a.@tostr", "[a,b]", "a.@flatten", `{"a":{"b":[[1],[2]]}}`)
	f.Add("a.@reverse.0", "", "0", `{"a":["\ud800"]}`)
	f.Fuzz(func(t *testing.T, title, url, tags, body string) {
		var m bellhop.Mapping
		for into, text := range map[*bellhop.Template]string{&m.Title: title, &m.URL: url, &m.Tags: tags, &m.Type: "", &m.Text: url, &m.Key: tags} {
			if into.UnmarshalText([]byte(text)) != nil {
				return
			}
		}
		if m.Title.IsZero() {
			return
		}
		checkThings(t, open(t, ingest.Source{Kind: "json", Mapping: m}), http.Header{}, []byte(body))
	})
}

func FuzzCloudEvents(f *testing.F) {
	g := open(f, ingest.Source{Kind: "cloudevents"})
	f.Add(ceMedia, "", "", cloud("1", `,"data":`+deployData))
	f.Add(ceBatch, "", "", "["+cloud("1", "")+","+cloud("2", `,"data_base64":"e30="`)+"]")
	f.Add("application/json", "com.example.x", `"a%20\"b"`, deployData)
	f.Add("text/plain", "t", "%f0%9f%98%80", "in words \xff")
	f.Add("", "", "", cloud("1", `,"data":[{"a":null}],"subject":"\u0000","time":"9999-12-31T23:59:59-10:00"`))
	f.Fuzz(func(t *testing.T, media, kind, subject, body string) {
		h := http.Header{}
		if media != "" {
			h.Set("Content-Type", media)
		}
		if kind != "" {
			for key, value := range map[string]string{"specversion": "1.0", "id": "1", "source": "/x", "type": kind, "subject": subject} {
				h.Set("Ce-"+key, value)
			}
		}
		checkThings(t, g, h, []byte(body))
	})
}

func FuzzStandardWebhooks(f *testing.F) {
	g := open(f, ingest.Source{Kind: "standard_webhooks"})
	f.Add(paid)
	f.Add(`{"type":["x"],"timestamp":7,"data":{"author":{"name":{"name":1}},"tags":{"name":"x"},"category":[],"id":1e400}}`)
	f.Add(`{"type":"..","name":"\ud800","user":"a b"}`)
	f.Fuzz(func(t *testing.T, body string) { checkThings(t, g, http.Header{}, []byte(body)) })
}

// Only a signature of the very id, time and body fits, however it is made up.
func FuzzStandardSignature(f *testing.F) {
	right := stamped(senderSecret, "msg_1", arrival, paid)
	f.Add(right[1], right[3], right[5])
	f.Add("", "", "v1,")
	f.Add("msg_1.1", "7", "v1,"+right[5]+" v1a,x")
	g := standard(f)
	f.Fuzz(func(t *testing.T, id, sent, signature string) {
		h := []string{"webhook-id", id, "webhook-timestamp", sent, "webhook-signature", signature}
		let := g.post(paid, h...).Code != http.StatusUnauthorized
		same := id == right[1] && sent == right[3]
		if let && (!same || !strings.Contains(signature, right[5])) {
			t.Fatalf("%q %q %q: %v", id, sent, signature, let)
		}
	})
}
