package hub

import (
	"errors"
	"fmt"
)

// Code classifies an error that a person may see.
type Code string

// The codes.
const (
	CodeInvalid      Code = "invalid"      // the asker's mistake
	CodeNotFound     Code = "not_found"    // no such thing
	CodeConflict     Code = "conflict"     // it is there already, or has changed meanwhile
	CodeUnauthorized Code = "unauthorized" // who are you
	CodeForbidden    Code = "forbidden"    // you may not
	CodeUnavailable  Code = "unavailable"  // try again later
	CodeInternal     Code = "internal"     // our mistake
)

// Error is an error for people: Message says what is wrong and how to mend it.
type Error struct {
	Code    Code
	Message string
	Fields  map[string]string // per field, where a form or a body was wrong
}

func (e *Error) Error() string { return e.Message }

// Errorf makes an Error.
func Errorf(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// CodeOf is the code of err, CodeInternal if it has none and "" for nil.
func CodeOf(err error) Code {
	if err == nil {
		return ""
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	return CodeInternal
}
