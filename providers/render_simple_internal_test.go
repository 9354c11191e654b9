package providers

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// FuzzSimpleDoc holds what is read without the parser against what that reads.
func FuzzSimpleDoc(f *testing.F) {
	for _, text := range []string{
		"It needed **new firmware**, see [the page](https://example.org/f?a=1#b).\n\nTwo, as *said* before…\n\n…",
		"a **b**c", "a**b** c", "a ***b*** c", "a **b *c* d** e", "a * b * c", "a [b](c) d", "a [b] (c)", "a [b](https://example.org) (c)", "a [b](https://example.org \"c\")",
		"a www.example.org b", "see https://example.org", "mail a@example.org", "1. a", "a\nb", "a\n\n\nb", "a\n\n b", "a  b", "a ", "a\\*b", "a &amp; b", "a &amp b", "a\u00a0b",
		"A---\n\n---", "a\n\n===", "a | b\n\n--- | ---", "a (b) [c](mailto:d) e", "a ‘b’ “c” d – e", "a *b* *c* d", "a [b **c** d](https://example.org) e", "a **b", "a [b", "naïve Ünïcödé",
		"a: b://c", "a [b](https://example.org/%zz) c", "a [b](https://example.org/a%20b) c", "a [b]() c", "a [www.b](https://example.org) c",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 2000 || text == "" {
			return
		}
		if simple := simpleDoc(text); simple != nil {
			require.Equal(t, parsed(text).root, simple.root, "of %q", text)
		}
	})
}

// What most excerpts look like goes the short way.
func TestSimpleDocIsWhatMostExcerptsAre(t *testing.T) {
	for _, text := range []string{
		"It needed **new firmware**, see [the page](https://example.org/f).", "One.\n\nTwo, as *said* before…", "Words\n\n" + Ellipsis,
	} {
		require.NotNil(t, simpleDoc(text), text)
	}
	for _, text := range []string{"1. no list", "a_b", "see https://example.org", "a\nb", "a **b**c", "a [b](c) d"} {
		require.Nil(t, simpleDoc(text), text)
	}
}
