package providertest

import (
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/providers"
)

// Reading is what a platform's client makes of a message that was sent.
type Reading struct {
	Plain  bool     // words alone: neither markup nor a picture
	Images []string // addresses of the pictures that are shown
	Links  []string // where its links lead
	Code   []string // its blocks of code
}

// requireSound requires that no link leads elsewhere than one of the sources,
// which are CommonMark, and that each line of code is one of theirs, or the
// start of one.
func (c Case) requireSound(t *testing.T, sent Sent, sources ...string) Reading {
	t.Helper()
	reading, err := c.Read(sent)
	require.NoError(t, err, "%s", tail(string(sent.Raw)))
	from := sourcesOf(sources)
	for _, link := range reading.Links {
		require.True(t, from.links[plainURL(link)], "a link to %q, which nobody wrote", link)
	}
	for _, code := range reading.Code {
		for line := range strings.SplitSeq(code, "\n") {
			require.True(t, from.hasLine(line), "a line of code that nobody wrote: %q", line)
		}
	}
	return reading
}

// source is what messages were made of.
type source struct {
	links map[string]bool
	lines map[string]bool
	table bool // whose rows some platforms show as code
}

func sourcesOf(all []string) source {
	s := source{links: map[string]bool{}, lines: map[string]bool{}}
	for _, markdown := range all {
		providers.Render(providers.Parse(markdown), collector{providers.PlainText(), &s})
	}
	return s
}

// hasLine reports whether somebody wrote a line of code, or one that was cut.
func (s source) hasLine(line string) bool {
	line = seen(line)
	if line == "" || s.table || s.lines[line] {
		return true
	}
	line, cut := strings.CutSuffix(line, providers.Ellipsis)
	for whole := range s.lines { // a long one may go on in the next message
		if cut && strings.HasPrefix(whole, line) || len(whole) > 200 && strings.Contains(whole, line) {
			return true
		}
	}
	return false
}

// seen is a line of code without what no reader sees: how tabs are written,
// marks without a width, and stand-ins for a backtick where code cannot hold one.
func seen(line string) string { return strings.TrimSpace(unseen.Replace(line)) }

var unseen = strings.NewReplacer("\t", "    ", "\u200b", "", "\ufeff", "", "\u2060", "", "ˋ", "`")

func plainURL(s string) string {
	if plain, err := url.PathUnescape(s); err == nil {
		return plain
	}
	return s
}

// collector notes the links and the code of a text.
type collector struct {
	providers.Dialect
	to *source
}

func (c collector) Link(inner, url string) string {
	c.to.links[plainURL(url)] = true
	return c.Dialect.Link(inner, url)
}

func (c collector) Image(alt, url string) string { return c.Link(alt, url) }

func (c collector) CodeBlock(lang, code string) string {
	for line := range strings.SplitSeq(code, "\n") {
		c.to.lines[seen(line)] = true
	}
	return c.Dialect.CodeBlock(lang, code)
}

func (c collector) Table(rows [][]string) string {
	c.to.table = true
	return c.Dialect.Table(rows)
}
