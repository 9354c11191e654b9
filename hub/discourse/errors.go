package discourse

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// ErrNotFound says that there is no such thing on the forum, or none that the
// asker may see: the forum does not tell one from the other.
var ErrNotFound = errors.New("the forum has no such thing, or does not show it")

// AwayError says that the forum did not answer, or not now. It is temporary.
type AwayError struct {
	After time.Duration // how long the forum wants to be left alone; 0: it did not say
	Err   error
}

func (e *AwayError) Error() string {
	if e.After > 0 {
		return fmt.Sprintf("%v (again in %v)", e.Err, e.After.Round(time.Second))
	}
	return e.Err.Error()
}

func (e *AwayError) Unwrap() error { return e.Err }

// RefusedError says that the forum will not answer before somebody mends a
// setting.
type RefusedError struct {
	Setting string // of the source: url, api_key, api_user or read_as
	Reason  string // what is wrong with it and how to mend it
}

func (e *RefusedError) Error() string { return e.Setting + ": " + e.Reason }

// absent is an answer that there is no such thing, with the status that said so.
type absent struct {
	where   string
	status  int
	message string
}

func (e *absent) Error() string {
	text := fmt.Sprintf("%s: %d %s", e.where, e.status, http.StatusText(e.status))
	if e.message != "" {
		text += ": " + e.message
	}
	return text
}

func (e *absent) Unwrap() error { return ErrNotFound }

// maxAfter is the longest that a forum is left alone: a limit per day would
// silence the hub for as long, and asking once an hour harms nobody.
const maxAfter = time.Hour

// retryAfter reads Retry-After, in seconds or as a date.
// https://www.rfc-editor.org/rfc/rfc9110#name-retry-after
func retryAfter(header string, now time.Time) time.Duration {
	if n, err := strconv.Atoi(header); err == nil {
		return seconds(float64(n))
	}
	if at, err := http.ParseTime(header); err == nil {
		return seconds(at.Sub(now).Seconds())
	}
	return 0
}

func seconds(n float64) time.Duration {
	if !(n > 0) { // also what is no number
		return 0
	}
	return time.Duration(min(n, maxAfter.Seconds()) * float64(time.Second))
}

func isAbsent(err error) bool {
	_, ok := errors.AsType[*absent](err)
	return ok
}
