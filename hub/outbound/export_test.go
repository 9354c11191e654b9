package outbound

import "net/netip"

// Judge says why an address is refused, "" if it is called.
func Judge(addr netip.Addr, allowed []netip.Prefix) string {
	g := &guard{o: Options{AllowNets: allowed}}
	addr = addr.Unmap().WithZone("")
	if g.allows(addr) {
		return ""
	}
	return refusal(addr)
}
