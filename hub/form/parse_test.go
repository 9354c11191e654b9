package form_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/form"
)

// watch is a form such as the discourse app has.
func watch() hub.Form {
	return hub.Form{Title: "Watch", Fields: []hub.Field{
		{Name: "category", Label: "Category", Type: hub.FieldSelect, Dynamic: true, Place: 1},
		{Name: "tag", Label: "Tags", Type: hub.FieldSelect, Dynamic: true, Multi: true, Prefix: "tag:"},
		{Name: "not_tag", Label: "Not tags", Type: hub.FieldSelect, Dynamic: true, Multi: true, Prefix: "-tag:"},
		{Name: "words", Label: "Words", Type: hub.FieldText, Multi: true, Prefix: "text:"},
		{Name: "source", Label: "Forum", Type: hub.FieldText},
		{Name: "style", Label: "Style", Type: hub.FieldSelect, Options: []hub.Option{{Label: "Compact", Value: "compact"}, {Label: "Full text", Value: "full"}}},
		{Name: "max_age", Label: "Maximum age", Type: hub.FieldText, Subtype: hub.TextNumber},
		{Name: "previews", Label: "Previews", Type: hub.FieldBool},
	}}
}

// note is a form whose text takes the rest of a line.
func note() hub.Form {
	return hub.Form{Title: "Note", Fields: []hub.Field{
		{Name: "to", Label: "To", Type: hub.FieldUser, Place: 1, Required: true},
		{Name: "public", Label: "Public", Type: hub.FieldBool},
		{Name: "tag", Label: "Tag", Type: hub.FieldText, Prefix: "tag:"},
		{Name: "text", Label: "Text", Type: hub.FieldMarkdown, Rest: true},
	}}
}

// remove is a form whose place takes several words.
func remove() hub.Form {
	return hub.Form{Title: "Remove", Fields: []hub.Field{
		{Name: "number", Label: "Numbers", Type: hub.FieldText, Multi: true, Place: 1, Required: true},
		{Name: "people", Label: "People", Type: hub.FieldUser, Multi: true},
	}}
}

func forms() map[string]hub.Form {
	return map[string]hub.Form{"watch": watch(), "note": note(), "remove": remove(), "nothing": {}}
}

