package discourse

import (
	"cmp"
	"net/url"
	"strings"

	"github.com/bellhop-chat/bellhop/hub"
)

// site makes absolute links to a forum, the same that webhooks make.
type site struct {
	base   string // https://example.com/forum
	origin string // https://example.com
	folder string // /forum, "" unless the forum is installed below the root
}

func newSite(base string) site {
	scheme, rest, _ := strings.Cut(base, "://")
	host, folder, below := strings.Cut(rest, "/")
	s := site{base: base, origin: scheme + "://" + host}
	if below {
		s.folder = "/" + folder
	}
	return s
}

// link makes ref absolute; one that cannot be a link is "". The paths that a
// forum gives start with its folder already.
func (s site) link(ref string) string {
	switch {
	case strings.ContainsAny(ref, " \t\r\n\"<>\\"):
		return ""
	case strings.HasPrefix(ref, "https://"), strings.HasPrefix(ref, "http://"):
		return ref
	case strings.HasPrefix(ref, "//"):
		scheme, _, _ := strings.Cut(s.base, "//")
		return scheme + ref
	case !strings.HasPrefix(ref, "/"):
		return ""
	case s.folder != "" && strings.HasPrefix(ref, s.folder+"/"):
		return s.origin + ref
	}
	return s.base + ref
}

func (s site) topic(slug, id string) string {
	return s.base + "/t/" + segment(cmp.Or(slug, "-")) + "/" + segment(id)
}

func (s site) category(slug, id string) string {
	return s.base + "/c/" + segment(cmp.Or(slug, "-")) + "/" + segment(id)
}

func (s site) tag(name string) string { return s.base + "/tag/" + url.PathEscape(name) }

// segment escapes s for a path, unless it is so already: with the setting
// slug_generation_method "encoded" slugs come percent-encoded.
func segment(s string) string {
	if plain, err := url.PathUnescape(s); err == nil && strings.Contains(s, "%") {
		s = plain
	}
	return url.PathEscape(s)
}

// avatarSize is the width of the pictures, in pixels.
const avatarSize = "96"

// member is a person as forums tell them.
type member struct {
	ID        ident  `json:"id"`
	Username  string `json:"username"`
	Name      string `json:"name"`
	Avatar    string `json:"avatar_template"`
	Admin     bool   `json:"admin"`
	Moderator bool   `json:"moderator"`
}

// person is nil if m tells nobody.
func (s site) person(m *member) *hub.Person {
	if m == nil || (m.ID == "" && m.Username == "") {
		return nil
	}
	p := &hub.Person{
		ID: string(m.ID), Username: m.Username, Name: m.Name,
		Avatar: s.link(strings.Replace(m.Avatar, "{size}", avatarSize, 1)),
		Staff:  m.Admin || m.Moderator,
		Bot:    strings.HasPrefix(string(m.ID), "-"), // system is -1, discobot -2
	}
	if strings.Contains(p.Name, "@") { // some put their mail address there
		p.Name = ""
	}
	if m.Username != "" {
		p.URL = s.base + "/u/" + url.PathEscape(m.Username)
	}
	return p
}
