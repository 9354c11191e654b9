package ingest_test

import (
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/ingest"
	"github.com/bellhop-chat/bellhop/hub/ingest/discoursetest"
	"github.com/bellhop-chat/bellhop/hub/secret"
)

var anyEmail = regexp.MustCompile(`[a-z0-9]+@[a-z0-9]+\.[a-z]+`)

// Whatever is signed is either refused with words or becomes an event that
// others can read; what is not JSON is always refused.
func FuzzDiscourse(f *testing.F) {
	for _, x := range discoursetest.All() {
		f.Add(x.Event, x.Header.Get("X-Discourse-Event-Type"), x.Body)
	}
	f.Add("post_created", "post", []byte(`{"post":{"id":"\u00e9\ud800","topic_id":-0,"cooked":"<aside class='quote'><a class=mention-group href=%2>"}}`))
	f.Add("user_created", "user", []byte(`{"user":{"id":1,"name":"a@b.cd"},"post":1e5}`))
	f.Add("topic_edited", "topic", []byte(`{"topic":{"id":1,"tags":[{"name":1}],"created_at":"9999-12-31T23:59:59-10:00"}}`))
	f.Add("tag_updated", "tag", []byte(`{"tag":{"name":" rgent\u0000"}}`))
	f.Fuzz(func(t *testing.T, event, root string, body []byte) {
		h := http.Header{"X-Discourse-Event": {event}, "X-Discourse-Event-Type": {root}}
		es, err := ingest.Discourse{}.Decode(&ingest.Request{Source: "meta", Site: discoursetest.Instance, Header: h, Body: body})
		if err != nil {
			bad, ok := err.(*ingest.BodyError) //nolint:errorlint // it has to be this very type
			if !ok || bad.Detail == "" || bad.Offset > int64(len(body)) {
				t.Fatalf("%T: %v", err, err)
			}
			if strings.Contains(bad.Detail, "not JSON") && json.Valid(body) {
				t.Fatalf("this is JSON: %q", body)
			}
			return
		}
		check(t, es[0], body)
	})
}

func check(t *testing.T, e *hub.Event, body []byte) {
	if !json.Valid(body) {
		t.Fatalf("no JSON, and taken: %q", body)
	}
	e.SpecVersion, e.Source = hub.SpecVersion, "meta"
	if err := e.Validate(); err != nil {
		t.Fatal(err)
	}
	if !json.Valid(e.Data) || !utf8.Valid(e.Data) || strings.ContainsAny(e.Subject, "\n\r \x00") {
		t.Fatalf("data or subject: %q %q", e.Subject, e.Data)
	}
	if _, err := json.Marshal(e); err != nil {
		t.Fatal(err)
	}
	if e.Type.Family() == "hub" {
		var s hub.Signal
		if err := json.Unmarshal(e.Data, &s); err != nil || (s.Note == "" && e.Type != hub.HubSignalPing) {
			t.Fatalf("%v: %s", err, e.Data)
		}
		return
	}
	var forum hub.Forum
	if err := json.Unmarshal(e.Data, &forum); err != nil {
		t.Fatal(err)
	}
	if forum.Site != discoursetest.Instance || (forum.Post != nil && (forum.Post.ID == "" || forum.Topic.ID == "")) {
		t.Fatalf("%s", e.Data)
	}
	if e.Type.Match("forum.user.*") && anyEmail.Match(forum.Object) && !strings.Contains(string(body), `\u`) {
		t.Fatalf("an address got through: %s", forum.Object)
	}
}

// Only the one right signature fits, however the header is made up.
func FuzzSignature(f *testing.F) {
	key, body := secret.New(discoursetest.Secret), []byte(`{"ping":"OK"}`)
	right := discoursetest.Sign(body)
	for _, s := range []string{right, "", "sha256=", strings.ToUpper(right), right[7:], right + "0", "sha256=" + strings.Repeat("0", 64), "sha1=" + right[7:]} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, header string) {
		got := ingest.Discourse{}.Signed(key, http.Header{"X-Discourse-Event-Signature": {header}}, body)
		want := strings.HasPrefix(header, "sha256=") && strings.EqualFold(header, right) && isASCII(header)
		if got != want {
			t.Fatalf("%q: %v", header, got)
		}
	})
}

func isASCII(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r >= utf8.RuneSelf }) < 0
}
