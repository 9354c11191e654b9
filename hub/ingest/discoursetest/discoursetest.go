// Package discoursetest holds webhooks as a Discourse forum sends them, for
// tests: 94 bodies, byte for byte in the form of the wire, with the headers that
// go with each. Their values are invented, their shapes are those of captured
// requests or of Discourse's serializers; testdata/INDEX.json says which.
package discoursetest

import (
	"crypto/hmac"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
)

// Secret signed the fixtures.
const Secret = "my_lovely_secret_for_web_hook"

// Instance is the forum that the fixtures come from.
const Instance = "https://forum.example.com"

//go:embed testdata
var files embed.FS

// Fixture is one webhook.
type Fixture struct {
	File   string // "post_created_first.json"
	Event  string // "post_created"
	Body   []byte
	Header http.Header // without what an HTTP client sets itself
}

// All lists every fixture.
func All() []Fixture {
	var index struct {
		Fixtures []struct {
			File, Event string
			Headers     map[string]string
		}
	}
	if err := json.Unmarshal(read("INDEX.json"), &index); err != nil {
		panic(fmt.Sprintf("discoursetest: INDEX.json: %v", err))
	}
	all := make([]Fixture, len(index.Fixtures))
	for i, f := range index.Fixtures {
		all[i] = Fixture{File: f.File, Event: f.Event, Body: read(f.File), Header: http.Header{}}
		for key, value := range f.Headers {
			all[i].Header.Set(key, value)
		}
		for _, own := range []string{"Host", "Content-Length", "Connection"} {
			all[i].Header.Del(own)
		}
	}
	return all
}

// Get is the fixture of a file. It panics if there is none.
func Get(file string) Fixture {
	for _, f := range All() {
		if f.File == file {
			return f
		}
	}
	panic("discoursetest: there is no fixture " + file)
}

// Sign is the X-Discourse-Event-Signature of a body, with Secret.
func Sign(body []byte) string { return SignWith(Secret, body) }

// SignWith is Sign with another secret.
func SignWith(secret string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	return "sha256=" + hex.EncodeToString(mac.Sum(nil))
}

func read(file string) []byte {
	body, err := files.ReadFile("testdata/" + file)
	if err != nil {
		panic(fmt.Sprintf("discoursetest: %v", err))
	}
	return body
}
