package main

import (
	"reflect"
	"regexp"
	"strings"

	"github.com/alecthomas/kong"
)

// chatID is a chat on the command line. Telegram's groups are negative numbers,
// which look like flags: shield marks what begins like one before the command line is
// parsed, and UnmarshalText takes the mark off, as unshielded does of any other text.
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

// unshielded is how kong reads a text.
func unshielded(ctx *kong.DecodeContext, target reflect.Value) error {
	var text string
	if err := ctx.Scan.PopValueInto("string", &text); err != nil {
		return err
	}
	target.SetString(strings.TrimPrefix(text, shielded))
	return nil
}
