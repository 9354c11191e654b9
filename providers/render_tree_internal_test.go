package providers

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// What is told apart byte by byte is what the tables of Unicode say.
func FuzzGraphemeEnds(f *testing.F) {
	for _, s := range []string{"", "plain words\n\ttoo \x00\x7f", "a\r\nb", "e\u0301", "👩‍👩‍👧 x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		at := 0
		for _, end := range graphemeEnds(s) {
			piece := firstGrapheme(s[at:])
			at += len(piece)
			require.EqualValues(t, at, end)
		}
		require.Equal(t, len(s), at)
	})
}
