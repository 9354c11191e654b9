package form_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/form"
)

// now is a Saturday afternoon in Berlin.
func now(t testing.TB) time.Time {
	zone, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	return time.Date(2026, 11, 21, 15, 30, 0, 0, zone)
}

func TestValidateOne(t *testing.T) {
	text := hub.Field{Type: hub.FieldText}
	of := func(subtype string) hub.Field { return hub.Field{Type: hub.FieldText, Subtype: subtype} }
	typed := func(is hub.FieldType) hub.Field { return hub.Field{Type: is} }
	sized := hub.Field{Type: hub.FieldText, Min: 2, Max: 4}
	pattern := hub.Field{Type: hub.FieldText, Pattern: "[a-z]+|x1"}
	hinted := hub.Field{Type: hub.FieldText, Pattern: "[A-Z]+-[0-9]+", Hint: "BUG-12"}
	choice := hub.Field{Type: hub.FieldSelect, Options: []hub.Option{{Label: "Everything", Value: "all"}, {Label: "All caps", Value: "ALL"}, {Label: "Bug reports", Value: "bugs"}}}
	for _, c := range []struct {
		field       hub.Field
		given       string
		want, wrong string
	}{
		{text, "  a  b\u200b ", "a  b", ""},
		{text, "a\r\nb\tc\x00", "a b c", ""},
		{text, "a\xff", "a\uFFFD", ""},
		{text, "\u200b ", "", ""},
		{text, strings.Repeat("ä", form.MaxLength), strings.Repeat("ä", form.MaxLength), ""},
		{text, strings.Repeat("ä", form.MaxLength+1), "", "At most 40000 characters: you wrote 40001."},
		{sized, "ä", "", "At least 2 characters: you wrote 1."},
		{sized, "äöü", "äöü", ""},
		{sized, "äöüßz", "", "At most 4 characters: you wrote 5."},
		{pattern, "abc", "abc", ""},
		{pattern, "abc1", "", "This has not the form that is expected: [a-z]+|x1."},
		{pattern, "x1\nx1", "", "This has not the form that is expected: [a-z]+|x1."},
		{hinted, "x", "", "This has not the form that is expected, such as BUG-12."},
		{hub.Field{Type: hub.FieldText, Pattern: "("}, "x", "", "This cannot be checked, since the form is broken. Please tell whoever runs the bot."},
		{of(hub.TextLines), "\n \n  code\n\nmore \n", "  code\n\nmore", ""},
		{typed(hub.FieldMarkdown), "- a\r\n- b\n", "- a\n- b", ""},
		{of(hub.TextPassword), " x y ", " x y ", ""},

		{of(hub.TextNumber), "12", "12", ""},
		{of(hub.TextNumber), " −1.50 ", "-1.50", ""},
		{of(hub.TextNumber), "0", "0", ""},
		{of(hub.TextNumber), "01", "", `"01" is no plain number, such as 5 or -1.5.`},
		{of(hub.TextNumber), "+1", "", `"+1" is no plain number, such as 5 or -1.5.`},
		{of(hub.TextNumber), "1,000", "", `"1,000" is no plain number, such as 5 or -1.5.`},
		{of(hub.TextNumber), "1e9", "", `"1e9" is no plain number, such as 5 or -1.5.`},
		{of(hub.TextNumber), "NaN", "", `"NaN" is no plain number, such as 5 or -1.5.`},
		{of(hub.TextEmail), "Anna.B+x@Example.ORG", "Anna.B+x@example.org", ""},
		{of(hub.TextEmail), "<mailto:a@b.de>", "a@b.de", ""},
		{of(hub.TextEmail), "anna@exämple.org", "anna@exämple.org", ""},
		{of(hub.TextEmail), "anna@localhost", "", `"anna@localhost" is no e-mail address, such as anna@example.org.`},
		{of(hub.TextEmail), "a b@c.de", "", `"a b@c.de" is no e-mail address, such as anna@example.org.`},
		{of(hub.TextEmail), "a@b@c.de", "", `"a@b@c.de" is no e-mail address, such as anna@example.org.`},
		{of(hub.TextURL), "https://example.org/a?b=c#d", "https://example.org/a?b=c#d", ""},
		{of(hub.TextURL), "<http://example.org>", "http://example.org", ""},
		{of(hub.TextURL), "example.org/x", "https://example.org/x", ""},
		{of(hub.TextURL), "javascript:alert(1)", "", `"javascript:alert(1)" is no link, such as https://example.org/page.`},
		{of(hub.TextURL), "ftp://example.org", "", `"ftp://example.org" is no link, such as https://example.org/page.`},
		{of(hub.TextURL), "/path", "", `"/path" is no link, such as https://example.org/page.`},
		{of(hub.TextURL), "https://", "", `"https://" is no link, such as https://example.org/page.`},
		{of(hub.TextURL), "https://a b.de", "", `"https://a b.de" is no link, such as https://example.org/page.`},
		{of(hub.TextPhone), "+49 (30) 123-456", "+4930123456", ""},
		{of(hub.TextPhone), "tel:112", "112", ""},
		{of(hub.TextPhone), "12", "", `"12" is no telephone number, such as +49 30 123456.`},
		{of(hub.TextPhone), "030x123", "", `"030x123" is no telephone number, such as +49 30 123456.`},

		{typed(hub.FieldBool), "YES", "true", ""},
		{typed(hub.FieldBool), "on", "true", ""},
		{typed(hub.FieldBool), "1", "true", ""},
		{typed(hub.FieldBool), "false", "false", ""},
		{typed(hub.FieldBool), "Off", "false", ""},
		{typed(hub.FieldBool), "0", "false", ""},
		{typed(hub.FieldBool), "maybe", "", `"maybe" is neither yes nor no.`},

		{typed(hub.FieldDate), "2026-02-28", "2026-02-28", ""},
		{typed(hub.FieldDate), "2026-2-8", "2026-02-08", ""},
		{typed(hub.FieldDate), "2026-02-30", "", `"2026-02-30" is no date, such as 2026-11-21, today or tomorrow.`},
		{typed(hub.FieldDate), "8.2.2027", "2027-02-08", ""},
		{typed(hub.FieldDate), "8 feb 2027", "2027-02-08", ""},
		{typed(hub.FieldDate), "February 8, 2027", "2027-02-08", ""},
		{typed(hub.FieldDate), "11/12/2026", "", `"11/12/2026" is no date, such as 2026-11-21, today or tomorrow.`},
		{typed(hub.FieldDate), "Today", "2026-11-21", ""},
		{typed(hub.FieldDate), "tomorrow", "2026-11-22", ""},
		{typed(hub.FieldDate), "yesterday", "2026-11-20", ""},
		{typed(hub.FieldDate), "saturday", "2026-11-28", ""},
		{typed(hub.FieldDate), "next sun", "2026-11-22", ""},
		{typed(hub.FieldDate), "in 10 days", "2026-12-01", ""},
		{typed(hub.FieldDate), "2 weeks", "2026-12-05", ""},
		{typed(hub.FieldDate), "soon", "", `"soon" is no date, such as 2026-11-21, today or tomorrow.`},

		{typed(hub.FieldDatetime), "2026-11-21T15:04:05Z", "2026-11-21T15:04:05Z", ""},
		{typed(hub.FieldDatetime), "2026-11-21t15:04+02:00", "2026-11-21T15:04:00+02:00", ""},
		{typed(hub.FieldDatetime), "2026-11-22 9:05", "2026-11-22T09:05:00+01:00", ""},
		{typed(hub.FieldDatetime), "2026-07-01T09:05", "2026-07-01T09:05:00+02:00", ""},
		{typed(hub.FieldDatetime), "tomorrow at 09:00", "2026-11-22T09:00:00+01:00", ""},
		{typed(hub.FieldDatetime), "15:31", "2026-11-21T15:31:00+01:00", ""},
		{typed(hub.FieldDatetime), "15:30", "2026-11-22T15:30:00+01:00", ""},
		{typed(hub.FieldDatetime), "in 2 hours", "2026-11-21T17:30:00+01:00", ""},
		{typed(hub.FieldDatetime), "1h30m", "2026-11-21T17:00:00+01:00", ""},
		{typed(hub.FieldDatetime), "now", "2026-11-21T15:30:00+01:00", ""},
		{typed(hub.FieldDatetime), "tomorrow", "", `"tomorrow" lacks a time of day, such as 15:30.`},
		{typed(hub.FieldDatetime), "25:00", "", `"25:00" is no time, such as 2026-11-21 15:30, 15:30, tomorrow 9:00 or 2h.`},

		{choice, "all", "all", ""},
		{choice, "ALL", "ALL", ""},
		{choice, "All Caps", "ALL", ""},
		{choice, "everything", "all", ""},
		{choice, "BUGS", "bugs", ""},
		{choice, "Bug report", "", `"Bug report" is not among the choices. Did you mean Bug reports?`},
		{choice, "bugz", "", `"bugz" is not among the choices. Did you mean bugs?`},
		{choice, "zzzz", "", `"zzzz" is not among the choices. Choose Everything, All caps or Bug reports.`},

		{typed(hub.FieldUser), " <@U1> ", "<@U1>", ""},
		{typed(hub.FieldChannel), "#general", "#general", ""},
		{hub.Field{Type: hub.FieldSelect, Dynamic: true}, "Anything", "Anything", ""},
	} {
		t.Run(string(c.field.Type)+c.field.Subtype+"/"+c.given[:min(30, len(c.given))], func(t *testing.T) {
			c.field.Name, c.field.Label = "x", "X"
			f := hub.Form{Fields: []hub.Field{c.field}}
			got, wrong := form.Validate(f, hub.Values{"x": {c.given}}, now(t))
			require.Equal(t, c.wrong, wrong["x"])
			require.Equal(t, c.want, got.Get("x"))
			again, wrong := form.Validate(f, got, now(t).AddDate(1, 0, 0))
			require.Empty(t, wrong)
			require.Equal(t, got, again, "what was validated stays as it is")
		})
	}
}

