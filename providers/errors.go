package providers

import (
	"errors"
	"fmt"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
)

// Error says how an attempt ended. Err's text is for an operator: it names the
// side that is wrong and, where one is known, the step that mends it. It never
// holds a secret, nor a URL that does.
type Error struct {
	Fault hub.Fault
	Op    string        // the platform's word for the call: "chat.postMessage"
	After time.Duration // of a RateLimited one: how long the platform asks us to wait; 0 if it did not say
	Err   error
}

func (e *Error) Error() string { return fmt.Sprintf("%s: %s", e.Op, e.Err) }

func (e *Error) Unwrap() error { return e.Err }

// FaultOf is the fault of err: FaultTemporary for any error that names none,
// since a wrong guess that retries loses nothing.
func FaultOf(err error) hub.Fault {
	if e, ok := errors.AsType[*Error](err); ok && e.Fault != "" {
		return e.Fault
	}
	return hub.FaultTemporary
}

// AfterOf is how long the platform asked to wait, 0 if it did not say.
func AfterOf(err error) time.Duration {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.After
	}
	return 0
}
