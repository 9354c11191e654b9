package form

import (
	"fmt"
	"strings"

	"github.com/bellhop-chat/bellhop/hub"
)

// Help explains a function in CommonMark. summary is plain text, detail is
// CommonMark, examples are lines as they are typed.
func Help(name, summary, detail string, f hub.Form, examples []string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "**%s**", escape(name))
	if summary != "" {
		b.WriteString(": " + escape(summary))
	}
	b.WriteString("\n\n" + code(Usage(name, f)) + "\n")
	if detail = strings.TrimSpace(detail); detail != "" {
		b.WriteString("\n" + detail + "\n")
	}
	if len(f.Fields) > 0 {
		b.WriteString("\n")
	}
	for i := range f.Fields {
		b.WriteString("- " + helpField(&f.Fields[i]) + "\n")
	}
	if len(examples) > 0 {
		b.WriteString("\nExamples:\n\n")
	}
	for _, example := range examples {
		b.WriteString("- " + code(example) + "\n")
	}
	return b.String()
}

// helpField explains one field, in a line.
func helpField(field *hub.Field) string {
	text := way(field)
	switch {
	case field.Rest:
		text = placeholder(field) + "…"
	case field.Place > 0:
		text = placeholder(field)
	}
	about := label(field)
	if field.Description != "" {
		about = field.Description
	}
	parts := []string{escape(about)}
	if field.Type != hub.FieldText && field.Type != hub.FieldMarkdown && field.Type != hub.FieldBool && !field.Dynamic || field.Subtype != "" {
		parts = append(parts, escape(expected(field)))
	}
	if size := sizes(field); size != "" {
		parts = append(parts, size)
	}
	if field.Multi {
		parts = append(parts, "more than one if you like")
	}
	if field.Required {
		parts = append(parts, "required")
	}
	if len(field.Value) > 0 && field.Subtype != hub.TextPassword && field.Type != hub.FieldBool {
		parts = append(parts, "else "+escape(short(shown(field, field.Value))))
	}
	return code(text) + ": " + strings.Join(parts, "; ")
}

// sizes says how long a value may be, "" if that does not matter.
func sizes(field *hub.Field) string {
	switch {
	case field.Min > 0 && field.Max > 0 && field.Min == field.Max:
		return characters(field.Min)
	case field.Min > 1 && field.Max > 0:
		return fmt.Sprintf("%d to %s", field.Min, characters(field.Max))
	case field.Max > 0:
		return "at most " + characters(field.Max)
	case field.Min > 1:
		return "at least " + characters(field.Min)
	}
	return ""
}

func characters(n int) string {
	if n == 1 {
		return "1 character"
	}
	return fmt.Sprintf("%d characters", n)
}

// escape is plain text as CommonMark. Only what can begin markup where it stands
// is escaped, so that a platform that shows CommonMark as it is shows words.
func escape(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	var b strings.Builder
	for i, r := range text {
		switch {
		case strings.ContainsRune("\\`*_[]<>|~&", r),
			i == 0 && strings.ContainsRune("#+-=", r),
			(r == '.' || r == ')') && i > 0 && strings.Trim(text[:i], "0123456789") == "":
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// code is text in a code span, whatever backticks it has.
func code(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	if text == "" {
		return ""
	}
	longest, run := 0, 0
	for _, r := range text {
		if run++; r != '`' {
			run = 0
		}
		longest = max(longest, run)
	}
	fence := strings.Repeat("`", longest+1)
	if strings.HasPrefix(text, "`") || strings.HasSuffix(text, "`") {
		text = " " + text + " "
	}
	return fence + text + fence
}
