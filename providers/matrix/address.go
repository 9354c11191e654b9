package matrix

import (
	"cmp"
	"html"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// spoken is what a message says, and to whom.
type spoken struct {
	text  string   // as it can be read
	to    []string // users whom it mentions
	pills []pill
	reply bool // it answers a message: clients mention whose it is unasked
}

// pill is a mention that is shown in the text:
// https://spec.matrix.org/latest/client-server-api/#user-and-room-mentions
type pill struct{ user, name string }

// listenTo reads a text without what clients put into it for older ones.
func listenTo(said *content, reply bool) spoken {
	body, formatted := said.Body, said.Formatted
	if reply {
		body, formatted = withoutQuote(body), withoutReply(formatted)
	}
	s := spoken{reply: reply}
	s.text, s.pills = unlink(body)
	s.text = strings.TrimSpace(s.text)
	for _, link := range anchor.FindAllStringSubmatch(formatted, -1) {
		if user := userOf(html.UnescapeString(link[1])); user != "" {
			s.pills = append(s.pills, pill{user, strings.TrimSpace(html.UnescapeString(anyTag.ReplaceAllString(link[2], "")))})
		}
	}
	s.to = said.Mentions.Users
	for _, p := range s.pills {
		s.to = append(s.to, p.user)
	}
	slices.Sort(s.to)
	s.to = slices.Compact(s.to)
	return s
}

// withoutQuote takes off the quotation with which answers began until version
// 1.13: lines that start with "> ", the first with who is quoted, and an empty
// one. https://spec.matrix.org/v1.12/client-server-api/#fallbacks-for-rich-replies
func withoutQuote(body string) string {
	if !replyQuote.MatchString(body) {
		return body
	}
	lines := strings.Split(body, "\n")
	i := 0
	for i < len(lines) && strings.HasPrefix(lines[i], ">") {
		i++
	}
	if i < len(lines) && strings.TrimSpace(lines[i]) == "" {
		i++
	}
	return strings.Join(lines[i:], "\n")
}

func withoutReply(formatted string) string {
	before, rest, found := strings.Cut(formatted, "<mx-reply>")
	if !found {
		return formatted
	}
	_, after, closed := strings.Cut(rest, "</mx-reply>")
	if !closed {
		return formatted
	}
	return before + after
}

var (
	replyQuote = regexp.MustCompile(`^> (\* )?<[@!][^>\n]+>`)
	anchor     = regexp.MustCompile(`(?is)<a\s[^>]*?href\s*=\s*["']([^"']*)["'][^>]*>(.*?)</a>`)
	anyTag     = regexp.MustCompile(`<[^>]*>`)
	// Some clients write a mention into the plain text as Markdown.
	linked = regexp.MustCompile(`\[([^\[\]\n]*)\]\(<?(https://matrix\.to/#/[^\s()<>]+|matrix:u/[^\s()<>]+)>?\)`)
	prefix = regexp.MustCompile(`^[!/]([A-Za-z][A-Za-z0-9_-]{0,31})(?:\s|$)`)
)

// unlink makes words of mentions in Markdown.
func unlink(body string) (string, []pill) {
	var pills []pill
	text := linked.ReplaceAllStringFunc(body, func(link string) string {
		parts := linked.FindStringSubmatch(link)
		user := userOf(parts[2])
		if user == "" {
			return link
		}
		name := cmp.Or(strings.TrimSpace(parts[1]), user)
		pills = append(pills, pill{user, name})
		return name
	})
	return text, pills
}

// userOf is the user whom an address names, "" if it names none:
// https://spec.matrix.org/latest/appendices/#uris
func userOf(address string) string {
	rest, old := strings.CutPrefix(address, "https://matrix.to/#/")
	if !old {
		var is bool
		if rest, is = strings.CutPrefix(address, "matrix:u/"); !is {
			return ""
		}
	}
	rest, _, _ = strings.Cut(rest, "?")
	user, err := url.PathUnescape(rest)
	if err != nil {
		return ""
	}
	if !old {
		user = "@" + user
	}
	if !userShape.MatchString(user) {
		return ""
	}
	return user
}

// ourselves is who is to be addressed.
type ourselves struct {
	user  string
	names []string // as people see it; some may be empty
}

// addressed is the command in what was said, and whether it is for us: by a
// prefix ("!discourse …", "/discourse …"), or by one of our names.
func (o ourselves) addressed(s spoken) (line string, forUs bool) {
	if prefix.MatchString(s.text) {
		return strings.TrimSpace(s.text[1:]), true
	}
	names := o.spellings(s.pills)
	for _, name := range names {
		if rest, ok := cutCall(s.text, name); ok {
			return rest, true
		}
	}
	if !slices.Contains(s.to, o.user) {
		return "", false
	}
	for _, name := range names {
		if i := indexWord(s.text, name); i >= 0 {
			before, after := strings.TrimRight(s.text[:i], "@ \t"), s.text[i+len(name):]
			return strings.TrimSpace(before + " " + strings.TrimLeft(after, ":, \t")), true
		}
	}
	// An answer mentions whom it answers without a word.
	if s.reply {
		return "", false
	}
	return s.text, true
}

// spellings are our names as they may stand in this message, the longest first.
func (o ourselves) spellings(pills []pill) []string {
	names := append([]string{o.user, localpart(o.user)}, o.names...)
	for _, p := range pills {
		if p.user == o.user {
			names = append(names, p.name)
		}
	}
	for i := range names {
		names[i] = strings.TrimPrefix(strings.TrimSpace(names[i]), "@")
	}
	names = slices.DeleteFunc(names, func(s string) bool { return s == "" })
	slices.SortFunc(names, func(a, b string) int {
		return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(a, b))
	})
	return slices.Compact(names)
}

// cutCall takes "name: ", "name, " or "@name " off.
func cutCall(text, name string) (rest string, ok bool) {
	text, at := strings.CutPrefix(text, "@")
	rest, ok = cutFold(text, name)
	if !ok {
		return "", false
	}
	if rest == "" {
		return "", true
	}
	if rest[0] == ':' || rest[0] == ',' {
		after := rest[1:]
		return strings.TrimSpace(after), after == "" || strings.TrimLeft(after, " \t\n\u00a0") != after
	}
	trimmed := strings.TrimLeft(rest, " \t\n\u00a0")
	return strings.TrimSpace(trimmed), at && trimmed != rest
}

func cutFold(s, prefix string) (rest string, ok bool) {
	if len(s) < len(prefix) || !strings.EqualFold(s[:len(prefix)], prefix) {
		return "", false
	}
	return s[len(prefix):], true
}

// indexWord finds a name that stands alone, -1 if it does not.
func indexWord(text, name string) int {
	for from := 0; ; {
		i := strings.Index(text[from:], name)
		if i < 0 {
			return -1
		}
		i += from
		after := text[i+len(name):]
		if (i == 0 || strings.ContainsRune(" \t\n@(", rune(text[i-1]))) && (after == "" || !isWordByte(after[0])) {
			return i
		}
		from = i + len(name)
	}
}

func isWordByte(c byte) bool {
	return c >= 0x80 || c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}
