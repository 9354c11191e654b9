package form

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/bellhop-chat/bellhop/hub"
)

// quotes are the marks that open a quotation, with those that close it. Phones
// and word processors write typographic ones in the manner of their language.
var quotes = map[rune]string{
	'"': `"`, '“': "”“", '”': "”", '„': "“”", '‟': "”", '«': "»", '»': "«",
	'\'': "'", '‘': "’", '‚': "‘’", '‹': "›", '›': "‹",
}

// isQuote reports whether r opens or closes a quotation.
func isQuote(r rune) bool { return r == '’' || quotes[r] != "" }

// invisible reports whether r is nothing that a person meant to write: marks of
// direction, spaces without a width and control characters come along when text
// is copied from a page.
func invisible(r rune) bool {
	switch {
	case r == 0xAD, r == 0x200B, r == 0x200E, r == 0x200F, r == 0x2060, r == 0xFEFF, r == 0x61C:
		return true
	case r >= 0x202A && r <= 0x202E, r >= 0x2066 && r <= 0x2069:
		return true
	}
	return unicode.IsControl(r) && !unicode.IsSpace(r)
}

// joins reports whether r binds the letters beside it, as in some scripts and
// most emoji. At the edge of a word it means nothing.
func joins(r rune) bool { return r == 0x200C || r == 0x200D }

// blank reports whether r is nothing at the edge of a text.
func blank(r rune) bool { return unicode.IsSpace(r) || invisible(r) || joins(r) }

// word is one word of a line.
type word struct {
	text     string
	from, to int // where it stands in the line
	// plain is how many bytes of text are before the first that was quoted or
	// escaped: only these can be a name or a prefix.
	plain  int
	commas []int // where text has commas that were neither
	quoted bool
}

// after is what a word says from byte n of its text on.
func (w word) after(n int) word {
	rest := word{text: w.text[n:], from: w.from, to: w.to, plain: max(0, w.plain-n), quoted: w.quoted}
	for _, at := range w.commas {
		if at >= n {
			rest.commas = append(rest.commas, at-n)
		}
	}
	return rest
}

// list is a word cut at its commas, without what is empty; more is that it ends
// with a comma, so that the next word belongs to it.
func (w word) list() (parts []string, more bool) {
	if len(w.commas) == 0 {
		return []string{w.text}, false
	}
	from := 0
	for _, at := range w.commas {
		if at > from {
			parts = append(parts, w.text[from:at])
		}
		from = at + 1
	}
	if from < len(w.text) {
		return append(parts, w.text[from:]), false
	}
	return parts, true
}

// scanner cuts a line into words.
type scanner struct {
	line string
	at   int

	text    strings.Builder
	joiner  string // one that was read and awaits what it joins
	mayOpen bool   // a quote here opens a quotation
}

// next is the next word; ok is false at the end of the line. With an error, which
// is that a quotation is not closed, the word is what there is of it.
func (s *scanner) next() (w word, ok bool, err error) {
	for s.at < len(s.line) {
		r, size := s.rune(s.at)
		if blank(r) {
			s.at += size
			continue
		}
		w, err = s.word()
		if err != nil || w.quoted || w.text != "" {
			return w, true, err
		}
	}
	return word{from: len(s.line), to: len(s.line)}, false, nil
}

func (s *scanner) rune(at int) (r rune, size int) {
	if at >= len(s.line) {
		return 0, 0
	}
	return utf8.DecodeRuneInString(s.line[at:])
}

// word reads the word that begins here.
func (s *scanner) word() (w word, err error) {
	s.text.Reset()
	s.joiner, s.mayOpen = "", true
	w = word{from: s.at, plain: -1}
	for s.at < len(s.line) && err == nil {
		r, size := s.rune(s.at)
		if unicode.IsSpace(r) {
			break
		}
		switch closers := quotes[r]; {
		case invisible(r):
			s.at += size
		case joins(r):
			s.joiner = string(r) // of several one is enough
			s.at += size
		case closers != "" && s.mayOpen:
			s.unplain(&w)
			w.quoted = true
			err = s.quotation(r, closers)
		case s.escape():
			s.unplain(&w)
			s.escaped()
		default:
			s.plainly(&w, r)
			s.at += size
		}
	}
	w.text, w.to = s.text.String(), s.at
	s.unplain(&w)
	return w, err
}

