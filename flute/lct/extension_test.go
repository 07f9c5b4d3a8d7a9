package lct

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestAppendExtension(t *testing.T) {
	for _, c := range []struct {
		het     uint8
		content string
		want    string
	}{
		{HETNOP, "", "0001 0000"},
		{HETAuth, "abcdef", "0102 abcdef 000000"},
		{HETTime, "abcd", "0201 abcd"},
		{127, "abcdef01", "7f02 abcdef01 0000"},
		{HETFTI, "00000000004d 0000 0008 00000004", "4004 00000000004d 0000 0008 00000004"},
		{128, "", "80 000000"},
		{HETFDT, "200001", "c0 200001"},
		{HETCENC, "03", "c1 030000"},
		{255, "ffffff", "ff ffffff"},
	} {
		got := AppendExtension([]byte{9}, c.het, unhex(t, c.content))
		if d := cmp.Diff(append([]byte{9}, unhex(t, c.want)...), got); d != "" {
			t.Errorf("HET %d (-want +got):\n%s", c.het, d)
		}
		x, rest, ok := Extensions(got[1:]).Next()
		if !ok || len(rest) != 0 || x.Type != c.het || string(x.Raw) != string(got[1:]) {
			t.Errorf("HET %d: Next gives %+v, %x, %v", c.het, x, rest, ok)
		}
		if !strings.HasPrefix(string(x.Content()), string(unhex(t, c.content))) {
			t.Errorf("HET %d: content %x, want %s", c.het, x.Content(), c.content)
		}
	}
}

func TestAppendExtensionLongest(t *testing.T) {
	b := AppendExtension(nil, HETAuth, make([]byte, maxContent))
	if len(b) != 255*4 || b[1] != 255 {
		t.Errorf("%d bytes, HEL %d", len(b), b[1])
	}
	for het, n := range map[uint8]int{HETAuth: maxContent + 1, 127: maxContent + 1, 128: 4, HETFDT: 4} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("HET %d takes %d bytes", het, n)
				}
			}()
			AppendExtension(nil, het, make([]byte, n))
		}()
	}
}

// TestNextTruncated walks what no Parse has checked.
func TestNextTruncated(t *testing.T) {
	all := Extensions(unhex(t, "0001ffff 0103aaaa aaaaaaaa aaaaaaaa c0200001 7f02bbbb bbbbbbbb"))
	ends := map[int]int{0: 0, 4: 1, 16: 2, 20: 3, 28: 4} // length → whole extensions
	for n := range len(all) + 1 {
		count, end := 0, 0
		for x, rest, ok := all[:n:n].Next(); ok; x, rest, ok = rest.Next() {
			count++
			end += len(x.Raw)
		}
		if ends[end] != count || end > n {
			t.Errorf("cut to %d bytes: %d extensions of %d bytes", n, count, end)
		}
		if _, whole := ends[n]; all[:n].valid() != whole {
			t.Errorf("cut to %d bytes: valid = %v", n, !whole)
		}
	}
}

func TestLookup(t *testing.T) {
	x := Extensions(unhex(t, "00010000 c0200001 c0200002 4002 111111111111"))
	for het, want := range map[uint8]string{HETNOP: "0000", HETFDT: "200001", HETFTI: "111111111111"} {
		got, ok := x.Lookup(het)
		if !ok || got.Type != het || string(got.Content()) != string(unhex(t, want)) {
			t.Errorf("Lookup(%d) = %+v, %v", het, got, ok)
		}
	}
	for _, het := range []uint8{HETAuth, HETCENC, 255} {
		if got, ok := x.Lookup(het); ok || got.Raw != nil {
			t.Errorf("Lookup(%d) = %+v, %v", het, got, ok)
		}
	}
}

// TestViewsDoNotGrow appends to what Parse returned: the bytes behind must stay.
func TestViewsDoNotGrow(t *testing.T) {
	b := unhex(t, "10100500 00000000 00010001 c0200001 c1000000 ff")
	h, n, err := Parse(b)
	if err != nil {
		t.Fatal(err)
	}
	x, _, _ := h.Extensions.Next()
	_ = append(h.Extensions, 1)
	_ = append(x.Raw, 1)
	_ = append(x.Content(), 1)
	if d := cmp.Diff(unhex(t, "10100500 00000000 00010001 c0200001 c1000000 ff"), b); d != "" || n != 20 {
		t.Errorf("changed (-want +got):\n%s", d)
	}
}
