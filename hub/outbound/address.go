package outbound

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"syscall"
)

// RefusedError says that an address was not called.
type RefusedError struct {
	Host string // as the request names it
	Addr netip.Addr
	Why  string // "a private address"
}

func (e *RefusedError) Error() string {
	return fmt.Sprintf("%s is %s, %s, which is not called: if it is yours, write its address into the configuration of "+
		"the provider that needs it, or add %s to outbound.allow", e.Host, e.Addr, e.Why, netip.PrefixFrom(e.Addr, e.Addr.BitLen()))
}

// control judges the address that is about to be connected to, after every
// resolution: https://pkg.go.dev/net#Dialer.ControlContext
func (g *guard) control(asked string) func(context.Context, string, string, syscall.RawConn) error {
	return func(ctx context.Context, network, address string, _ syscall.RawConn) error {
		to, err := netip.ParseAddrPort(address)
		if err != nil {
			return fmt.Errorf("outbound: %s %q is not an address", network, address)
		}
		addr := to.Addr().Unmap().WithZone("")
		why := refusal(addr)
		if why == "" || g.allows(addr) {
			return nil
		}
		host, _, _ := net.SplitHostPort(asked)
		g.o.Log.WarnContext(ctx, "address refused", "host", host, "address", addr.String(), "reason", why)
		return &RefusedError{Host: host, Addr: addr, Why: why}
	}
}

func (g *guard) allows(addr netip.Addr) bool {
	within := func(p netip.Prefix) bool { return p.Contains(addr) }
	if slices.ContainsFunc(g.o.AllowNets, within) {
		return true
	}
	inner, embeds := translated(addr)
	return embeds && g.allows(inner)
}

// special are networks that no public service has, from the registries
// https://www.iana.org/assignments/iana-ipv4-special-registry and
// https://www.iana.org/assignments/iana-ipv6-special-registry.
var special = []struct {
	net netip.Prefix
	why string
}{
	{netip.MustParsePrefix("0.0.0.0/8"), "an address of this host"},
	{netip.MustParsePrefix("10.0.0.0/8"), "a private address"},
	{netip.MustParsePrefix("100.64.0.0/10"), "an address of a carrier's private network"},
	{netip.MustParsePrefix("127.0.0.0/8"), "a loopback address"},
	{netip.MustParsePrefix("169.254.0.0/16"), "a link-local address"},
	{netip.MustParsePrefix("172.16.0.0/12"), "a private address"},
	{netip.MustParsePrefix("192.0.0.0/24"), "a reserved address"},
	{netip.MustParsePrefix("192.0.2.0/24"), "an address for documentation"},
	{netip.MustParsePrefix("192.88.99.0/24"), "a 6to4 relay"},
	{netip.MustParsePrefix("192.168.0.0/16"), "a private address"},
	{netip.MustParsePrefix("198.18.0.0/15"), "an address for benchmarks"},
	{netip.MustParsePrefix("198.51.100.0/24"), "an address for documentation"},
	{netip.MustParsePrefix("203.0.113.0/24"), "an address for documentation"},
	{netip.MustParsePrefix("224.0.0.0/4"), "a multicast address"},
	{netip.MustParsePrefix("240.0.0.0/4"), "a reserved address"},

	{netip.MustParsePrefix("::/128"), "an address of this host"},
	{netip.MustParsePrefix("::1/128"), "a loopback address"},
	{netip.MustParsePrefix("fc00::/7"), "a private address"},
	{netip.MustParsePrefix("fe80::/10"), "a link-local address"},
	{netip.MustParsePrefix("fec0::/10"), "a private address"},
	{netip.MustParsePrefix("ff00::/8"), "a multicast address"},
	{netip.MustParsePrefix("2001::/23"), "a reserved address"}, // Teredo and others
	{netip.MustParsePrefix("2001:db8::/32"), "an address for documentation"},
	{netip.MustParsePrefix("2002::/16"), "a 6to4 address"},
	{netip.MustParsePrefix("3fff::/20"), "an address for documentation"},
}

var (
	global = netip.MustParsePrefix("2000::/3")
	nat64  = netip.MustParsePrefix("64:ff9b::/96")
)

// refusal says what an address is that is not to be called, "" if it is public.
// Its argument is unmapped and has no zone.
func refusal(addr netip.Addr) string {
	if inner, embeds := translated(addr); embeds {
		return refusal(inner)
	}
	for _, s := range special {
		if s.net.Contains(addr) {
			return s.why
		}
	}
	if addr.Is6() && !global.Contains(addr) {
		return "a reserved address"
	}
	return ""
}

// translated is the IPv4 address that a NAT64 address leads to. On a network
// without IPv4 every IPv4 host has such an address, so it is judged by what it
// holds: https://www.rfc-editor.org/rfc/rfc6052#section-2.1
func translated(addr netip.Addr) (netip.Addr, bool) {
	if !nat64.Contains(addr) {
		return netip.Addr{}, false
	}
	bytes := addr.As16()
	return netip.AddrFrom4([4]byte(bytes[12:])), true
}
