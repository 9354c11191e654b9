package outbound_test

import (
	"context"
	"net"
	"net/netip"
	"testing"

	"github.com/bellhop-chat/bellhop/hub/outbound"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/dns/dnsmessage"
)

func TestAddresses(t *testing.T) {
	allowed := []netip.Prefix{netip.MustParsePrefix("10.7.0.0/16"), netip.MustParsePrefix("fd07::/16")}
	for addr, why := range map[string]string{
		"1.1.1.1":                "",
		"100.63.255.255":         "",
		"172.15.255.255":         "",
		"172.32.0.1":             "",
		"198.20.0.1":             "",
		"223.255.255.255":        "",
		"2606:4700::1111":        "",
		"2001:4860:4860::8888":   "",
		"64:ff9b::1.1.1.1":       "",
		"10.7.3.3":               "",
		"fd07::1":                "",
		"64:ff9b::10.7.3.3":      "",
		"::ffff:10.7.3.3":        "",
		"0.0.0.0":                "an address of this host",
		"0.1.2.3":                "an address of this host",
		"10.0.0.1":               "a private address",
		"10.255.255.255":         "a private address",
		"100.64.0.1":             "an address of a carrier's private network",
		"100.127.255.255":        "an address of a carrier's private network",
		"127.0.0.1":              "a loopback address",
		"127.255.255.254":        "a loopback address",
		"169.254.169.254":        "a link-local address",
		"172.16.0.1":             "a private address",
		"172.31.255.255":         "a private address",
		"192.0.0.192":            "a reserved address",
		"192.0.2.1":              "an address for documentation",
		"192.88.99.1":            "a 6to4 relay",
		"192.168.1.1":            "a private address",
		"198.18.0.1":             "an address for benchmarks",
		"198.51.100.1":           "an address for documentation",
		"203.0.113.1":            "an address for documentation",
		"224.0.0.1":              "a multicast address",
		"240.0.0.1":              "a reserved address",
		"255.255.255.255":        "a reserved address",
		"::":                     "an address of this host",
		"::1":                    "a loopback address",
		"::127.0.0.1":            "a reserved address",
		"::ffff:127.0.0.1":       "a loopback address",
		"::ffff:169.254.169.254": "a link-local address",
		"::ffff:0:127.0.0.1":     "a reserved address",
		"64:ff9b::127.0.0.1":     "a loopback address",
		"64:ff9b::169.254.1.1":   "a link-local address",
		"64:ff9b:1::1.1.1.1":     "a reserved address",
		"100::1":                 "a reserved address",
		"2001::1":                "a reserved address",
		"2001:db8::1":            "an address for documentation",
		"2002:7f00:1::":          "a 6to4 address",
		"3fff::1":                "an address for documentation",
		"4000::1":                "a reserved address",
		"fc00::1":                "a private address",
		"fd00:ec2::254":          "a private address",
		"fe80::1":                "a link-local address",
		"fe80::1%eth0":           "a link-local address",
		"fec0::1":                "a private address",
		"ff02::1":                "a multicast address",
	} {
		require.Equal(t, why, outbound.Judge(netip.MustParseAddr(addr), allowed), addr)
	}
}

// answering is a resolver for which every name has one address after the
// other, the last one for ever.
func answering(addrs ...string) *net.Resolver {
	next := make(chan netip.Addr, len(addrs))
	for _, a := range addrs {
		next <- netip.MustParseAddr(a)
	}
	last := netip.MustParseAddr(addrs[len(addrs)-1])
	return &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		ours, theirs := net.Pipe()
		go answer(theirs, func() netip.Addr {
			select {
			case a := <-next:
				return a
			default:
				return last
			}
		})
		return ours, nil
	}}
}

// answer speaks DNS over a stream: a length before each message.
func answer(c net.Conn, next func() netip.Addr) {
	defer c.Close()
	for {
		var size [2]byte
		if _, err := c.Read(size[:1]); err != nil {
			return
		}
		if _, err := c.Read(size[1:]); err != nil {
			return
		}
		query := make([]byte, int(size[0])<<8|int(size[1]))
		for read := 0; read < len(query); {
			n, err := c.Read(query[read:])
			if err != nil {
				return
			}
			read += n
		}
		var m dnsmessage.Message
		if m.Unpack(query) != nil {
			return
		}
		m.Response, m.Additionals = true, nil
		if q := m.Questions[0]; q.Type == dnsmessage.TypeA {
			m.Answers = []dnsmessage.Resource{{
				Header: dnsmessage.ResourceHeader{Name: q.Name, Class: q.Class, Type: q.Type},
				Body:   &dnsmessage.AResource{A: next().As4()},
			}}
		}
		reply, err := m.Pack()
		if err != nil {
			return
		}
		if _, err := c.Write(append([]byte{byte(len(reply) >> 8), byte(len(reply))}, reply...)); err != nil {
			return
		}
	}
}

// A name server that answers with a public address to whoever checks a name,
// and with a private one to whoever dials it, gains nothing.
func TestRebindingIsRefused(t *testing.T) {
	at, calls := serve(t)
	port := netip.MustParseAddrPort(at[len("http://"):]).Port()
	resolver := answering("1.1.1.1", "127.0.0.1")
	first, err := resolver.LookupNetIP(t.Context(), "ip4", "rebind.example.com")
	require.NoError(t, err)
	require.Equal(t, "1.1.1.1", first[0].String())

	c := outbound.Client(outbound.Options{Resolver: resolver})
	url := "http://rebind.example.com:" + netip.AddrPortFrom(first[0], port).String()[len("1.1.1.1:"):] + "/token"
	_, err = get(t, c, url)
	var refused *outbound.RefusedError
	require.ErrorAs(t, err, &refused)
	require.Equal(t, "rebind.example.com", refused.Host)
	require.ErrorContains(t, err, "rebind.example.com is 127.0.0.1, a loopback address")
	require.Zero(t, calls())

	trusting := outbound.Options{Resolver: answering("127.0.0.1")}
	require.NoError(t, trusting.Trust(url))
	_, err = get(t, outbound.Client(trusting), url)
	require.NoError(t, err, "a name that the operator wrote may be private")
}
