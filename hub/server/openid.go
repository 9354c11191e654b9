package server

import (
	"github.com/bellhop-chat/bellhop/admin"
	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/openid"
	"github.com/bellhop-chat/bellhop/hub/outbound"
)

// openID is the configured place to sign in, nil for none. Its address counts as
// one that the configuration names; that of its token endpoint, which only it
// tells, must be there or public.
func (s *Server) openID() admin.OpenID {
	c := s.Config.Admin.OIDC
	if c.Issuer == "" {
		return nil
	}
	options := outbound.Options{
		UserAgent: "Bellhop/" + s.Version, AllowNets: s.Config.Outbound.Allow, Proxy: s.Config.Outbound.Proxy, Log: s.Log,
	}
	if err := options.Trust(c.Issuer); err != nil {
		s.Log.Error("admin.oidc.issuer is no address, so nobody signs in there", "err", err)
		return nil
	}
	return openid.New(openid.Config{
		Name: c.Name, Issuer: c.Issuer, ClientID: c.ClientID, Secret: c.ClientSecret, Claim: c.GroupsClaim, Default: hub.Role(c.DefaultRole),
		Groups: map[hub.Role][]string{hub.Administrator: c.AdminGroups, hub.Editor: c.EditorGroups, hub.Viewer: c.ViewerGroups},
		Client: outbound.Client(options),
	})
}
