package settings

import (
	"context"
	"errors"
	"net/netip"
	"strings"
	"testing"
)

// hosts looks up one host.
func hosts(name, addr string) Lookup {
	return func(_ context.Context, host string) ([]netip.Addr, error) {
		if host != name {
			return nil, errors.New("no such host")
		}
		return []netip.Addr{netip.MustParseAddr(addr)}, nil
	}
}

func TestFeed(t *testing.T) {
	for text, want := range map[string]string{
		"239.1.1.2:3400":                              "239.1.1.2:3400",
		"239.1.1.2:3400,source=10.0.0.2":              "239.1.1.2:3400 from 10.0.0.2",
		"[ff15::1]:3400,channel=3,interface=eth1":     "[ff15::1]:3400 on eth1, channel 3",
		"239.1.1.2:3400,interface=127.0.0.1,source=h": "239.1.1.2:3400 from 192.0.2.7 on 127.0.0.1",
	} {
		var f Feed
		if err := f.UnmarshalText([]byte(text)); err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		got, err := f.Resolve(context.Background(), hosts("h", "192.0.2.7"))
		if err != nil || got.String() != want {
			t.Errorf("%s: %q, %v; want %q", text, got, err, want)
		}
	}
	for text, want := range map[string]string{
		"":                                    "no address",
		"239.1.1.2":                           "no address",
		"239.1.1.2:3400,":                     "each once",
		"239.1.1.2:3400,source=":              "each once",
		"239.1.1.2:3400,source=a,source=b":    "each once",
		"239.1.1.2:3400,channel=256":          "0 to 255",
		"239.1.1.2:3400,channel=-1":           "0 to 255",
		"239.1.1.2:3400,port=1":               "not known",
		"239.1.1.2:3400;source=10.0.0.1":      "no address",
		"239.1.1.2:3400,interface=e,weight=1": "not known",
	} {
		f := Feed{source: "before"}
		if err := f.UnmarshalText([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		} else if f.source != "before" {
			t.Errorf("%s: half of it was taken", text)
		}
	}
	var f Feed
	if err := f.UnmarshalText([]byte("239.1.1.2:3400,source=nowhere")); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Resolve(context.Background(), hosts("h", "192.0.2.7")); err == nil {
		t.Error("a host that is not known was taken")
	}
}
