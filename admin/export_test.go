package admin

import "github.com/bellhop-chat/bellhop/hub"

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

// ChatStatus, SnoozeInput and Person are bodies of the API.
type (
	Person      = person
	ChatStatus  = chatStatus
	SnoozeInput = snoozeInput
)

// LocalPath is localPath.
var LocalPath = localPath

// OwnID is ownID.
func OwnID(source hub.Source, id hub.EventID) hub.EventID {
	return ownID(&hub.Event{Source: source, ID: id})
}
