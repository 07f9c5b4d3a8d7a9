package settings

import (
	"context"
	"errors"
	"net/netip"
	"strings"
	"testing"
)

func TestEndpoint(t *testing.T) {
	names := map[string][]netip.Addr{
		"receiver.example": addresses("2001:db8::1", "192.0.2.1", "192.0.2.2"),
		"six.example":      addresses("2001:db8::1", "2001:db8::2"),
		"mapped.example":   addresses("::ffff:192.0.2.9"),
		"empty.example":    nil,
	}
	lookup := func(_ context.Context, host string) ([]netip.Addr, error) {
		if all, ok := names[host]; ok {
			return all, nil
		}
		return nil, errors.New("no such host")
	}
	for _, test := range []struct {
		text string
		want string
		err  string // a part of it
	}{
		{"239.1.1.1:3400", "239.1.1.1:3400", ""},
		{"[ff15::1]:3400", "[ff15::1]:3400", ""},
		{"receiver.example:3400", "192.0.2.1:3400", ""},
		{"six.example:1", "[2001:db8::1]:1", ""},
		{"mapped.example:65535", "192.0.2.9:65535", ""},
		{"empty.example:3400", "", "empty.example:3400: no address"},
		{"lost.example:3400", "", "lost.example:3400: no such host"},
		{"239.1.1.1", "", "is no address with a UDP port, such as 239.1.1.1:3400"},
		{"239.1.1.1:0", "", "is no address"},
		{"239.1.1.1:65536", "", "is no address"},
		{"239.1.1.1:http", "", "is no address"},
		{"receiver.example", "", "is no address"},
		{"receiver.example:", "", "is no address"},
		{":3400", "", "is no address"},
		{"ff15::1:3400", "", "is no address"},
		{"[receiver.example]:3400", "", "is no address"},
		{"", "", "is no address"},
	} {
		var e Endpoint
		err := e.UnmarshalText([]byte(test.text))
		var addr netip.AddrPort
		if err == nil {
			addr, err = e.Resolve(context.Background(), lookup)
		}
		switch {
		case test.err == "" && (err != nil || addr.String() != test.want):
			t.Errorf("%q: %v, %v; want %s", test.text, addr, err, test.want)
		case test.err != "" && !strings.Contains(text(err), test.err):
			t.Errorf("%q: %v, %v; want %q", test.text, addr, err, test.err)
		}
	}
	for host, want := range map[string]string{"192.0.2.7": "192.0.2.7", "receiver.example": "192.0.2.1"} {
		if addr, err := ResolveHost(context.Background(), host, lookup); err != nil || addr.String() != want {
			t.Errorf("%s: %v, %v; want %s", host, addr, err, want)
		}
	}
	_, err := ResolveHost(context.Background(), "lost.example", lookup)
	want := `"lost.example" is neither an address nor a host name that is known: lost.example:1: no such host`
	if text(err) != want {
		t.Errorf("%v; want %s", err, want)
	}
}

func addresses(all ...string) []netip.Addr {
	parsed := make([]netip.Addr, len(all))
	for i, a := range all {
		parsed[i] = netip.MustParseAddr(a)
	}
	return parsed
}