func TestValidate(t *testing.T) {
	f := hub.Form{Fields: []hub.Field{
		{Name: "name", Type: hub.FieldText, Required: true},
		{Name: "tags", Type: hub.FieldText, Multi: true, Max: 5},
		{Name: "note", Type: hub.FieldText},
		{Name: "flag", Type: hub.FieldBool, Required: true},
	}}
	got, wrong := form.Validate(f, hub.Values{"name": {"x"}, "tags": {"a", "", "b", "a "}, "note": {" "}, "flag": {"no"}, "gone": {"x"}, "_field": {"name"}}, now(t))
	require.Nil(t, wrong)
	require.Equal(t, hub.Values{"name": {"x"}, "tags": {"a", "b"}, "flag": {"false"}}, got)

	got, wrong = form.Validate(f, hub.Values{"tags": {"a", "far too long"}, "note": {"a", "b"}, "flag": {"?"}}, now(t))
	require.Empty(t, got)
	require.Equal(t, map[string]string{
		"name": "This is required.", "tags": "At most 5 characters: you wrote 12.",
		"note": "One value is enough: you gave 2.", "flag": `"?" is neither yes nor no.`,
	}, wrong)

	many := make([]string, form.MaxValues+1)
	for i := range many {
		many[i] = strings.Repeat("x", i%5+1) + string(rune('a'+i%26))
	}
	_, wrong = form.Validate(hub.Form{Fields: []hub.Field{{Name: "tags", Type: hub.FieldText, Multi: true}}}, hub.Values{"tags": many}, now(t))
	require.Equal(t, map[string]string{"tags": "At most 100 values: you gave more."}, wrong)
}

