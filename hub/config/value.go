package config

import (
	"encoding"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/pelletier/go-toml/v2"
)

const day = 24 * time.Hour

// Size is a number of bytes, written as 1048576 or "1MiB".
type Size int64

// UnmarshalText reads a size with or without a unit.
func (s *Size) UnmarshalText(text []byte) error {
	number, factor := string(text), int64(1)
	for unit, f := range map[string]int64{"KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30} {
		if n, found := strings.CutSuffix(number, unit); found {
			number, factor = strings.TrimSpace(n), f
		}
	}
	n, err := strconv.ParseInt(number, 10, 64)
	if err != nil || n < 0 || n > math.MaxInt64/factor {
		return fmt.Errorf(`is %q, want a number of bytes such as 1048576 or "1MiB"`, text)
	}
	*s = Size(n * factor)
	return nil
}

// ParseDuration reads "20s", "15m", "72h", "30d" and sums of them such as
// "1d12h".
func ParseDuration(s string) (time.Duration, error) {
	bad := fmt.Errorf(`is %q, want a duration such as "20s", "15m", "72h" or "30d"`, s)
	var days time.Duration
	rest := s
	if before, after, found := strings.Cut(s, "d"); found {
		n, err := strconv.ParseUint(before, 10, 16)
		if err != nil {
			return 0, bad
		}
		days, rest = time.Duration(n)*day, after
		if rest == "" {
			return days, nil
		}
	}
	d, err := time.ParseDuration(rest)
	if err != nil || d < 0 || d > math.MaxInt64-days {
		return 0, bad
	}
	return days + d, nil
}

func parseLevel(s string) (slog.Level, error) {
	levels := map[string]slog.Level{
		"debug": slog.LevelDebug, "info": slog.LevelInfo, "warn": slog.LevelWarn, "error": slog.LevelError,
	}
	level, known := levels[s]
	if !known {
		return 0, fmt.Errorf("is %q, want debug, info, warn or error", s)
	}
	return level, nil
}

// setText sets v from the text of a flag or a variable.
func setText(v reflect.Value, text string) error {
	switch {
	case v.Kind() == reflect.Bool:
		b, err := strconv.ParseBool(text)
		if err != nil {
			return fmt.Errorf("is %q, want true or false", text)
		}
		return set(v, b)
	case v.Type() == reflect.TypeFor[int]() || v.Type() == reflect.TypeFor[int64]():
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return fmt.Errorf("is %q, want an integer", text)
		}
		return set(v, n)
	case v.Kind() == reflect.Slice:
		var list []any
		for part := range strings.SplitSeq(text, ",") {
			list = append(list, strings.TrimSpace(part))
		}
		return set(v, list)
	}
	return set(v, text)
}

// set sets v from a value of the file.
func set(v reflect.Value, x any) error {
	text, isText := x.(string)
	switch to := v.Addr().Interface().(type) {
	case *time.Duration:
		return setParsed(to, x, ParseDuration)
	case *slog.Level:
		return setParsed(to, x, parseLevel)
	case encoding.TextUnmarshaler:
		if !isText {
			break
		}
		return plain(to.UnmarshalText([]byte(text)), text)
	}
	if list, isList := x.([]any); isList && v.Kind() == reflect.Slice {
		return setList(v, list)
	}
	return setScalar(v, x)
}

// setParsed sets what is written as text, though 0 needs no quotes.
func setParsed[T any](to *T, x any, parse func(string) (T, error)) error {
	if x == int64(0) {
		x = "0"
	}
	text, isText := x.(string)
	if !isText {
		return fmt.Errorf("is %s, want a string", kindOf(x))
	}
	parsed, err := parse(text)
	if err == nil {
		*to = parsed
	}
	return err
}

// plain keeps our own words and makes some of a library's.
func plain(err error, text string) error {
	if err == nil || strings.HasPrefix(err.Error(), "is ") {
		return err
	}
	return fmt.Errorf("is %q, which cannot be read: %w", text, err)
}

func setList(v reflect.Value, list []any) error {
	made := reflect.MakeSlice(v.Type(), len(list), len(list))
	for i, x := range list {
		if err := set(made.Index(i), x); err != nil {
			return fmt.Errorf("item %d %w", i+1, err)
		}
	}
	v.Set(made)
	return nil
}

func setScalar(v reflect.Value, x any) error {
	switch x := x.(type) {
	case string:
		if v.Kind() == reflect.String {
			v.SetString(x)
			return nil
		}
	case bool:
		if v.Kind() == reflect.Bool {
			v.SetBool(x)
			return nil
		}
	case int64:
		if v.CanInt() {
			return setInt(v, x)
		}
	}
	return fmt.Errorf("is %s, want %s", kindOf(x), wanted(v.Type()))
}

func setInt(v reflect.Value, n int64) error {
	if v.OverflowInt(n) {
		return errors.New("is too large")
	}
	v.SetInt(n)
	return nil
}

// kindOf names what stands in the file, not its value: that may be a secret.
func kindOf(x any) string {
	switch x.(type) {
	case string:
		return "a string"
	case bool:
		return "true or false"
	case int64:
		return "an integer"
	case float64:
		return "a number"
	case []any:
		return "a list"
	case map[string]any:
		return "a table"
	case time.Time, toml.LocalDate, toml.LocalTime, toml.LocalDateTime:
		return "a date"
	}
	return "something else"
}

func wanted(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Bool:
		return "true or false"
	case reflect.Int, reflect.Int64:
		return "an integer"
	case reflect.Slice:
		return "a list"
	}
	return "a string"
}
