package web

import (
	"cmp"
	"context"
	"fmt"
	"html/template"
	"io/fs"
	"log/slog"
	"net/http"
	"path"
	"slices"
	"sync"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"github.com/pelletier/go-toml/v2"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
	"golang.org/x/text/number"
)

// languages are those that there are words in, the one for everybody else first.
var languages = []language.Tag{language.English, language.German}

// languageCookie holds the language that somebody chose.
const languageCookie = "bellhop_lang"

// Words are the texts of the pages in one language. They are in web/words, a file
// for each page and language, each text under the name that templates call it by.
type Words struct {
	tag     language.Tag
	texts   *i18n.Localizer
	numbers *message.Printer
}

// catalogue are the words by language.
var catalogue = sync.OnceValue(func() map[language.Tag]*Words {
	bundle := i18n.NewBundle(languages[0])
	bundle.RegisterUnmarshalFunc("toml", toml.Unmarshal)
	names, err := fs.Glob(files, "words/*.toml")
	for _, name := range names {
		var body []byte
		if body, err = files.ReadFile(name); err == nil {
			_, err = bundle.ParseMessageFileBytes(body, path.Base(name))
		}
		if err != nil {
			break
		}
	}
	if err != nil || len(names) == 0 {
		panic(fmt.Sprintf("web: the words cannot be read: %v", err)) // they are a part of the program
	}
	all := map[language.Tag]*Words{}
	for _, tag := range languages {
		all[tag] = &Words{tag: tag, texts: i18n.NewLocalizer(bundle, tag.String()), numbers: message.NewPrinter(tag)}
	}
	return all
})

// WordsOf are the words in the language that the reader chose for good by Prefer,
// else for this browser, else in that of WithLanguage, else in the one that their
// browser prefers.
func WordsOf(r *http.Request) *Words {
	chosen, _ := r.Context().Value(languageKey{}).(string)
	if c, err := r.Cookie(languageCookie); err == nil && chosen == "" {
		chosen = c.Value
	}
	house, _ := r.Context().Value(houseKey{}).(string)
	return WordsIn(chosen, house, r.Header.Get("Accept-Language"))
}

type houseKey struct{}

// WithLanguage sets the language of readers who have not chosen one; an empty one
// is that of their browser.
func WithLanguage(ctx context.Context, language string) context.Context {
	return context.WithValue(ctx, houseKey{}, language)
}

type languageKey struct{}

// Prefer notes in ctx which language the reader has chosen for good, empty for
// none.
func Prefer(ctx context.Context, language string) context.Context {
	return context.WithValue(ctx, languageKey{}, language)
}

// WordsIn are the words in the first language of preferred that there are words
// in. Each is a tag, or a list of them as in Accept-Language; what is none of
// them is passed over.
func WordsIn(preferred ...string) *Words {
	_, i := language.MatchStrings(language.NewMatcher(languages), preferred...)
	return catalogue()[languages[i]]
}

// English are the words for readers of whom nothing is known.
func English() *Words { return catalogue()[languages[0]] }

// Languages lists the languages that there are words in, as BCP 47 has it.
func Languages() []string {
	var all []string
	for _, tag := range languages {
		all = append(all, tag.String())
	}
	return all
}

// Language is the language of the words, as BCP 47 has it.
func (w *Words) Language() string { return w.tag.String() }

// Say is a text by its name. values are pairs of a name and a value that the text
// has a place for; "Count" also decides between one and many.
func (w *Words) Say(name string, values ...any) string {
	data, count := w.values(values, false)
	said, err := w.texts.Localize(&i18n.LocalizeConfig{MessageID: name, TemplateData: data, PluralCount: count})
	if err != nil {
		slog.Error("a text is missing", "name", name, "language", w.tag, "err", err)
		return cmp.Or(said, name)
	}
	return said
}

// Has reports whether there is a text of that name.
func (w *Words) Has(name string) bool {
	_, err := w.texts.Localize(&i18n.LocalizeConfig{MessageID: name})
	return err == nil
}

// Mark is a text that holds markup of its own. Values are escaped, unless they
// are markup themselves.
func (w *Words) Mark(name string, values ...any) template.HTML {
	data, count := w.values(values, true)
	said, err := w.texts.Localize(&i18n.LocalizeConfig{MessageID: name, TemplateData: data, PluralCount: count})
	if err != nil {
		slog.Error("a text is missing", "name", name, "language", w.tag, "err", err)
		return template.HTML(template.HTMLEscapeString(cmp.Or(said, name))) //nolint:gosec // escaped
	}
	return template.HTML(said) //nolint:gosec // the text is ours, and what stands in it is escaped
}

// values makes a map of pairs. Numbers are written as the language writes them.
func (w *Words) values(pairs []any, escaped bool) (data map[string]any, count any) {
	data = map[string]any{}
	for pair := range slices.Chunk(pairs, 2) {
		if len(pair) < 2 {
			break
		}
		name, value := fmt.Sprint(pair[0]), pair[1]
		switch v := value.(type) {
		case int, int64:
			if name == "Count" {
				count = v
			}
			value = w.Number(v)
		case template.HTML:
		default:
			if escaped {
				value = template.HTMLEscapeString(fmt.Sprint(v))
			}
		}
		data[name] = value
	}
	return data, count
}

// Number is a number as the language writes it: 1,056 or 1.056.
func (w *Words) Number(n any) string { return w.numbers.Sprint(number.Decimal(n)) }