func TestParse(t *testing.T) {
	type v = hub.Values
	for _, c := range []struct {
		line string // the form's name first
		want v
		back string // as Print writes it, if that is not the line
	}{
		{line: "watch", want: v{}},
		{line: "nothing", want: v{}},
		{line: "nothing  \u200b \ufeff ", want: v{}, back: "nothing"},
		{line: "watch support", want: v{"category": {"support"}}},
		{line: "watch Support", want: v{"category": {"Support"}}},
		{line: "watch\u00a0support\u3000tag:bug", want: v{"category": {"support"}, "tag": {"bug"}}, back: "watch support tag:bug"},
		{line: "watch \u200bsup\u200bport\ufeff", want: v{"category": {"support"}}, back: "watch support"},
		{line: "watch \u202asupport\u202c", want: v{"category": {"support"}}, back: "watch support"},
		{line: "watch \u200d👩\u200d💻\u200d", want: v{"category": {"👩\u200d💻"}}, back: "watch 👩\u200d💻"},
		{line: "watch zażółć tag:日本語", want: v{"category": {"zażółć"}, "tag": {"日本語"}}},

		{line: `watch "bug reports"`, want: v{"category": {"bug reports"}}},
		{line: `watch 'bug reports'`, want: v{"category": {"bug reports"}}, back: `watch "bug reports"`},
		{line: `watch “bug reports”`, want: v{"category": {"bug reports"}}, back: `watch "bug reports"`},
		{line: `watch „bug reports“`, want: v{"category": {"bug reports"}}, back: `watch "bug reports"`},
		{line: `watch ‘bug reports’`, want: v{"category": {"bug reports"}}, back: `watch "bug reports"`},
		{line: `watch «bug reports»`, want: v{"category": {"bug reports"}}, back: `watch "bug reports"`},
		{line: `watch »bug reports«`, want: v{"category": {"bug reports"}}, back: `watch "bug reports"`},
		{line: `watch "the “new” ones"`, want: v{"category": {"the “new” ones"}}},
		{line: `watch 'don't stop'`, want: v{"category": {"don't stop"}}, back: `watch "don't stop"`},
		{line: `watch ‘don’t stop’`, want: v{"category": {"don’t stop"}}, back: `watch "don’t stop"`},
		{line: `watch rock'n'roll`, want: v{"category": {"rock'n'roll"}}},
		{line: `watch don’t`, want: v{"category": {"don’t"}}},
		{line: `watch 5"`, want: v{"category": {`5"`}}},
		{line: `watch \"a`, want: v{"category": {`"a`}}, back: `watch "\"a"`},
		{line: `watch bug\ reports`, want: v{"category": {"bug reports"}}, back: `watch "bug reports"`},
		{line: `watch "a \"b\" \\ c"`, want: v{"category": {`a "b" \ c`}}},
		{line: `watch "a"'b c'`, want: v{"category": {"ab c"}}, back: `watch "ab c"`},
		{line: `watch ""`, want: v{"category": {""}}},
		{line: `watch text:/foo\.\d+/`, want: v{"words": {`/foo\.\d+/`}}, back: `watch text:/foo\.\d+/`},
		{line: `watch C:\dir\`, want: v{"category": {`C:\dir\`}}},
		{line: `watch \\`, want: v{"category": {`\`}}, back: `watch \`},
		{line: "watch \xff", want: v{"category": {"\uFFFD"}}, back: "watch \uFFFD"},

		{line: "watch tag:bug tag:urgent", want: v{"tag": {"bug", "urgent"}}},
		{line: "watch tag:bug,urgent", want: v{"tag": {"bug", "urgent"}}, back: "watch tag:bug tag:urgent"},
		{line: "watch tag:bug, urgent -tag:old", want: v{"tag": {"bug", "urgent"}, "not_tag": {"old"}}, back: "watch tag:bug tag:urgent -tag:old"},
		{line: "watch tag:bug, -tag:old", want: v{"tag": {"bug"}, "not_tag": {"old"}}, back: "watch tag:bug -tag:old"},
		{line: "watch tag:bug,", want: v{"tag": {"bug"}}, back: "watch tag:bug"},
		{line: `watch tag:"a, b",c`, want: v{"tag": {"a, b", "c"}}, back: `watch tag:"a, b" tag:c`},
		{line: `watch tag:a\,b`, want: v{"tag": {"a,b"}}, back: `watch tag:"a,b"`},
		{line: `watch tag:"two words"`, want: v{"tag": {"two words"}}},
		{line: `watch tag:“two words”`, want: v{"tag": {"two words"}}, back: `watch tag:"two words"`},
		{line: "watch TAG:Bug", want: v{"tag": {"Bug"}}, back: "watch tag:Bug"},
		{line: "watch tag: bug", want: v{"tag": {"bug"}}, back: "watch tag:bug"},
		{line: `watch tag:""`, want: v{"tag": {""}}},
		{line: "watch –tag:old", want: v{"not_tag": {"old"}}, back: "watch -tag:old"},
		{line: "watch −tag:old", want: v{"not_tag": {"old"}}, back: "watch -tag:old"},
		{line: `watch "tag:bug"`, want: v{"category": {"tag:bug"}}},
		{line: `watch text:a,b text:c`, want: v{"words": {"a,b", "c"}}, back: `watch text:"a,b" text:c`},
		{line: "watch a:b", want: v{"category": {"a:b"}}},
		{line: "watch https://example.org/c/4?x=1", want: v{"category": {"https://example.org/c/4?x=1"}}},

		{line: "watch --source meta", want: v{"source": {"meta"}}},
		{line: "watch --source=meta", want: v{"source": {"meta"}}, back: "watch --source meta"},
		{line: "watch --SOURCE Meta", want: v{"source": {"Meta"}}, back: "watch --source Meta"},
		{line: "watch —source meta", want: v{"source": {"meta"}}, back: "watch --source meta"},
		{line: "watch –source=“my forum”", want: v{"source": {"my forum"}}, back: `watch --source "my forum"`},
		{line: `watch --source="a=b c"`, want: v{"source": {"a=b c"}}, back: `watch --source "a=b c"`},
		{line: "watch --source a=b", want: v{"source": {"a=b"}}},
		{line: "watch --source=", want: v{"source": {""}}, back: `watch --source=""`},
		{line: "watch --max_age 5", want: v{"max_age": {"5"}}, back: "watch --max-age 5"},
		{line: "watch --max-age -5", want: v{"max_age": {"-5"}}, back: "watch --max-age=-5"},
		{line: `watch --source="--style"`, want: v{"source": {"--style"}}, back: "watch --source=--style"},
		{line: "watch --source tag:x", want: v{"source": {"tag:x"}}},
		{line: "watch support --previews", want: v{"category": {"support"}, "previews": {"true"}}},
		{line: "watch --no-previews support", want: v{"category": {"support"}, "previews": {"false"}}, back: "watch support --no-previews"},
		{line: "watch --previews=maybe", want: v{"previews": {"maybe"}}},
		{line: "watch --previews no", want: v{"previews": {"no"}}, back: "watch --previews=no"},
		{line: "watch --previews ON support", want: v{"category": {"support"}, "previews": {"ON"}}, back: "watch support --previews=ON"},
		{line: `watch --previews "no"`, want: v{"category": {"no"}, "previews": {"true"}}, back: "watch no --previews"},
		{line: "watch --previews 1", want: v{"category": {"1"}, "previews": {"true"}}, back: "watch 1 --previews"},
		{line: "note @anna --public no worries", want: v{"to": {"@anna"}, "public": {"true"}, "text": {"no worries"}}},
		{line: "watch --category support --style full", want: v{"category": {"support"}, "style": {"full"}}, back: "watch support --style full"},
		{line: "watch --not-tag a --not_tag b", want: v{"not_tag": {"a", "b"}}, back: "watch -tag:a -tag:b"},
		{line: "watch -- --source", want: v{"category": {"--source"}}, back: `watch "--source"`},
		{line: "watch — tag:x", want: v{"category": {"tag:x"}}, back: `watch "tag:x"`},
		{line: `watch "--source"`, want: v{"category": {"--source"}}},
		{line: `watch \--source`, want: v{"category": {"--source"}}, back: `watch "--source"`},
		{line: "watch -5", want: v{"category": {"-5"}}},
		{line: "watch –5", want: v{"category": {"–5"}}},
		{line: "watch ---", want: v{"category": {"---"}}},

		{
			line: `watch --json {"category": "bug reports", "TAG": ["a", "b"], "max-age": 5, "previews": true, "source": null}`,
			want: v{"category": {"bug reports"}, "tag": {"a", "b"}, "max_age": {"5"}, "previews": {"true"}},
			back: `watch "bug reports" tag:a tag:b --max-age 5 --previews`,
		},
		{line: `watch support --json={"tag":"x y"}`, want: v{"category": {"support"}, "tag": {"x y"}}, back: `watch support tag:"x y"`},
		{line: `watch tag:z —json {“tag”: “x”}`, want: v{"tag": {"z", "x"}}, back: `watch tag:z tag:x`},
		{line: `watch --json {"tag": []}`, want: v{"tag": {""}}, back: `watch tag:""`},

		{line: "note @anna hello there", want: v{"to": {"@anna"}, "text": {"hello there"}}},
		{
			line: "note @anna  it's  \"as it  stands\" --public tag:x \n\n- a\n ", want: v{"to": {"@anna"}, "text": {"it's  \"as it  stands\" --public tag:x \n\n- a"}},
			back: "note @anna it's  \"as it  stands\" --public tag:x \n\n- a",
		},
		{line: `note @anna "open`, want: v{"to": {"@anna"}, "text": {`"open`}}},
		{line: "note @anna --public tag:x hello", want: v{"to": {"@anna"}, "public": {"true"}, "tag": {"x"}, "text": {"hello"}}},
		{line: "note @anna -- --public", want: v{"to": {"@anna"}, "text": {"--public"}}},
		{line: "note @anna tog:x", want: v{"to": {"@anna"}, "text": {"tog:x"}}},
		{line: `note --text "two words" @anna`, want: v{"to": {"@anna"}, "text": {"two words"}}, back: "note @anna two words"},
		{line: `note --text "two words"`, want: v{"text": {"two words"}}},
		{line: "note <@U1>", want: v{"to": {"<@U1>"}}},

		{line: "remove 1 2 3", want: v{"number": {"1", "2", "3"}}},
		{line: "remove 1,2", want: v{"number": {"1,2"}}, back: `remove "1,2"`},
		{line: "remove 1 --people @a, @b", want: v{"number": {"1"}, "people": {"@a", "@b"}}, back: "remove 1 --people @a --people @b"},
	} {
		t.Run(c.line, func(t *testing.T) {
			name, line, _ := strings.Cut(strings.ReplaceAll(c.line, "\u00a0", " \u00a0"), " ")
			f := forms()[name]
			got, err := form.Parse(f, line)
			require.NoError(t, err)
			require.Equal(t, c.want, got)
			if c.back == "" {
				c.back = c.line
			}
			require.Equal(t, c.back, strings.TrimSpace(name+" "+form.Print(f, got)))
		})
	}
}

func TestParseRefuses(t *testing.T) {
	for _, c := range []struct{ line, want, field string }{
		{line: `watch "open and so on`, want: `The quote " at character 1, before "open and so on", is not closed. Close it, or write \" if it is meant as it stands.`},
		{line: `watch ä tag:“open`, want: `The quote “ at character 7, before "open", is not closed. Close it, or write \“ if it is meant as it stands.`},
		{line: `note tag:"open`, want: `The quote " at character 5, before "open", is not closed. Close it, or write \" if it is meant as it stands.`},
		{line: "watch --sorce x", want: "--sorce is unknown. Did you mean --source?"},
		{line: "watch --no-preview", want: "--no-preview is unknown. Did you mean --no-previews?"},
		{line: "watch --no-source", want: "--no-source is unknown. Did you mean --source?"},
		{line: "watch --quiet", want: "--quiet is unknown. What fits here: [CATEGORY] [tag:NAME …] [-tag:NAME …] [text:TEXT …] [--source TEXT] [--style compact|full] [--max-age NUMBER] [--previews]"},
		{line: "nothing --x", want: "--x is unknown: nothing is expected here."},
		{line: "nothing x", want: `"x" is too much: nothing is expected here.`},
		{line: "note @anna --publik", want: "--publik is unknown. Did you mean --public?"},
		{line: "watch a b", want: `I do not know what "b" is for. What fits here: [CATEGORY] [tag:NAME …] [-tag:NAME …] [text:TEXT …] [--source TEXT] [--style compact|full] [--max-age NUMBER] [--previews]`},
		{line: "watch tog:x", want: `tog: is unknown. Did you mean tag:? If not, put "tog:x" in quotes.`},
		{line: "watch a tags:x", want: `tags: is unknown. Did you mean tag:? If not, put "tags:x" in quotes.`},
		{line: "watch source:meta", want: `"source:meta" is unknown here: write --source meta. If it is meant as it stands, put it in quotes.`, field: "source"},
		{line: "watch -source x", want: `"-source" has one - too few: write --source.`, field: "source"},
		{line: "watch --source", want: "--source needs a value after it: a text.", field: "source"},
		{line: "watch --source --previews", want: "--source needs a value after it: a text.", field: "source"},
		{line: "watch tag:", want: "tag: needs a value after it: a name.", field: "tag"},
		{line: "watch tag:,", want: "tag: needs a value after it: a name.", field: "tag"},
		{line: "watch --style", want: "--style needs a value after it: Compact or Full text.", field: "style"},
		{line: "watch --source a --source b", want: `--source is given twice: "a" and "b".`, field: "source"},
		{line: "watch a --category b", want: `--category is given twice: "a" and "b".`, field: "category"},
		{line: "watch --previews --no-previews", want: `--no-previews is given twice: "true" and "false".`, field: "previews"},
		{line: "watch --no-previews=yes", want: "--no-previews takes no value: write --no-previews or --previews.", field: "previews"},
		{line: "note --text a @anna more", want: `I do not know what "more" is for. What fits here: TO [--public] [tag:TEXT] [TEXT…]`},
		{line: "watch --json", want: `What stands after --json is no JSON object: there is nothing. Write it as {"name": "value"}, at the end of the line.`},
		{line: "watch --json [1]", want: `What stands after --json is no JSON object: it does not begin with {. Write it as {"name": "value"}, at the end of the line.`},
		{line: `watch --json {"tag"`, want: `What stands after --json is no JSON object: it ends too early. Write it as {"name": "value"}, at the end of the line.`},
		{line: `watch --json {"tag":"a"} b`, want: `What stands after --json is no JSON object: something follows the closing }. Write it as {"name": "value"}, at the end of the line.`},
		{line: `watch --json {"tg":"a"}`, want: "--tg is unknown. Did you mean --tag?"},
		{line: `watch --json {"source":"a","SOURCE":"b"}`, want: `source is given twice: "a" and "b".`, field: "source"},
		{line: `watch --json {"source":["a"]}`, want: "source takes one value, not a list.", field: "source"},
		{line: `watch --json {"source":{"a":1}}`, want: "source takes a text, a number or true or false, nothing within {} or [] and no null in a list.", field: "source"},
		{line: "watch " + strings.Repeat("x", form.MaxLine+1), want: "The line is too long: it has 65537 bytes, and 65536 are allowed."},
	} {
		t.Run(c.line[:min(40, len(c.line))], func(t *testing.T) {
			name, line, _ := strings.Cut(c.line, " ")
			_, err := form.Parse(forms()[name], line)
			require.EqualError(t, err, c.want)
			require.Equal(t, hub.CodeInvalid, hub.CodeOf(err))
			var he *hub.Error
			require.ErrorAs(t, err, &he)
			if c.field == "" {
				require.Empty(t, he.Fields)
			} else {
				require.Equal(t, map[string]string{c.field: c.want}, he.Fields)
			}
		})
	}
}
