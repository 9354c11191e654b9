package store

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// text is a string as it stands in a column. PostgreSQL refuses NUL and broken
// UTF-8, which a sender's JSON may well hold ("\u0000"): a notification must
// not be lost over that.
func text[T ~string](v T) string {
	return strings.ToValidUTF8(strings.ReplaceAll(string(v), "\x00", "\uFFFD"), "\uFFFD")
}

// flag is a truth as it stands in a column.
func flag(v bool) int {
	if v {
		return 1
	}
	return 0
}

// micros is a time as it stands in a column; the zero time is 0.
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// microsOrNow is micros of a time by which rows grow old: one that was not told
// is now, or the row would be pruned at once.
func microsOrNow(t time.Time) int64 {
	if t.IsZero() {
		t = clock()
	}
	return micros(t)
}

// clock is the time now, as exact as a column keeps it.
func clock() time.Time { return stored(time.Now()) }

// stored is t as it will be read back.
func stored(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return time.UnixMicro(t.UnixMicro()).UTC()
}

// timeColumn reads what micros wrote.
type timeColumn struct{ into *time.Time }

func (c timeColumn) Scan(v any) error {
	n, ok := v.(int64)
	if !ok {
		return fmt.Errorf("time is stored as %T", v)
	}
	*c.into = time.Time{}
	if n != 0 {
		*c.into = time.UnixMicro(n).UTC()
	}
	return nil
}

// document is a value as JSON in a column.
func document(v any) (string, error) {
	b, err := json.Marshal(v)
	return string(b), err
}

// jsonColumn reads what document wrote. An empty column leaves the zero value.
type jsonColumn struct{ into any }

func (c jsonColumn) Scan(v any) error {
	s, ok := v.(string)
	if !ok {
		return fmt.Errorf("JSON is stored as %T", v)
	}
	if s == "" {
		return nil
	}
	return json.Unmarshal([]byte(s), c.into)
}
