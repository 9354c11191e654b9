package server

import (
	"github.com/bellhop-chat/bellhop/hub/outbound"
	"github.com/bellhop-chat/bellhop/providers"
)

// clientOptions lets a provider's HTTP client call public addresses, what the
// configuration allows, and the base URLs that its own section names.
func clientOptions(o Options, c providers.Config) (outbound.Options, error) {
	options := outbound.Options{
		UserAgent: "Bellhop/" + o.Version, AllowNets: o.Config.Outbound.Allow, Proxy: o.Config.Outbound.Proxy, Log: o.Log,
	}
	if caller, ok := c.(providers.Caller); ok {
		return options, options.Trust(caller.BaseURLs()...)
	}
	return options, nil
}
