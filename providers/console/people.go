package console

import (
	"hash/fnv"
	"strings"
	"unicode"

	"github.com/bellhop-chat/bellhop/hub"
)

// author is a person as post.html shows them.
type author struct {
	Name     string
	Initials string
	Color    string // a class of pane.css
}

// colors are the classes of avatars.
var colors = []string{"av-a", "av-b", "av-c", "av-d"}

func viewAuthor(u *hub.User) *author {
	if u == nil {
		return nil
	}
	sum := fnv.New32a()
	_, _ = sum.Write([]byte(u.ID))
	name := fact(u.Called(), longestFact)
	return &author{Name: name, Initials: initials(name), Color: colors[sum.Sum32()%uint32(len(colors))]}
}

// initials are the first letters of the first and the last word of a name.
func initials(name string) string {
	words := strings.FieldsFunc(name, func(r rune) bool { return !wordly(r) })
	if len(words) > 2 {
		words = []string{words[0], words[len(words)-1]}
	}
	var b strings.Builder
	for _, word := range words {
		b.WriteRune(unicode.ToUpper([]rune(word)[0]))
	}
	return b.String()
}

// asTyped is what a person typed as CommonMark that keeps their line breaks.
func asTyped(text string) string {
	return strings.ReplaceAll(text, "\n", "  \n")
}

// verbatim is CommonMark that shows text as it stands.
func verbatim(text string) string {
	longest, run := 0, 0
	for _, r := range text {
		if r == '`' {
			run++
			longest = max(longest, run)
		} else {
			run = 0
		}
	}
	if strings.Contains(text, "\n") {
		fence := strings.Repeat("`", max(3, longest+1))
		return fence + "\n" + text + "\n" + fence
	}
	fence := strings.Repeat("`", longest+1)
	if longest > 0 { // a space keeps the text's own ticks from the fence
		text = " " + text + " "
	}
	return fence + text + fence
}
