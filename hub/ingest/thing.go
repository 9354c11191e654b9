package ingest

import (
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/bellhop-chat/bellhop/hub"
)

// Bounds of an item, beyond which nobody reads.
const (
	maxTitle    = 300 // characters
	maxName     = 200 // characters, of an author, a category or a key
	maxTag      = 100 // characters
	maxTags     = 50
	maxItemText = 64 << 10 // bytes
	maxURL      = 2048     // bytes
	maxType     = 100      // bytes, as hub.EventType.Valid wants it
	maxSegments = 6        // as well
)

// plainType is the type of an event whose sender gives none.
const plainType hub.EventType = "user.event"

// thing is what a sender that is no forum tells of.
type thing struct {
	hub.Event // Type, Subject and Time
	key       []string
	item      hub.Item
}

// event puts together what was told. key tells it from all others of the source.
func (t *thing) event(source hub.Source, object []byte) (*hub.Event, error) {
	var err error
	if t.item.Object, err = stripped(object, false); err != nil {
		return nil, err
	}
	e := t.Event
	e.ID = hub.EventID("e" + hub.Digest(append([]string{string(source)}, t.key...)...))
	e.DataContentType = "application/json"
	e.Data, err = encode(&t.item, len(t.item.Object)+len(t.item.Text)+512)
	return &e, err
}

// userType makes an event type of a sender's own word for one:
// "com.example.Deploy-Done" is user.com.example.deploy_done. What is not a letter
// of ASCII, a digit, "_" or a dot becomes "_", empty segments go, and of more than
// five the last ones become one.
func userType(word string) hub.EventType {
	word = strings.Map(func(r rune) rune {
		switch r = unicode.ToLower(r); {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '_', r == '.':
			return r
		}
		return '_'
	}, strings.TrimSpace(word))
	segments := strings.FieldsFunc(strings.TrimPrefix(word, "user."), func(r rune) bool { return r == '.' })
	if len(segments) == 0 {
		return plainType
	}
	if most := maxSegments - 1; len(segments) > most {
		segments = append(segments[:most-1], strings.Join(segments[most-1:], "_"))
	}
	t := "user." + strings.Join(segments, ".")
	return hub.EventType(strings.TrimRight(t[:min(len(t), maxType)], "."))
}

// oneLine is s without line feeds and control characters, of at most n
// characters.
func oneLine(s string, n int) string {
	// What is cut off is not looked at: a character has at most four bytes, and
	// more blanks than characters nobody sends.
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

// block is s as plain text of several lines.
func block(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, string(utf8.RuneError)))
	return cut(strings.TrimSpace(s), maxItemText)
}

// absolute is s if it is a link to a page, else "".
func absolute(s string) string {
	s = strings.TrimSpace(s)
	u, err := url.Parse(s)
	if err != nil || len(s) > maxURL || u.Host == "" || u.User != nil || (u.Scheme != "http" && u.Scheme != "https") ||
		strings.ContainsAny(s, " \t\r\n\"<>\\") || !utf8.ValidString(s) {
		return ""
	}
	return s
}

// someone is who a sender names: by a username, which has no blanks, or by a
// name.
func someone(s string) *hub.Person {
	s = oneLine(s, maxName)
	switch {
	case s == "":
		return nil
	case strings.Contains(s, " "):
		return &hub.Person{Name: s}
	}
	return &hub.Person{Username: s}
}

// tagsOf are tags as they may be shown, each once.
func tagsOf(words []string) []string {
	tags := make([]string, 0, min(len(words), maxTags))
	seen := map[string]bool{}
	for _, w := range words {
		w = oneLine(w, maxTag)
		if w != "" && !seen[w] && len(tags) < maxTags {
			tags, seen[w] = append(tags, w), true
		}
	}
	return tags
}
