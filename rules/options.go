package rules

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/bellhop-chat/bellhop/hub"
)

// ParseLine reads a line of the text form as ParseRow does, and a fourth cell
// with what the tokens have no place for, between blanks:
//
//	slack | #general | c/support | source=meta delay=0s style=compact unlisted off
//
// The keys are source, delay, max_age, digest, buttons, read_as, style, excerpt and
// thread; unlisted and off stand alone. Values are percent-encoded like those of tokens.
func ParseLine(line string) ([]hub.Subscription, error) {
	cells := strings.Split(line, "|")
	switch {
	case len(cells) < 4:
		return ParseRow(line)
	case len(cells) > 4:
		return nil, fmt.Errorf("%q: has %d parts between bars, at most 4: system | chat | rules | options; a bar within a value is written %%7C", line, len(cells))
	}
	rows, err := ParseRow(strings.Join(cells[:3], "|"))
	if err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	for word := range strings.FieldsSeq(cells[3]) {
		key, value, valued := strings.Cut(word, "=")
		if seen[key] {
			return nil, fmt.Errorf("%q: %s is given twice", line, key)
		}
		seen[key] = true
		value, err := decode(value)
		if err != nil {
			return nil, err
		}
		for i := range rows {
			if err := setOption(&rows[i], key, value, valued); err != nil {
				return nil, fmt.Errorf("%q: %w", line, err)
			}
		}
	}
	return rows, nil
}

func setOption(row *hub.Subscription, key, value string, valued bool) error {
	switch key {
	case "unlisted", "off":
		if valued {
			return fmt.Errorf("%s stands alone, without a value", key)
		}
		if key == "off" {
			row.Enabled = false
		} else {
			row.Options.Unlisted = true
		}
		return nil
	}
	if value == "" {
		return fmt.Errorf("%q is no option: source=NAME, delay=20s, max_age=24h, digest=15m, buttons=off, read_as=USER, style=compact, excerpt=200, thread=both, unlisted or off", key)
	}
	switch key {
	case "source":
		row.Source = hub.Source(value)
	case "delay":
		row.Options.Delay = value
	case "max_age":
		row.Options.MaxAge = value
	case "digest":
		row.Options.Digest = value
	case "buttons":
		row.Options.Buttons = value
	case "read_as":
		row.Options.ReadAs = value
	case "style":
		row.Options.Style = hub.Style(value)
	case "thread":
		row.Options.Thread = hub.Threading(value)
	case "excerpt":
		n, err := strconv.Atoi(value)
		if err != nil {
			return fmt.Errorf("excerpt=%s is no number", value)
		}
		row.Options.Excerpt = n
	default:
		return fmt.Errorf("%q is no option: source, delay, max_age, digest, read_as, style, excerpt, thread, unlisted, off", key)
	}
	return nil
}

// FormatLine prints a row as ParseLine reads it. Who made it, when, and what is
// wrong with it have no place in it.
func FormatLine(s hub.Subscription) string {
	line := FormatRow(s)
	var cell []string
	for _, o := range []struct{ key, value string }{
		{"source", string(s.Source)},
		{"delay", s.Options.Delay},
		{"max_age", s.Options.MaxAge},
		{"digest", s.Options.Digest},
		{"buttons", s.Options.Buttons},
		{"read_as", s.Options.ReadAs},
		{"style", string(s.Options.Style)},
		{"thread", string(s.Options.Thread)},
	} {
		if o.value != "" {
			cell = append(cell, o.key+"="+encode(o.value, special))
		}
	}
	if s.Options.Excerpt != 0 {
		cell = append(cell, "excerpt="+strconv.Itoa(s.Options.Excerpt))
	}
	if s.Options.Unlisted {
		cell = append(cell, "unlisted")
	}
	if !s.Enabled {
		cell = append(cell, "off")
	}
	if len(cell) == 0 {
		return line
	}
	return line + " | " + strings.Join(cell, " ")
}
