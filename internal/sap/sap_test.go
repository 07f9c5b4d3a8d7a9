package sap

import (
	"bytes"
	"compress/zlib"
	"encoding/hex"
	"errors"
	"net/netip"
	"reflect"
	"testing"
	"time"
)

func TestPacket(t *testing.T) {
	for name, p := range map[string]Packet{
		"IPv4":     Announce(netip.MustParseAddr("192.0.2.1"), []byte("v=0\r\ns=x\r\n")),
		"IPv6":     {Hash: 7, Origin: netip.MustParseAddr("2001:db8::1"), Type: "text/x", Payload: []byte("y\x00z")},
		"deletion": {Deletion: true, Hash: 9, Origin: netip.MustParseAddr("192.0.2.1"), Type: typeSDP, Payload: []byte("o=- 1")},
	} {
		b, err := p.AppendBinary(nil)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := Parse(b); err != nil || !reflect.DeepEqual(got, p) {
			t.Errorf("%s: %+v, %v, want %+v", name, got, err, p)
		}
		for i := range min(len(b), 8) {
			if p, err := Parse(b[:i]); !errors.Is(err, ErrPacket) {
				t.Errorf("%s, %d bytes: %+v, %v", name, i, p, err)
			}
		}
	}
	// RFC 2974, section 6: V=1, auth len 1, hash 0x1234, 10.0.0.1, 4 bytes of authentication, no payload type.
	b, _ := hex.DecodeString("20011234" + "0a000001" + "deadbeef" + hex.EncodeToString([]byte("v=0\n")))
	if p, err := Parse(b); err != nil || p.Hash != 0x1234 || p.Origin.String() != "10.0.0.1" ||
		string(p.Payload) != "v=0\n" {
		t.Errorf("%+v, %v", p, err)
	}
	var packed bytes.Buffer
	w := zlib.NewWriter(&packed)
	_, _ = w.Write(make([]byte, 10<<20))
	_ = w.Close()
	head := []byte{version | flagCompressed, 0, 0, 1, 10, 0, 0, 1}
	for name, b := range map[string][]byte{
		"bomb": append(head, packed.Bytes()...), "not compressed": append(head, 1, 2, 3),
		"encrypted": {version | flagEncrypted, 0, 0, 1, 10, 0, 0, 1}, "version": {0x40, 0, 0, 1, 10, 0, 0, 1},
		"authentication": {version, 9, 0, 1, 10, 0, 0, 1},
	} {
		if p, err := Parse(b); !errors.Is(err, ErrPacket) {
			t.Errorf("%s: %+v, %v", name, p, err)
		}
	}
}

func TestTable(t *testing.T) {
	now := time.Date(2026, 11, 29, 0, 0, 0, 0, time.UTC)
	var table Table
	from, other := netip.MustParseAddr("192.0.2.7"), netip.MustParseAddr("192.0.2.66")
	p := Announce(netip.MustParseAddr("192.0.2.1"), []byte("v=0"))
	if a, news := table.Take(now, from, &p); !news || a.First != now {
		t.Error(a, news)
	}
	if _, news := table.Take(now.Add(time.Hour/2), from, &p); news {
		t.Error("the second is news")
	}
	gone := p
	gone.Deletion, gone.Origin = true, netip.MustParseAddr("192.0.2.2")
	if _, news := table.Take(now, from, &gone); news {
		t.Error("another origin has deleted it")
	}
	if e := table.Expire(now.Add(5 * time.Hour)); len(e) != 0 {
		t.Error(e)
	}
	if e := table.Expire(now.Add(6 * time.Hour)); len(e) != 1 {
		t.Error(e)
	}
	for i := range 2 * maxOfSource {
		p.Hash = uint16(i)
		table.Take(now, from, &p)
	}
	if len(table.heard) != maxOfSource || table.Refused != maxOfSource {
		t.Errorf("%d, %d refused", len(table.heard), table.Refused)
	}
	gone = p
	gone.Deletion, gone.Hash = true, 5
	if _, news := table.Take(now, other, &gone); news || len(table.heard) != maxOfSource {
		t.Error("another machine has deleted it in the name of its origin")
	}
	forged := p
	forged.Hash, forged.Payload = 6, []byte("v=0 forged")
	if a, news := table.Take(now, other, &forged); !news || a.Source != other {
		t.Error("what another machine says is not told apart")
	}
	if _, news := table.Take(now, other, &Packet{Deletion: true, Hash: 6, Origin: p.Origin}); !news {
		t.Error("a machine cannot delete what it has announced")
	}
	if a, news := table.Take(now, from, &gone); !news || !a.Deletion || len(table.heard) != maxOfSource-1 {
		t.Error(a, news)
	}
}
