package slacktest

import (
	"fmt"
	"net/mail"
	"net/url"
	"slices"
	"strconv"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

// write puts values into a field of an open modal, as a person can: what is not
// offered cannot be chosen.
func (s Stage) write(t testing.TB, v *view, name string, values []string) {
	t.Helper()
	b := v.block(name)
	require.NotNil(t, b, "there is no field %q in the dialog", name)
	f := field{Type: b.Element.Type}
	switch b.Element.Type {
	case "static_select", "external_select":
		if len(values) > 0 {
			o := s.offered(t, v, b, name, values[0])
			f.SelectedOption = &o
		}
	case "multi_static_select", "multi_external_select":
		for _, value := range values {
			f.SelectedOptions = append(f.SelectedOptions, s.offered(t, v, b, name, value))
		}
	case "checkboxes":
		if first(values) == "true" {
			f.SelectedOptions = b.Element.Options
		}
	case "users_select":
		f.SelectedUser = first(values)
	case "multi_users_select":
		f.SelectedUsers = values
	case "conversations_select":
		f.Conversation = first(values)
	case "multi_conversations_select":
		f.Conversations = values
	case "datepicker":
		_, err := time.Parse(time.DateOnly, first(values))
		require.NoError(t, err, "a calendar has no such day")
		f.Date = first(values)
	case "datetimepicker":
		at, err := time.Parse(time.RFC3339, first(values))
		require.NoError(t, err, "a calendar has no such time")
		f.DateTime = at.Unix()
	case "file_input":
		for _, name := range values {
			f.Files = append(f.Files, upload{ID: s.next("F"), Name: name})
		}
	default:
		f.Value = first(values)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if open := s.views[v.id]; open != nil {
		open.state[b.BlockID] = f
	}
}

func first(values []string) string {
	if len(values) == 0 {
		return ""
	}
	return values[0]
}

// offered is the option with a value or a label among those that can be chosen.
func (s Stage) offered(t testing.TB, v *view, b *Block, name, want string) Option {
	t.Helper()
	options := b.Element.all()
	if len(options) == 0 {
		options = s.suggestions(t, v, name, want)
	}
	i := slices.IndexFunc(options, func(o Option) bool { return o.Value == want || o.Text.Text == want })
	require.GreaterOrEqual(t, i, 0, "%q is not offered for %q", want, name)
	return options[i]
}

// checked is what Slack's client does not let a person send, by field.
func (s Stage) checked(v *view) map[string]string {
	now := s.openModal(v.id)
	errs := map[string]string{}
	for _, b := range now.Blocks {
		if b.Type != "input" {
			continue
		}
		held := now.state[b.BlockID]
		if what := wrong(b, held); what != "" {
			errs[fieldName(b.BlockID)] = what
		}
	}
	return errs
}

func wrong(b Block, held field) string {
	if len(held.held()) == 0 {
		if b.Optional {
			return ""
		}
		return "Please complete this required field."
	}
	switch b.Element.Type {
	case "plain_text_input":
		n := utf8.RuneCountInString(held.Value)
		if n < b.Element.MinLength {
			return fmt.Sprintf("This must be at least %d characters long.", b.Element.MinLength)
		}
		if most := max(b.Element.MaxLength, 0); most > 0 && n > most || n > 3000 {
			return fmt.Sprintf("This can be at most %d characters long.", min(max(most, 1), 3000))
		}
	case "number_input":
		if _, err := strconv.ParseFloat(held.Value, 64); err != nil {
			return "Enter a number."
		}
	case "email_text_input":
		if _, err := mail.ParseAddress(held.Value); err != nil {
			return "Enter a valid email address."
		}
	case "url_text_input":
		if u, err := url.Parse(held.Value); err != nil || u.Host == "" {
			return "Enter a valid URL."
		}
	}
	return ""
}
