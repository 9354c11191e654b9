package ingest

import (
	"cmp"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/tidwall/gjson"
)

// Where senders are used to put things. config.example.toml tells this list to
// operators, so it is short and rarely changes.
var (
	usualTitle = []string{"title", "name", "summary"}
	usualURL   = []string{"url", "html_url", "link"}
	usualText  = []string{"text", "description", "message", "body"}
	usualWho   = []string{"author", "user"}
	usualTags  = []string{"tags", "labels"}
	usualKey   = []string{"key", "id"}
)

// guessItem completes an item with what is found in the usual places of data;
// what m maps is left alone, found or not.
func guessItem(item *hub.Item, data gjson.Result, has func(part string) bool) {
	if !data.IsObject() {
		if data.Type == gjson.String && !has("text") {
			item.Text = block(data.Str)
		}
		return
	}
	fields := data.Map()
	text := func(part string, names ...string) string {
		if has(part) {
			return ""
		}
		for _, name := range names {
			if v := fields[name]; (v.Type == gjson.String && v.Str != "") || v.Type == gjson.Number {
				return scalarText(v)
			}
		}
		return ""
	}
	item.Title = cmp.Or(item.Title, oneLine(text("title", usualTitle...), maxTitle))
	item.URL = cmp.Or(item.URL, absolute(text("url", usualURL...)))
	item.Text = cmp.Or(item.Text, block(text("text", usualText...)))
	item.Key = cmp.Or(item.Key, oneLine(text("key", usualKey...), maxName))
	if !has("category") {
		item.Category = oneLine(named(fields["category"]), maxName)
	}
	for i := 0; i < len(usualWho) && item.Author == nil && !has("author"); i++ {
		item.Author = personIn(fields[usualWho[i]])
	}
	for i := 0; i < len(usualTags) && item.Tags == nil && !has("tags"); i++ {
		item.Tags = tagsIn(fields[usualTags[i]])
	}
}

// named is a text, or the name of an object that has one.
func named(v gjson.Result) string {
	if v.IsObject() {
		v = v.Get("name")
	}
	if v.Type == gjson.String {
		return v.Str
	}
	return ""
}

// personIn reads a name, or an object that describes somebody.
func personIn(v gjson.Result) *hub.Person {
	if v.Type == gjson.String {
		return someone(v.Str)
	}
	if !v.IsObject() {
		return nil
	}
	p := &hub.Person{
		Username: oneLine(cmp.Or(v.Get("login").String(), v.Get("username").String()), maxName),
		Name:     oneLine(named(v.Get("name")), maxName),
		URL:      absolute(v.Get("html_url").String()),
		Avatar:   absolute(v.Get("avatar_url").String()),
	}
	if p.Username == "" && p.Name == "" {
		return nil
	}
	return p
}
