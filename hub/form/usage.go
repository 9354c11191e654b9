package form

import (
	"fmt"
	"strings"

	"github.com/bellhop-chat/bellhop/hub"
)

// Usage shows how a function is written: "watch CATEGORY [tag:NAME …] [--source
// NAME]". What may be left out stands in brackets. name may be empty.
func Usage(name string, f hub.Form) string {
	in, rest := places(&f)
	words := strings.Fields(name)
	for _, field := range in {
		words = append(words, optional(field, placeholder(field)))
	}
	for i := range f.Fields {
		if field := &f.Fields[i]; field.Place == 0 && !field.Rest {
			words = append(words, optional(field, way(field)))
		}
	}
	if rest != nil {
		words = append(words, optional(rest, placeholder(rest)+"…"))
	}
	return strings.Join(words, " ")
}

// optional is the way to write a field with brackets if it may be left out, and
// dots if there may be more of it.
func optional(field *hub.Field, text string) string {
	if field.Multi {
		text += " …"
	}
	if !field.Required {
		text = "[" + text + "]"
	}
	return text
}

// way is how a field that has no place is written.
func way(field *hub.Field) string {
	switch {
	case field.Prefix != "":
		return field.Prefix + kind(field)
	case field.Type == hub.FieldBool && len(field.Value) > 0 && field.Value[0] == "true":
		return "--no-" + fold(field.Name)
	case field.Type == hub.FieldBool:
		return "--" + fold(field.Name)
	}
	return "--" + fold(field.Name) + " " + kind(field)
}

// placeholder stands for a field that needs no name.
func placeholder(field *hub.Field) string { return strings.ToUpper(fold(field.Name)) }

// kind stands for a value of a field. Few short choices are named.
func kind(field *hub.Field) string {
	switch field.Type {
	case hub.FieldSelect:
		var words []string
		letters := 0
		for _, option := range field.Options {
			words = append(words, option.Value)
			letters += len(option.Value)
		}
		if len(words) > 0 && len(words) <= 5 && letters <= 32 {
			return strings.Join(words, "|")
		}
		return "NAME"
	case hub.FieldUser:
		return "PERSON"
	case hub.FieldChannel:
		return "CHAT"
	case hub.FieldBool:
		return "yes|no"
	case hub.FieldDate:
		return "DATE"
	case hub.FieldDatetime:
		return "TIME"
	case hub.FieldFile:
		return "FILE"
	}
	switch field.Subtype {
	case hub.TextNumber:
		return "NUMBER"
	case hub.TextEmail:
		return "ADDRESS"
	case hub.TextURL:
		return "LINK"
	case hub.TextPhone:
		return "PHONE"
	}
	return "TEXT"
}

// expected says in words what a value of a field is, in plain text.
func expected(field *hub.Field) string {
	switch field.Type {
	case hub.FieldSelect:
		switch n := len(field.Options); {
		case field.Dynamic || n == 0:
			return "a name"
		case n > fewOptions:
			return fmt.Sprintf("one of %d choices", n)
		}
		var labels []string
		for _, option := range field.Options {
			labels = append(labels, optionLabel(option))
		}
		return or(labels)
	case hub.FieldUser:
		return "a person, such as @anna"
	case hub.FieldChannel:
		return "a chat, such as #general"
	case hub.FieldBool:
		return "yes or no"
	case hub.FieldDate:
		return "a date, such as 2026-11-21, today or tomorrow"
	case hub.FieldDatetime:
		return "a time, such as 2026-11-21 15:30, 15:30, tomorrow 9:00 or 2h"
	case hub.FieldFile:
		return "a file, or a link to it"
	}
	switch field.Subtype {
	case hub.TextNumber:
		return "a number, such as 5 or -1.5"
	case hub.TextEmail:
		return "an e-mail address, such as anna@example.org"
	case hub.TextURL:
		return "a link, such as https://example.org/page"
	case hub.TextPhone:
		return "a telephone number, such as +49 30 123456"
	case hub.TextPassword:
		return "a secret"
	}
	return "a text"
}

// label is what people call a field, in plain text.
func label(field *hub.Field) string {
	if field.Label != "" {
		return field.Label
	}
	return field.Name
}

func optionLabel(option hub.Option) string {
	if option.Label != "" {
		return option.Label
	}
	return option.Value
}

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

// shown is what a person sees of values: labels of options, words for bools, and
// nothing of a secret.
func shown(field *hub.Field, values []string) string {
	var words []string
	for _, value := range values {
		switch {
		case value == "":
			continue
		case field.Subtype == hub.TextPassword:
			value = "••••••"
		case field.Type == hub.FieldBool && value == "true":
			value = "yes"
		case field.Type == hub.FieldBool && value == "false":
			value = "no"
		case field.Type == hub.FieldDatetime:
			value = strings.Replace(value, "T", " ", 1)
		}
		for _, option := range field.Options {
			if option.Value == value {
				value = optionLabel(option)
				break
			}
		}
		words = append(words, value)
	}
	return strings.Join(words, ", ")
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
