package discourse

import (
	"net/url"
	"slices"
	"strings"
)

// Post names a post of a forum.
type Post struct {
	Topic  string
	Number int    // of the post in its topic; 0 if only ID is known
	ID     string // of the post; empty if Topic and Number are known
}

// link is a link to something on a forum; of the rest, one is set.
type link struct {
	site     *Site
	category string // an id, or a path
	below    bool   // and all below it
	tag      string
	post     *Post
}

// isLink reports whether a text is meant to be a link.
func isLink(s string) bool {
	s = strings.ToLower(bare(s))
	return strings.HasPrefix(s, "https://") || strings.HasPrefix(s, "http://")
}

// bare is a link without what chats put around it.
func bare(s string) string {
	s, _, _ = strings.Cut(strings.Trim(strings.TrimSpace(s), "<>"), "|") // Slack writes <https://…|text>
	return s
}

// parseLink reads a link to one of sites: https://forum.example.com/t/slug/12/3,
// /c/parent/child/9, /tag/bug or /p/77. site is nil where it leads elsewhere, and
// nothing else is set where it leads to something else of a site.
func parseLink(sites []Site, text string) link {
	u, err := url.Parse(bare(text))
	if err != nil || u.Host == "" {
		return link{}
	}
	for i := range sites {
		path, found := within(sites[i].URL, u)
		if !found {
			continue
		}
		l := link{site: &sites[i]}
		l.read(path)
		return l
	}
	return link{}
}

// within is the path of u below a base URL. A forum that answers at http and
// https is the same.
func within(base string, u *url.URL) (path []string, found bool) {
	b, err := url.Parse(strings.TrimRight(base, "/"))
	if err != nil || b.Host == "" || hostOf(b) != hostOf(u) {
		return nil, false
	}
	rest, found := strings.CutPrefix(u.Path, b.Path)
	if !found || rest != "" && rest[0] != '/' {
		return nil, false
	}
	return strings.FieldsFunc(rest, func(r rune) bool { return r == '/' }), true
}

// hostOf is a host without the port that goes without saying.
func hostOf(u *url.URL) string {
	host := strings.ToLower(u.Hostname())
	if port := u.Port(); port != "" && port != "80" && port != "443" {
		host += ":" + port
	}
	return host
}

// read reads the path of a forum's page:
// https://github.com/discourse/discourse/blob/main/config/routes.rb
func (l *link) read(path []string) {
	if len(path) < 2 {
		return
	}
	switch first, rest := path[0], path[1:]; first {
	case "c":
		l.readCategory(rest)
	case "tag":
		// /tag/bug, or /tag/bug/12 where tags have numbers
		l.tag = rest[0]
	case "t":
		l.post = readTopic(rest)
	case "p":
		if isNumber(rest[0]) {
			l.post = &Post{ID: rest[0]}
		}
	}
}

// readCategory reads parent/child/9 and what may stand behind it: /none, /all,
// /l/latest.
func (l *link) readCategory(path []string) {
	if i := slices.Index(path, "l"); i > 0 {
		path = path[:i]
	}
	if last := path[len(path)-1]; len(path) > 1 && (last == "none" || last == "all" || last == "subcategories") {
		l.below = last == "all"
		path = path[:len(path)-1]
	}
	if last := path[len(path)-1]; isNumber(last) {
		l.category = last
		return
	}
	l.category = strings.Join(path, "/")
}

// readTopic reads slug/12/3, 12/3, slug/12 and 12.
func readTopic(path []string) *Post {
	if !isNumber(path[0]) || len(path) > 2 && isNumber(path[1]) {
		path = path[1:]
	}
	if len(path) == 0 || !isNumber(path[0]) {
		return nil
	}
	p := &Post{Topic: path[0], Number: 1}
	if len(path) > 1 && isNumber(path[1]) {
		p.Number = number(path[1])
	}
	return p
}

// isNumber reports whether s is one as a forum counts: from 1, in plain digits.
func isNumber(s string) bool { return number(s) > 0 }

// number reads plain digits without a zero before them; 0 is no number.
func number(s string) int {
	if s == "" || len(s) > 9 || s[0] == '0' {
		return 0
	}
	n := 0
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return 0
		}
		n = n*10 + int(s[i]-'0')
	}
	return n
}
