package admin

import (
	"context"

	"github.com/bellhop-chat/bellhop/hub"
)

// Endpoint is a registered operation.
type Endpoint struct{ Method, Path string }

// Endpoints lists what is registered.
func (s *Server) Endpoints() []Endpoint {
	var all []Endpoint
	for _, rt := range s.routes() {
		all = append(all, Endpoint{rt.method, prefix + rt.path})
	}
	return all
}

// SnoozeInput, User and Me are bodies of the API.
type (
	SnoozeInput = snoozeInput
	User        = user
	Me          = me
)

// LocalPath is localPath.
var LocalPath = localPath

// OwnID is ownID.
func OwnID(source hub.Source, id hub.EventID) hub.EventID {
	return ownID(&hub.Event{Source: source, ID: id})
}

// AskedBy is a context in which somebody of a role asks.
func AskedBy(ctx context.Context, role hub.Role) context.Context {
	return context.WithValue(ctx, callerKey{}, Caller{Name: "an " + string(role), Role: role})
}

// WaitAfter and TryKeys are waitAfter and tryKeys.
var (
	WaitAfter = waitAfter
	TryKeys   = tryKeys
)
