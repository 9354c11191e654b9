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
	case field.Type == hub.FieldBool && field.Required && len(field.Value) == 0:
		return "--[no-]" + fold(field.Name)
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
