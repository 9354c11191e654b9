package rules

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/bellhop-chat/bellhop/hub"
)

// Bounds of a row. They are far above what people need.
const (
	maxFilters = 16
	maxValues  = 200
	maxValue   = 200
	maxExcerpt = 4000
	maxReader  = 60
)

// Validate says what is wrong with a row, by field: {"mode": "…"}. Nothing is
// an empty map.
func Validate(s hub.Subscription) map[string]string {
	bad := map[string]string{}
	if !hub.ValidName(string(s.System)) {
		bad["system"] = "is required: the name of a configured system, such as slack"
	}
	if s.Chat.ID == "" || len(s.Chat.ID) > 255 || !printable(s.Chat.ID) {
		bad["chat"] = "is required: a chat of the system, 1 to 255 bytes"
	}
	if s.Source != "" && !hub.ValidName(string(s.Source)) {
		bad["source"] = "is not the name of a source; leave it out to hear every source"
	}
	if !slices.Contains(hub.Modes(), s.Mode) {
		bad["mode"] = fmt.Sprintf("is %q: one of %s", s.Mode, join(hub.Modes()))
	}
	if len(s.Filters) > maxFilters {
		bad["filters"] = fmt.Sprintf("are %d, at most %d", len(s.Filters), maxFilters)
	}
	seen := map[string]bool{}
	for i, f := range s.Filters {
		field := fmt.Sprintf("filters[%d]", i)
		if problem := filterProblem(f); problem != "" {
			bad[field] = problem
		}
		if f.As == hub.AsMention {
			f.As = "" // which means the same
		}
		if key := string(f.Type) + f.As; seen[key] {
			bad[field] = fmt.Sprintf("is a second %s filter: put its values into the first", f.Type)
		} else {
			seen[key] = true
		}
	}
	options(s.Options, bad)
	return bad
}

func filterProblem(f hub.Filter) string {
	values := slices.Concat(f.Any, f.All, f.None)
	if len(values) > maxValues {
		return fmt.Sprintf("holds %d values, at most %d", len(values), maxValues)
	}
	for _, v := range values {
		if len(v) > maxValue || !printable(v) {
			return fmt.Sprintf("holds a value that is not printable or longer than %d bytes", maxValue)
		}
	}
	if _, err := readFilter(f, nil); err != nil {
		return err.Error()
	}
	if f.Type == hub.FilterCategory && len(f.All) > 0 {
		return "asks for all of several categories: a topic is in one; use any"
	}
	if f.Type == hub.FilterTopic && len(f.All) > 0 {
		return "asks for all of several topics: a post is in one; use any"
	}
	return ""
}

func options(o hub.Options, bad map[string]string) {
	styles := []hub.Style{"", hub.StyleCompact, hub.StyleNormal, hub.StyleFull}
	if !slices.Contains(styles, o.Style) {
		bad["options.style"] = fmt.Sprintf("is %q: one of %s", o.Style, join(styles[1:]))
	}
	if o.Excerpt < 0 || o.Excerpt > maxExcerpt {
		bad["options.excerpt"] = fmt.Sprintf("is %d: 0 to %d characters", o.Excerpt, maxExcerpt)
	}
	threadings := []hub.Threading{"", hub.ThreadReplies, hub.ThreadFlat, hub.ThreadBoth}
	if !slices.Contains(threadings, o.Thread) {
		bad["options.thread"] = fmt.Sprintf("is %q: one of %s", o.Thread, join(threadings[1:]))
	}
	if o.Delay != "" {
		if d, err := time.ParseDuration(o.Delay); err != nil || d < 0 || d > hub.MaxDelay {
			bad["options.delay"] = fmt.Sprintf("is %q: a time such as 20s or 5m, from 0s to %s", o.Delay, hub.MaxDelay)
		}
	}
	if o.MaxAge != "" {
		if d, err := time.ParseDuration(o.MaxAge); err != nil || d < hub.LeastMaxAge || d > hub.MostMaxAge {
			bad["options.max_age"] = fmt.Sprintf("is %q: a time such as 30m or 24h, from %s to %s", o.MaxAge, hub.LeastMaxAge, hub.MostMaxAge)
		}
	}
	if o.Digest != "" {
		if _, err := hub.ParseRhythm(o.Digest); err != nil {
			bad["options.digest"] = "is " + err.Error()
		}
	}
	if o.Buttons != "" && o.Buttons != "on" && o.Buttons != "off" {
		bad["options.buttons"] = fmt.Sprintf("is %q: on or off", o.Buttons)
	}
	if n := utf8.RuneCountInString(o.ReadAs); n > maxReader || !printable(o.ReadAs) || strings.ContainsFunc(o.ReadAs, unicode.IsSpace) {
		bad["options.read_as"] = fmt.Sprintf("is no username of the forum: 1 to %d characters without blanks; leave it out for the source's reader", maxReader)
	}
}

func printable(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, unicode.IsControl)
}
