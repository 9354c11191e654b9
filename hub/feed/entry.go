package feed

import (
	"bytes"
	"cmp"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/mmcdole/gofeed"
	"golang.org/x/net/html"
)

// EntryType is the type of the events that a Poller makes.
const EntryType hub.EventType = "user.feed.entry"

// Bounds of an item, as for what comes by webhook.
const (
	maxTitle = 300 // characters
	maxName  = 200 // characters, of an author, a category or a key
	maxTag   = 100 // characters
	maxTags  = 50
	maxText  = 64 << 10 // bytes
	maxURL   = 2048     // bytes
)

// entry is one thing that a feed tells of.
type entry struct {
	id     string // the publisher's
	digest string // of id
	at     time.Time
	item   hub.Item
}

// entries are those of the document, each id once, the oldest first. Feeds
// begin with the newest; where all have a time, that decides.
func (d *document) entries() []*entry {
	var all []*entry
	known := map[string]bool{}
	dated := true
	for _, i := range slices.Backward(d.feed.Items) {
		if i == nil {
			continue
		}
		e := d.entry(i)
		if e.id == "" || known[e.digest] {
			continue
		}
		known[e.digest] = true
		dated = dated && !e.at.IsZero()
		all = append(all, e)
	}
	if dated {
		slices.SortStableFunc(all, func(a, b *entry) int { return a.at.Compare(b.at) })
	}
	return all
}

func (d *document) entry(i *gofeed.Item) *entry {
	link := absolute(d.from, i.Link)
	e := &entry{at: timeOf(i)}
	// What an entry without an id and a link says when it comes up is all that
	// tells it from others.
	e.id = cmp.Or(strings.TrimSpace(i.GUID), link)
	if e.id == "" && i.Title+i.Published+i.Description != "" {
		e.id = hub.Digest(i.Title, i.Published, i.Description)
	}
	e.digest = hub.Digest(e.id)
	e.item = hub.Item{
		Key: e.id, Title: oneLine(plain(i.Title), maxTitle), URL: link, Author: author(i),
		Category: oneLine(plain(d.feed.Title), maxName), Tags: tags(i.Categories),
	}
	if len(e.id) > maxName {
		e.item.Key = e.digest
	}
	e.item.Key = oneLine(e.item.Key, maxName)
	content := cut(cmp.Or(strings.TrimSpace(i.Content), strings.TrimSpace(i.Description)), maxText)
	if strings.ContainsAny(content, "<&") {
		e.item.HTML = content
	} else {
		e.item.Text = content
	}
	return e
}

// event is the event that an entry is.
func (e *entry) event(source hub.Source, now time.Time) (*hub.Event, error) {
	var data bytes.Buffer
	enc := json.NewEncoder(&data)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(&e.item); err != nil {
		return nil, err
	}
	return &hub.Event{
		SpecVersion: hub.SpecVersion, ID: hub.EventID("e" + hub.Digest(string(source), "feed", e.id)), Source: source,
		Type: EntryType, Subject: e.item.Key, Time: e.at, DataContentType: "application/json",
		ReceivedTime: now.UTC(), Data: bytes.TrimSpace(data.Bytes()),
	}, nil
}

// timeOf is when an entry was published, zero if it does not say.
func timeOf(i *gofeed.Item) time.Time {
	for _, t := range []*time.Time{i.PublishedParsed, i.UpdatedParsed} {
		if t != nil && t.UTC().Year() > 1 && t.UTC().Year() < 9999 {
			return t.UTC()
		}
	}
	return time.Time{}
}

// author is the first who has a name. Addresses are nobody's business here.
func author(i *gofeed.Item) *hub.Person {
	for _, a := range i.Authors {
		if a == nil {
			continue
		}
		if name := oneLine(plain(a.Name), maxName); name != "" && !strings.Contains(name, "@") {
			return &hub.Person{Name: name}
		}
	}
	return nil
}

// tags are the categories, each once; nil if there are none.
func tags(categories []string) []string {
	var out []string
	for _, c := range categories {
		c = oneLine(plain(c), maxTag)
		if c != "" && !slices.Contains(out, c) && len(out) < maxTags {
			out = append(out, c)
		}
	}
	return out
}

// absolute is where ref leads from a page, "" if that is no page.
func absolute(from *url.URL, ref string) string {
	u, err := url.Parse(strings.TrimSpace(ref))
	if err != nil || strings.TrimSpace(ref) == "" {
		return ""
	}
	if from != nil {
		u = from.ResolveReference(u)
	}
	s := u.String()
	if (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || u.User != nil || len(s) > maxURL || strings.ContainsAny(s, " \"'<>\\") {
		return ""
	}
	return s
}

// plain is what may be HTML as text. Titles are one or the other, and no feed
// says which: what only looks like a tag, as in "Vec<T>", is left.
func plain(s string) string {
	if !strings.ContainsAny(s, "<&") {
		return s
	}
	var b strings.Builder
	z := html.NewTokenizer(strings.NewReader(s))
	for {
		switch z.Next() {
		case html.ErrorToken:
			return b.String()
		case html.TextToken:
			b.WriteString(z.Token().Data)
		case html.StartTagToken, html.EndTagToken, html.SelfClosingTagToken:
			raw := string(z.Raw())
			if t := z.Token(); t.DataAtom == 0 {
				b.WriteString(raw)
			}
		}
	}
}

// oneLine is s without line feeds and control characters, of at most n
// characters.
func oneLine(s string, n int) string {
	s = s[:min(len(s), 16*n)]
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r), r == utf8.RuneError:
			return -1
		}
		return r
	}, s)
	s = strings.Join(strings.Fields(s), " ")
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return strings.TrimSpace(string([]rune(s)[:n-1])) + "…"
}

// cut shortens s to at most n bytes of whole characters.
func cut(s string, n int) string {
	s = strings.ToValidUTF8(s, string(utf8.RuneError))
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "") + "…"
}
