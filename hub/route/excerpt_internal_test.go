package route

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func TestExcerpt(t *testing.T) {
	files, err := filepath.Glob("testdata/excerpt/*.html")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	w := newWriter()
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			post, err := os.ReadFile(file)
			require.NoError(t, err)
			limit := 10_000
			if strings.HasSuffix(file, "cut.html") {
				limit = 80
			}
			x := w.excerpt(string(post), "https://forum.example.com", limit)
			got := x.text
			require.Equal(t, limit == 80, x.cut)
			golden := strings.TrimSuffix(file, ".html") + ".md"
			if *update {
				require.NoError(t, os.WriteFile(golden, []byte(got+"\n"), 0o644))
			}
			want, err := os.ReadFile(golden)
			require.NoError(t, err)
			require.Equal(t, string(want), got+"\n")
		})
	}
}

func TestExcerptCutsBetweenCharacters(t *testing.T) {
	w := newWriter()
	family := "👩‍👩‍👧‍👦"
	for limit := 1; limit < 8; limit++ {
		x := w.excerpt("<p>"+strings.Repeat(family, 8)+"</p>", "https://f.example", limit)
		require.True(t, x.cut)
		require.Equal(t, strings.Repeat(family, limit)+"…", x.text)
	}
}

func TestEmoji(t *testing.T) {
	for written, want := range map[string]string{":tada:": "🎉", ":wave:t4:": "👋", ":our_logo:": ":our_logo:", "": "", ":": ":"} {
		require.Equal(t, want, emoji(written), written)
	}
}

func TestPlainText(t *testing.T) {
	require.Equal(t, "One two three x", plainText("<p>One <b>two</b></p><p>three</p><pre><code>x</code></pre>"))
}

// FuzzExcerpt holds: valid UTF-8, no address but web and mail, whatever comes.
func FuzzExcerpt(f *testing.F) {
	files, _ := filepath.Glob("testdata/excerpt/*.html")
	for _, file := range files {
		post, _ := os.ReadFile(file)
		f.Add(string(post), 100)
	}
	f.Add("<p><img src=/a.png width=-5><a class=lightbox href=//b/c.jpg><img alt=x src=data:,>", 9)
	f.Add("<a href='JaVaScRiPt:1'>x</a><div class=lightbox-wrapper>", 3)
	w := newWriter()
	f.Fuzz(func(t *testing.T, post string, limit int) {
		if limit < 1 || limit > 5000 || len(post) > 20_000 {
			return
		}
		x := w.excerpt(post, "https://f.example", limit)
		got := x.text
		if !utf8.ValidString(got) && utf8.ValidString(post) {
			t.Fatalf("not UTF-8: %q", got)
		}
		if strings.Contains(strings.ToLower(got), "](javascript:") {
			t.Fatalf("a script's address: %q", got)
		}
		if i := x.image; i != nil && (!isPicture(i.URL) || i.Width < 0 || i.Height < 0) {
			t.Fatalf("no image for readers to see: %+v", i)
		}
		plainText(post)
	})
}
