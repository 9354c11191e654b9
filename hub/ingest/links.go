package ingest

import (
	"cmp"
	"net/url"
	"strings"

	"github.com/bellhop-chat/bellhop/hub"
)

// site makes absolute links to a forum.
type site struct {
	base   string // https://example.com/forum
	origin string // https://example.com
	folder string // /forum, "" unless the forum is installed below the root
}

func newSite(base string) site {
	_, rest, _ := strings.Cut(base, "://")
	_, folder, below := strings.Cut(rest, "/")
	if !below {
		return site{base: base, origin: base}
	}
	return site{base: base, origin: base[:len(base)-len(folder)-1], folder: "/" + folder}
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

// topic links to a topic, or to one of its posts if number is not "".
func (s site) topic(slug string, id ident, number string) string {
	slug = cmp.Or(slug, "-") // the forum finds a topic by its id and mends the slug
	link := s.base + "/t/" + segment(slug) + "/" + segment(string(id))
	if number != "" {
		link += "/" + number
	}
	return link
}

// segment escapes s for a path, unless it is so already: with the setting
// slug_generation_method "encoded" slugs come percent-encoded.
func segment(s string) string {
	if strings.Contains(s, "%") {
		if plain, err := url.PathUnescape(s); err == nil {
			s = plain
		}
	}
	return url.PathEscape(s)
}

// avatarSize is the width of the pictures, in pixels.
const avatarSize = "96"

func (s site) avatar(template string) string {
	if template == "" {
		return ""
	}
	return s.link(strings.Replace(template, "{size}", avatarSize, 1))
}

// member is a person as forums tell them.
type member struct {
	ID        ident  `json:"id"`
	Username  string `json:"username"`
	Name      string `json:"name"`
	Avatar    string `json:"avatar_template"`
	Admin     bool   `json:"admin"`
	Moderator bool   `json:"moderator"`
	Staff     bool   `json:"staff"`
}

// person is nil if m tells nobody.
func (s site) person(m *member) *hub.Person {
	if m == nil || (m.ID == "" && m.Username == "") {
		return nil
	}
	p := &hub.Person{
		ID: string(m.ID), Username: m.Username, Name: m.Name, Avatar: s.avatar(m.Avatar),
		Staff: m.Staff || m.Admin || m.Moderator,
		Bot:   strings.HasPrefix(string(m.ID), "-"), // system is -1, discobot -2
	}
	if strings.Contains(p.Name, "@") { // some put their address there
		p.Name = withoutAddresses(p.Name)
	}
	if m.Username != "" {
		p.URL = s.base + "/u/" + url.PathEscape(m.Username)
	}
	return p
}
