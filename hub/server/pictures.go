package server

import (
	"github.com/bellhop-chat/bellhop/hub/outbound"
	"github.com/bellhop-chat/bellhop/providers"
	"github.com/bellhop-chat/bellhop/providers/upload"
)

// newPictures makes what fetches the images of posts: from public addresses, what
// outbound.allow names, and the sources that this process knows, wherever they
// are. A worker by itself knows those in its own file.
func (s *Server) newPictures() providers.Pictures {
	return upload.NewFetcher(outbound.Client(outbound.Options{
		UserAgent: "Bellhop/" + s.Version, AllowNets: s.Config.Outbound.Allow, Proxy: s.Config.Outbound.Proxy, Log: s.Log,
		Also: s.isSource,
	}), s.readers)
}

// isSource reports whether a source that is configured now is at an address.
func (s *Server) isSource(hostPort string) bool {
	for _, c := range s.conf().Sources {
		if c.URL != "" && outbound.HostPort(c.URL) == hostPort {
			return true
		}
	}
	return false
}

// readers are the forums whose private images may be read, each as the reader
// that read_as names: what that one may see, rooms are sent. Without one, rooms
// are sent what everybody sees.
func (s *Server) readers() []upload.Reader {
	var all []upload.Reader
	for _, c := range s.conf().Sources {
		if c.URL != "" && c.ReadAs != "" && !c.APIKey.Empty() {
			all = append(all, upload.Reader{URL: c.URL, Key: c.APIKey, User: c.ReadAs})
		}
	}
	return all
}