func TestValidateLooksUp(t *testing.T) {
	f := watch()
	lookup := func(field, query string) ([]hub.Option, error) {
		switch {
		case field == "category" && strings.HasPrefix(strings.ToLower(query), "sup"):
			return []hub.Option{{Label: "Support", Value: "4"}, {Label: "Suppers", Value: "5"}}, nil
		case field == "tag":
			return nil, errors.New("away")
		}
		return nil, nil
	}
	got, wrong := form.Validate(f, hub.Values{"category": {"support"}}, now(t), lookup)
	require.Nil(t, wrong)
	require.Equal(t, hub.Values{"category": {"4"}}, got)
	_, wrong = form.Validate(f, hub.Values{"category": {"zzz"}, "tag": {"a"}, "not_tag": {"b"}}, now(t), lookup)
	require.Equal(t, map[string]string{
		"category": `Nothing is called "zzz".`,
		"tag":      "This could not be checked just now. Please try again in a minute.",
		"not_tag":  `Nothing is called "b".`,
	}, wrong)
	_, wrong = form.Validate(f, hub.Values{"category": {"suppor"}}, now(t), lookup)
	require.Equal(t, map[string]string{"category": `"suppor" is not among the choices. Did you mean Support or Suppers?`}, wrong)
}

func TestMissingAndDefaults(t *testing.T) {
	f := hub.Form{Fields: []hub.Field{
		{Name: "a", Required: true}, {Name: "b"}, {Name: "c", Required: true, Value: []string{"x"}}, {Name: "d", Value: []string{"y"}},
	}}
	v := hub.Values{"a": {""}, "d": {""}, "z": {"1"}}
	missing := form.Missing(f, v)
	require.Len(t, missing, 2)
	require.Equal(t, "a", missing[0].Name)
	require.Equal(t, "c", missing[1].Name)
	require.Equal(t, hub.Values{"a": {""}, "c": {"x"}, "d": {""}, "z": {"1"}}, form.Defaults(f, v))
	require.Equal(t, hub.Values{"a": {""}, "d": {""}, "z": {"1"}}, v, "what was given is left alone")
	require.Equal(t, []string{"z"}, form.Unknown(f, v))
	require.Empty(t, form.Missing(f, hub.Values{"a": {"0"}, "c": {"false"}}))
}
