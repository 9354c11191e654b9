package telegram

import (
	"strconv"
	"strings"

	"github.com/rivo/uniseg"

	"github.com/bellhop-chat/bellhop/providers"
)

// html writes the HTML that the Bot API takes. It knows neither headings, lists
// nor tables: https://core.telegram.org/bots/api#html-style.
type html struct{}

var (
	_ providers.Dialect     = html{}
	_ providers.TightJoiner = html{}
)

var escapes = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;")

func (html) Text(s string) string             { return escapes.Replace(calm(s)) }
func (html) Strong(inner string) string       { return "<b>" + inner + "</b>" }
func (html) Emph(inner string) string         { return "<i>" + inner + "</i>" }
func (html) Strike(inner string) string       { return "<s>" + inner + "</s>" }
func (html) Code(s string) string             { return "<code>" + escapes.Replace(s) + "</code>" }
func (html) LineBreak() string                { return "\n" }
func (html) Paragraph(inner string) string    { return inner }
func (html) Rule() string                     { return "———" }
func (html) Join(blocks []string) string      { return strings.Join(blocks, "\n\n") }
func (html) JoinTight(blocks []string) string { return strings.Join(blocks, "\n") }

// Link leaves an address of mail to Telegram, which links it by itself and
// drops a link to it.
func (html) Link(inner, url string) string {
	if strings.HasPrefix(url, "mailto:") {
		return inner
	}
	return `<a href="` + escapes.Replace(url) + `">` + inner + "</a>"
}

func (h html) Image(alt, url string) string { return h.Link(h.Text(alt), url) }

// Heading is bold. Bold within it would end it, but there is none.
func (h html) Heading(_ int, inner string) string { return h.Strong(inner) }

// Quote writes quotes within it with a mark, since Telegram's do not nest.
func (html) Quote(inner string) string { return quoteOpen + unquote(inner) + quoteClose }

// CodeBlock writes tabs as spaces: Telegram makes a single one of each.
func (html) CodeBlock(lang, code string) string {
	code = strings.ReplaceAll(code, "\t", "    ")
	if strings.TrimSpace(code) == "" {
		return ""
	}
	if lang == "" {
		return preOpen + escapes.Replace(code) + preClose
	}
	return preOpen + `<code class="language-` + escapes.Replace(lang) + `">` + escapes.Replace(code) + "</code>" + preClose
}

func (html) List(ordered bool, start int, items []string) string {
	lines := make([]string, len(items))
	for i, item := range items {
		mark := "•"
		if ordered {
			mark = strconv.Itoa(start+i) + "."
		}
		lines[i] = strings.TrimRight(mark+" "+indent("   ", unquote(item)), " ")
	}
	return strings.Join(lines, "\n")
}

// widest is how many columns of a table a telephone shows without breaking the
// lines; a wider table is not lined up.
const widest = 48

func (html) Table(rows [][]string) string {
	widths := columns(rows)
	lines := make([]string, 0, len(rows)+1)
	for i, row := range rows {
		lines = append(lines, line(row, widths))
		if i == 0 && widths != nil {
			lines = append(lines, rule(widths))
		}
	}
	return preOpen + escapes.Replace(strings.Join(lines, "\n")) + preClose
}

// columns is how wide each column is; nil for a table that is too wide.
func columns(rows [][]string) []int {
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], uniseg.StringWidth(cell))
		}
	}
	total := 0
	for _, w := range widths {
		total += w + len(between)
	}
	if total > widest {
		return nil
	}
	return widths
}

const between = " | "

func line(cells []string, widths []int) string {
	if widths == nil {
		return strings.TrimRight(strings.Join(cells, between), " |")
	}
	padded := make([]string, len(cells))
	for i, cell := range cells {
		padded[i] = cell + strings.Repeat(" ", widths[i]-uniseg.StringWidth(cell))
	}
	return strings.TrimRight(strings.Join(padded, between), " ")
}

// rule parts the head of a table from its body.
func rule(widths []int) string {
	dashes := make([]string, len(widths))
	for i, w := range widths {
		dashes[i] = strings.Repeat("-", w)
	}
	return strings.Join(dashes, "-+-")
}

const (
	quoteOpen, quoteClose = "<blockquote>", "</blockquote>"
	preOpen, preClose     = "<pre>", "</pre>"
)

// unquote turns what inner quotes into lines with a mark. Only we write tags,
// so that they can be found: those in a text are escaped.
func unquote(inner string) string {
	var out strings.Builder
	for {
		before, rest, found := strings.Cut(inner, quoteOpen)
		out.WriteString(before)
		if !found {
			return out.String()
		}
		quoted, after, _ := strings.Cut(rest, quoteClose)
		out.WriteString("&gt; " + indent("&gt; ", quoted))
		inner = after
	}
}

// indent puts mark before each line of s but the first, save within code.
func indent(mark, s string) string {
	lines := strings.Split(s, "\n")
	code := false
	for i, line := range lines {
		if i > 0 && !code {
			lines[i] = strings.TrimRight(mark+line, " ")
		}
		if open, end := strings.LastIndex(line, preOpen), strings.LastIndex(line, preClose); open != end {
			code = open > end
		}
	}
	return strings.Join(lines, "\n")
}

// visible is the length of a text once its markup has become entities, as
// Telegram counts it.
func visible(s string) int {
	n := 0
	for s != "" {
		switch s[0] {
		case '<':
			_, s, _ = strings.Cut(s, ">")
		case '&':
			n++
			_, s, _ = strings.Cut(s, ";")
		default:
			words := s
			if end := strings.IndexAny(s, "<&"); end >= 0 {
				words = s[:end]
			}
			n += providers.UTF16.Len(words)
			s = s[len(words):]
		}
	}
	return n
}
