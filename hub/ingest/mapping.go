package ingest

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/config"
	"github.com/tidwall/gjson"
)

// mapper takes the parts of an item out of a document that is valid JSON, as a
// mapping says. After the first error it finds nothing more.
type mapper struct {
	doc string
	err error
}

// mapped is what a mapping found.
type mapped struct {
	kind  hub.EventType // "": not mapped
	id    string        // "": not mapped
	title string        // "": not mapped
	item  hub.Item
}

// apply maps a document. A title, a type and an id have to be found where they
// are mapped: without them the event would be another one. All else is left out
// when it is not there.
func apply(m *config.Mapping, doc string) (*mapped, error) {
	r := &mapper{doc: doc}
	out := &mapped{
		id:    r.need("id", m.ID),
		title: oneLine(r.need("title", m.Title), maxTitle),
	}
	if word := r.need("type", m.Type); word != "" {
		out.kind = userType(word)
	}
	out.item = hub.Item{
		Key:      oneLine(r.text("key", m.Key), maxName),
		Title:    out.title,
		URL:      absolute(r.text("url", m.URL)),
		Author:   someone(r.text("author", m.Author)),
		Category: oneLine(r.text("category", m.Category), maxName),
		Tags:     r.tags(m.Tags),
		Text:     block(r.text("text", m.Text)),
	}
	return out, r.err
}

// need is a text that must be there and hold something, if it is mapped.
func (r *mapper) need(key string, t config.Template) string {
	if t.IsZero() {
		return ""
	}
	text, missing := r.find(key, t)
	switch {
	case missing != "":
		r.fail(key, "nothing at %q in the body", missing)
	case oneLine(text, maxTitle) == "": // also of what are no characters
		r.fail(key, "what %q makes of the body is empty", t)
	}
	return text
}

// text is a text that may be missing.
func (r *mapper) text(key string, t config.Template) string {
	text, missing := r.find(key, t)
	if missing != "" {
		return ""
	}
	return text
}

// find makes the text of t, or says which path finds nothing.
func (r *mapper) find(key string, t config.Template) (text, missing string) {
	var b strings.Builder
	for _, p := range t.Parts() {
		if r.err != nil {
			return "", ""
		}
		if !p.IsPath {
			b.WriteString(p.Text)
			continue
		}
		found := gjson.Get(r.doc, p.Text)
		switch {
		case !found.Exists() || found.Type == gjson.Null:
			return "", p.Text
		case found.Type == gjson.JSON:
			r.fail(key, "%s is at %q in the body, where a text is wanted", shapeOf(found), p.Text)
			return "", ""
		}
		b.WriteString(scalarText(found))
	}
	return b.String(), ""
}

func (r *mapper) fail(key, format string, args ...any) {
	if r.err == nil {
		r.err = &BodyError{
			Detail: "mapping." + key + ": " + fmt.Sprintf(format, args...), Offset: -1, Status: http.StatusUnprocessableEntity,
		}
	}
}

// tags are those of a list, or of a text with commas; nil if they are not told.
func (r *mapper) tags(t config.Template) []string {
	if parts := t.Parts(); len(parts) == 1 && parts[0].IsPath {
		found := gjson.Get(r.doc, parts[0].Text)
		if found.IsObject() {
			r.fail("tags", "an object is at %q in the body, where a list or a text is wanted", parts[0].Text)
			return nil
		}
		return tagsIn(found)
	}
	text, missing := r.find("tags", t)
	if missing != "" || t.IsZero() {
		return nil
	}
	return tagsOf(strings.Split(text, ","))
}

// tagsIn reads a list of texts, or of objects that have a name, or a text with
// commas; nil if v is none of these.
func tagsIn(v gjson.Result) []string {
	switch {
	case v.IsArray():
		var words []string
		for _, element := range v.Array() {
			if element.IsObject() {
				element = element.Get("name")
			}
			if element.Type == gjson.String || element.Type == gjson.Number {
				words = append(words, scalarText(element))
			}
		}
		return tagsOf(words)
	case v.Type == gjson.String:
		return tagsOf(strings.Split(v.Str, ","))
	}
	return nil
}

// scalarText is what is neither an object nor a list, as a text. A number stays
// as it was written: an id may have more digits than a float64.
func scalarText(v gjson.Result) string {
	if v.Type == gjson.Number && v.Raw != "" {
		return v.Raw
	}
	return v.String()
}

func shapeOf(v gjson.Result) string {
	if v.IsArray() {
		return "a list"
	}
	return "an object"
}

// maps reports whether a part of the item is mapped, so that it is not looked
// for elsewhere.
func (s sender) maps(part string) bool {
	t, known := map[string]config.Template{
		"title": s.mapping.Title, "url": s.mapping.URL, "author": s.mapping.Author, "category": s.mapping.Category,
		"tags": s.mapping.Tags, "text": s.mapping.Text, "key": s.mapping.Key,
	}[part]
	return known && !t.IsZero()
}
