package main

import (
	"regexp"
	"strings"
)

// chatID is a chat on the command line. Telegram's groups are negative numbers,
// which look like flags: shield marks them before the command line is parsed,
// and UnmarshalText takes the mark off.
type chatID string

const shielded = "\uE000" // a private character that nobody types

var negative = regexp.MustCompile(`^-[0-9]`)

func shield(args []string) []string {
	out := make([]string, len(args))
	for i, arg := range args {
		if negative.MatchString(arg) {
			arg = shielded + arg
		}
		out[i] = arg
	}
	return out
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (c *chatID) UnmarshalText(text []byte) error { //nolint:unparam // the interface has it
	*c = chatID(strings.TrimPrefix(string(text), shielded))
	return nil
}
