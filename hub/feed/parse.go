package feed

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/mmcdole/gofeed"
	"golang.org/x/net/html"
	"golang.org/x/net/html/charset"
)

// maxDepth is how deep a feed may nest; articles that are not escaped do some
// dozens. The parser of extensions calls itself at each level.
const maxDepth = 500

// detected is how much of a document shows what it is, to gofeed as well.
const detected = 4096

// longest is how long a feed may take to read. The largest that are well meant
// take a second; the library takes minutes over some that are not.
const longest = 10 * time.Second

var errSlow = errors.New("the feed takes too long to read: it is not formed like one")

// hurried is a reader that fails after a while, and so ends what reads from it.
type hurried struct {
	from  *bytes.Reader
	until time.Time
}

func (h *hurried) Read(p []byte) (int, error) {
	if time.Now().After(h.until) {
		return 0, errSlow
	}
	return h.from.Read(p)
}

// document is a feed that was read.
type document struct {
	feed *gofeed.Feed
	from *url.URL
}

// parse reads a document, or says why it is no feed.
func parse(a *answer) (*document, error) { return parseUntil(a, time.Now().Add(longest)) }

func parseUntil(a *answer, end time.Time) (doc *document, err error) {
	defer func() {
		// A feed that is made to break the library breaks only itself.
		if broken := recover(); broken != nil {
			doc, err = nil, errors.New("the feed cannot be read: it is not formed like one")
		}
	}()
	body := inUTF8(a)
	if gofeed.DetectFeedType(bytes.NewReader(body[:min(len(body), detected)])) == gofeed.FeedTypeUnknown {
		return nil, noFeed(a, body)
	}
	if err := checkDepth(body); err != nil {
		return nil, err
	}
	feed, err := gofeed.NewParser().Parse(&hurried{bytes.NewReader(body), end})
	switch {
	case errors.Is(err, errSlow):
		return nil, err
	case err != nil && (strings.Contains(err.Error(), "unexpected EOF") || strings.Contains(err.Error(), "unexpected end of JSON")):
		return nil, errors.New("the feed ends before it is whole, its publisher has to mend that")
	case err != nil:
		return nil, fmt.Errorf("the feed cannot be read, its publisher has to mend that: %s", brief(err.Error()))
	case feed.FeedType == "json" && !strings.Contains(feed.FeedVersion, "jsonfeed.org/version/"):
		// https://www.jsonfeed.org/version/1.1/#top-level
		return nil, errors.New("the address answers with JSON that is no feed: set url to the address of an RSS, Atom or JSON feed")
	}
	return &document{feed, a.from}, nil
}

// brief keeps a library's words short and on one line.
func brief(text string) string { return oneLine(text, 200) }

// inUTF8 is the body in UTF-8, as far as the document does not say itself what it
// is in. What is left over that is no UTF-8 becomes the replacement character.
func inUTF8(a *answer) []byte {
	body := bytes.TrimPrefix(a.body, []byte("\xef\xbb\xbf"))
	start := body[:min(len(body), 200)]
	if utf8.Valid(body) {
		return body
	}
	if declared := encodingOf(start); declared == "" {
		_, params, _ := mime.ParseMediaType(a.contentType)
		if r, err := charset.NewReaderLabel(params["charset"], bytes.NewReader(body)); err == nil && params["charset"] != "" {
			if converted, err := io.ReadAll(r); err == nil {
				return converted
			}
		}
	} else if !strings.EqualFold(declared, "utf-8") && !strings.EqualFold(declared, "utf8") {
		return body // gofeed converts it
	}
	return bytes.ToValidUTF8(body, []byte(string(utf8.RuneError)))
}

// encodingOf is what an XML declaration says, "" if nothing.
func encodingOf(start []byte) string {
	declaration, _, found := bytes.Cut(start, []byte("?>"))
	_, rest, says := bytes.Cut(declaration, []byte("encoding="))
	if !found || !says || len(rest) < 2 {
		return ""
	}
	value, _, _ := bytes.Cut(rest[1:], rest[:1])
	return string(value)
}

// checkDepth refuses XML that nests deeper than any feed.
func checkDepth(body []byte) error {
	if !bytes.HasPrefix(bytes.TrimSpace(body), []byte("<")) {
		return nil // of JSON the standard library sees to it
	}
	d := xml.NewDecoder(bytes.NewReader(body))
	d.Strict = false
	d.CharsetReader = charset.NewReaderLabel
	for depth := 0; ; {
		token, err := d.RawToken()
		if err != nil {
			return nil //nolint:nilerr // the parser of feeds says it better
		}
		switch token.(type) {
		case xml.StartElement:
			depth++
		case xml.EndElement:
			depth = max(depth-1, 0)
		}
		if depth > maxDepth {
			return fmt.Errorf("the feed nests more than %d elements deep", maxDepth)
		}
	}
}

// noFeed says what an answer is instead, and where a page says that its feed is.
func noFeed(a *answer, body []byte) error {
	if !looksLikeHTML(a.contentType, body) {
		return errors.New("the address does not answer with a feed: set url to the address of an RSS, Atom or JSON feed")
	}
	if found := advertised(a.from, body); found != "" {
		return fmt.Errorf("the address answers with a page, which names a feed: set url to %s", found)
	}
	return errors.New("the address answers with a page and not with a feed: set url to the address of an RSS, Atom or JSON feed")
}

func looksLikeHTML(contentType string, body []byte) bool {
	media, _, _ := mime.ParseMediaType(contentType)
	start := bytes.ToLower(bytes.TrimSpace(body[:min(len(body), 1000)]))
	return media == "text/html" || media == "application/xhtml+xml" ||
		bytes.HasPrefix(start, []byte("<!doctype html")) || bytes.Contains(start, []byte("<html"))
}

// advertised is the first feed that a page names, "" if it names none:
// https://html.spec.whatwg.org/multipage/links.html#rel-alternate
func advertised(page *url.URL, body []byte) string {
	z := html.NewTokenizer(bytes.NewReader(body[:min(len(body), 256<<10)]))
	for {
		switch z.Next() {
		case html.ErrorToken:
			return ""
		case html.StartTagToken, html.SelfClosingTagToken:
			t := z.Token()
			if t.Data != "link" {
				continue
			}
			attr := map[string]string{}
			for _, at := range t.Attr {
				attr[at.Key] = at.Val
			}
			isFeed := strings.Contains(attr["type"], "rss") || strings.Contains(attr["type"], "atom") || attr["type"] == "application/feed+json"
			if found := absolute(page, attr["href"]); isFeed && attr["rel"] == "alternate" && found != "" {
				return found
			}
		}
	}
}