// plainly writes a character that was neither quoted nor escaped.
func (s *scanner) plainly(w *word, r rune) {
	s.join()
	if r == ',' {
		w.commas = append(w.commas, s.text.Len())
	}
	s.text.WriteRune(r)
	s.mayOpen = r == '=' || r == ':' || r == ','
}

// join writes a joiner that turned out to stand between two letters.
func (s *scanner) join() {
	if s.text.Len() > 0 {
		s.text.WriteString(s.joiner)
	}
	s.joiner = ""
}

func (s *scanner) unplain(w *word) {
	if w.plain < 0 {
		w.plain = s.text.Len()
	}
}

// quotation reads what stands in quotes. An apostrophe between two letters closes
// nothing.
func (s *scanner) quotation(opener rune, closers string) error {
	from := s.at
	s.at += utf8.RuneLen(opener)
	s.join()
	for s.at < len(s.line) {
		r, size := s.rune(s.at)
		switch {
		case s.escape():
			s.escaped()
		case strings.ContainsRune(closers, r) && !s.apostrophe(r, size):
			s.at += size
			s.mayOpen = true
			return nil
		default:
			s.text.WriteRune(r)
			s.at += size
		}
	}
	return hub.Errorf(hub.CodeInvalid, `The quote %c at character %d, before "%s", is not closed. Close it, or write \%[1]c if it is meant as it stands.`,
		opener, utf8.RuneCountInString(s.line[:from])+1, short(s.line[from+utf8.RuneLen(opener):]))
}

func (s *scanner) apostrophe(r rune, size int) bool {
	if r != '\'' && r != '’' {
		return false
	}
	before, _ := utf8.DecodeLastRuneInString(s.line[:s.at])
	after, _ := s.rune(s.at + size)
	return unicode.IsLetter(before) && unicode.IsLetter(after)
}

// escape reports whether here is a backslash that takes away what the character
// after it means. Before others it stands for itself, so that regular expressions
// and Windows paths need not be doubled.
func (s *scanner) escape() bool {
	if s.line[s.at] != '\\' {
		return false
	}
	r, size := s.rune(s.at + 1)
	return size > 0 && (r == '\\' || r == ',' || isQuote(r) || unicode.IsSpace(r) || dash(r) && s.text.Len() == 0)
}

func (s *scanner) escaped() {
	r, size := s.rune(s.at + 1)
	s.join()
	s.text.WriteRune(r)
	s.at += 1 + size
	s.mayOpen = false
}

// dash reports whether r is a hyphen or what a phone makes of one or two.
func dash(r rune) bool { return r == '-' || r == '–' || r == '—' || r == '−' }

// quote writes a value so that it is read as one word that means nothing else.
func quote(value string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range value {
		if r == '\\' || r == '"' {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	b.WriteByte('"')
	return b.String()
}

// bare reports whether a value is read as it is when it stands without quotes.
func bare(value string) bool {
	s := scanner{line: value}
	w, ok, err := s.next()
	return ok && err == nil && w.from == 0 && w.to == len(value) && w.plain == len(value) && w.text == value && len(w.commas) == 0
}

// short is a text cut to be shown within a sentence.
func short(text string) string {
	const most = 40
	text = strings.TrimFunc(strings.ToValidUTF8(text, "\uFFFD"), blank)
	text = strings.Join(strings.Fields(text), " ")
	n := 0
	for at := range text {
		if n == most {
			return text[:at] + "…"
		}
		n++
	}
	return text
}
