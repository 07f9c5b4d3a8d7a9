package main

import (
	"bufio"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"
)

// record is one JSON line; which fields it has depends on the operation.
type record struct {
	// Of the line that says where the others were measured.
	Program string `json:"program"`
	CPU     string `json:"cpu"`
	OS      string `json:"os"`
	Arch    string `json:"arch"`
	Go      string `json:"go"`

	Peer      string  `json:"peer"`
	Layer     string  `json:"layer"` // of the peer programs: "codec", or "session" with the packets around it
	Scheme    string  `json:"scheme"`
	K         int     `json:"k"`
	N1        int     `json:"n1"`
	Symbol    int     `json:"symbol"`
	Operation string  `json:"operation"`
	Loss      float64 `json:"loss"`
	MB        float64 `json:"mb_per_s"`
	Encoder   uint64  `json:"encoder_bytes"`
	Decoder   uint64  `json:"decoder_bytes"`
	Trials    int     `json:"trials"`
	Failures  []int   `json:"failures"`
}

// own is what our own lines say of themselves.
const own = "flute-node"

// measured is everything that was read.
type measured struct {
	machine record
	records []record
}

// read adds the lines of r.
func (m *measured) read(r io.Reader) error {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<20)
	for n := 1; lines.Scan(); n++ {
		var v record
		if err := json.Unmarshal(lines.Bytes(), &v); err != nil {
			return fmt.Errorf("line %d: %w", n, err)
		}
		switch {
		case v.Program != "":
			m.machine = v
		case v.Layer != "session" && (v.MB > 0 || v.Trials > 0):
			m.records = append(m.records, v)
		}
	}
	return lines.Err()
}

// line identifies a curve.
type line struct {
	peer, scheme string
	n1, k        int // of curves of failures
}

// curve is what was measured of one line.
type curve struct {
	line
	records []record
}

// curves collects what matches into curves by key, in the order of schemes and peers, each in the order of K.
func (m *measured) curves(matches func(record) bool, key func(record) line) []curve {
	byLine := map[line][]record{}
	for _, r := range m.records {
		if matches(r) {
			byLine[key(r)] = append(byLine[key(r)], r)
		}
	}
	var all []curve
	for l, records := range byLine {
		slices.SortFunc(records, func(a, b record) int { return cmp.Compare(a.K, b.K) })
		all = append(all, curve{l, records})
	}
	slices.SortFunc(all, func(a, b curve) int {
		return cmp.Or(
			cmp.Compare(rank(a.scheme), rank(b.scheme)), cmp.Compare(b2i(a.peer != own), b2i(b.peer != own)),
			cmp.Compare(a.peer, b.peer), cmp.Compare(a.n1, b.n1), cmp.Compare(a.k, b.k))
	})
	return all
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// schemes are those of the figures: rs129 and rs2 are as fast as rs.
func schemes() []string { return []string{"raptorq", "raptor", "ldpc", "ldpc-triangle", "rs", "rs16"} }

func rank(scheme string) int { return slices.Index(schemes(), scheme) }
