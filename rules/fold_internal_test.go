package rules

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

// TestFoldIsOneForAll: whatever either of the two usual comparisons takes for
// the same is the same, for every rune there is.
func TestFoldIsOneForAll(t *testing.T) {
	for r := rune(0); r <= unicode.MaxRune; r++ {
		if !utf8.ValidRune(r) {
			continue
		}
		f := foldRune(r)
		if foldRune(f) != f {
			t.Fatalf("%U folds to %U, which folds to %U", r, f, foldRune(f))
		}
		if other := foldRune(unicode.SimpleFold(r)); other != f {
			t.Fatalf("%U folds to %U, its other case to %U", r, f, other)
		}
		if lower := foldRune(unicode.ToLower(r)); lower != f {
			t.Fatalf("%U folds to %U, its lower case to %U", r, f, lower)
		}
	}
}

func TestFold(t *testing.T) {
	for in, want := range map[string]string{
		"  Linux ": "linux", "\u212aernel": "kernel", "ſupport": "support", "ΜΟΥΣΙΚΗ": "μουσικη", "µ": "μ",
		"İstanbul": "istanbul", "ПРИВЕТ": "привет", "é": "é", "É": "é", "ẞ": "ß", "a\xffB": "a\xffb", "": "", "\u2003x\u2003": "x", "𐐀": "𐐨",
	} {
		require.Equal(t, want, fold(in))
		require.Equal(t, want, string(appendFold(nil, in)))
	}
	require.True(t, fold("STRASSE") != fold("straße"), "one rune is never two")
}

func FuzzFold(f *testing.F) {
	for _, s := range []string{"Linux", "\u212a", "ſ", "a\xff", " İ "} {
		f.Add(s, strings.ToUpper(s))
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		once := fold(a)
		if again := fold(once); again != once {
			t.Fatalf("%q folds to %q, then to %q", a, once, again)
		}
		if utf8.ValidString(a) && utf8.ValidString(b) && strings.EqualFold(a, b) && fold(a) != fold(b) {
			t.Fatalf("%q and %q are equal but for case, and fold to %q and %q", a, b, fold(a), fold(b))
		}
		if string(appendFold(nil, a)) != once {
			t.Fatalf("%q folds two ways", a)
		}
	})
}
