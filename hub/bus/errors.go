package bus

import (
	"errors"
	"fmt"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/nats-io/nats.go/jetstream"
)

// ErrUnavailable says that the bus did not take a message: nothing was
// acknowledged, the same call may be made again later.
var ErrUnavailable error = hub.Errorf(hub.CodeUnavailable, "the bus does not store messages at the moment, try again later")

// Errors of a Claim.
var (
	ErrOwned = errors.New("another worker owns this partition")
	ErrLost  = errors.New("the partition is no longer ours")
	ErrGone  = errors.New("the message has been removed")
)

func unavailable(what string, err error) error {
	return fmt.Errorf("%s: %w: %w", what, ErrUnavailable, err)
}

// isAPI reports whether the server refused with the code.
func isAPI(err error, code jetstream.ErrorCode) bool {
	e, ok := errors.AsType[*jetstream.APIError](err)
	return ok && e.ErrorCode == code
}
