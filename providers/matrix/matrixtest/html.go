package matrixtest

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/net/html"

	"github.com/bellhop-chat/bellhop/providers/providertest"
)

// allowed are the tags that clients show, and their attributes:
// https://spec.matrix.org/latest/client-server-api/#mroommessage-msgtypes.
var allowed = map[string][]string{
	"del": nil, "h1": nil, "h2": nil, "h3": nil, "h4": nil, "h5": nil, "h6": nil, "blockquote": nil, "p": nil,
	"a": {"href", "target"}, "ul": nil, "ol": {"start"}, "sup": nil, "sub": nil, "li": nil, "b": nil, "i": nil, "u": nil,
	"strong": nil, "em": nil, "s": nil, "code": {"class"}, "hr": nil, "br": nil, "div": nil, "table": nil, "thead": nil,
	"tbody": nil, "tr": nil, "th": nil, "td": nil, "caption": nil, "pre": nil, "span": nil, "details": nil, "summary": nil,
	"img": {"width", "height", "alt", "title", "src"},
}

// deepest is how deep tags may nest.
const deepest = 100

// CheckHTML reports what a client would strip from a formatted_body, or have
// to guess at. A homeserver would take it all the same.
func CheckHTML(s string) error {
	var open []string
	for z := html.NewTokenizer(strings.NewReader(s)); ; {
		kind := z.Next()
		token := z.Token()
		switch kind {
		case html.ErrorToken:
			return ended(z.Err(), open)
		case html.StartTagToken:
			if err := checkTag(token); err != nil {
				return err
			}
			if token.Data != "br" && token.Data != "hr" && token.Data != "img" {
				open = append(open, token.Data)
			}
			if len(open) > deepest {
				return fmt.Errorf("<%s> is nested too deep", token.Data)
			}
		case html.EndTagToken:
			if len(open) == 0 || open[len(open)-1] != token.Data {
				return fmt.Errorf("</%s> ends nothing: open are %v", token.Data, open)
			}
			open = open[:len(open)-1]
		case html.TextToken:
		default:
			return fmt.Errorf("%s is neither text nor a tag", token)
		}
	}
}

func ended(err error, open []string) error {
	if !errors.Is(err, io.EOF) {
		return err
	}
	if len(open) > 0 {
		return fmt.Errorf("left open: %v", open)
	}
	return nil
}

func checkTag(t html.Token) error {
	attributes, ok := allowed[t.Data]
	if !ok {
		return fmt.Errorf("<%s> is not allowed", t.Data)
	}
	for _, a := range t.Attr {
		switch {
		case !slices.Contains(attributes, a.Key):
			return fmt.Errorf("<%s %s> is not allowed", t.Data, a.Key)
		case a.Key == "class" && !strings.HasPrefix(a.Val, "language-"):
			return fmt.Errorf("class %q is not allowed", a.Val)
		case a.Key == "src" && !mediaShape.MatchString(a.Val):
			return fmt.Errorf("an image at %q is not shown", a.Val)
		case a.Key == "href" && !isLink(a.Val):
			return fmt.Errorf("a link to %q is not allowed", a.Val)
		}
	}
	return nil
}

// mediaShape: https://spec.matrix.org/latest/client-server-api/#matrix-content-mxc-uris
var mediaShape = regexp.MustCompile(`^mxc://[^/?#]+/[A-Za-z0-9_-]+$`)

func isLink(s string) bool {
	u, err := url.Parse(s)
	return err == nil && slices.Contains([]string{"https", "http", "ftp", "mailto", "magnet"}, u.Scheme)
}

// Read is what clients make of what was sent.
func Read(s providertest.Sent) (providertest.Reading, error) {
	var c content
	if err := json.Unmarshal(s.Raw, &c); err != nil {
		return providertest.Reading{}, err
	}
	r := providertest.Reading{Plain: c.Formatted == ""}
	if err := CheckHTML(c.Formatted); err != nil {
		return r, err
	}
	var code *strings.Builder
	for z := html.NewTokenizer(strings.NewReader(c.Formatted)); ; {
		kind := z.Next()
		token := z.Token()
		switch {
		case kind == html.ErrorToken:
			return r, nil
		case kind == html.StartTagToken && token.Data == "a":
			r.Links = append(r.Links, token.Attr[0].Val)
		case kind == html.StartTagToken && token.Data == "img":
			r.Images = append(r.Images, token.Attr[0].Val)
		case kind == html.StartTagToken && token.Data == "pre":
			code = &strings.Builder{}
		case kind == html.EndTagToken && token.Data == "pre":
			r.Code = append(r.Code, code.String())
			code = nil
		case kind == html.TextToken && code != nil:
			code.WriteString(token.Data)
		}
	}
}

// stripped is the words of s.
func stripped(s string) string {
	var b strings.Builder
	for z := html.NewTokenizer(strings.NewReader(s)); ; {
		switch z.Next() {
		case html.ErrorToken:
			return b.String()
		case html.TextToken:
			b.WriteString(z.Token().Data)
		case html.StartTagToken, html.EndTagToken:
			if name, _ := z.TagName(); isBreak(string(name)) {
				b.WriteByte('\n')
			}
		}
	}
}

func isBreak(tag string) bool {
	return slices.Contains([]string{"p", "br", "hr", "li", "ul", "ol", "pre", "blockquote", "td", "th", "tr", "table", "h3", "h4", "h5", "h6"}, tag)
}
