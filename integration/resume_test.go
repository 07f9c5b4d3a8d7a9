package integration

import (
	"encoding/binary"
	"encoding/json"
	"flag"
	"math/bits"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"
)

var kills = flag.Int("kills", 4, "how often TestReceiverGoesOnAfterKills kills its receiver")

// TestReceiverGoesOnAfterKills: a receiver is killed at random moments of a transfer, and started again each time. No
// file is ever visible that is not whole, what was stored at the last checkpoint is not received again, and the
// transfer ends.
func TestReceiverGoesOnAfterKills(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("a process is not killed there as here")
	}
	group, from, to := newGroup(t), t.TempDir(), t.TempDir()
	size := 900_000**kills + 12_000_000 // about what comes in that time
	file := write(t, from, "big", size)
	s := start(t, "send", "--to", group.String(), "--interface", "lo", "--repeat", "forever", "--rate", "16Mbit",
		"--fec", "no-code", file)
	receive := func() *process {
		r := start(t, "receive", "--json", "--group", group.String(), "--interface", "lo", "--timeout", "600s",
			"--objects", "1", to)
		listening(t, group)
		return r
	}
	rng := rand.New(rand.NewPCG(1, uint64(*kills)))
	stored, again, worst, resumptions := 0, 0, 0.0, 0
	compare := func(r *process) { // what r has found with what was stored
		for _, e := range r.events() {
			if e["event"] != "object_started" {
				continue
			}
			got, _ := e["resumed"].(float64)
			if got > 0 {
				resumptions++
			}
			if less := stored - int(got); less > 0 {
				again += less
				worst = max(worst, float64(less)/float64(stored))
			}
		}
	}
	there := func() bool {
		_, err := os.Stat(filepath.Join(to, "big"))
		return err == nil
	}
	n := 0
	for ; n < *kills && !there(); n++ {
		r := receive()
		if n == 0 { // a machine that is busy may need long
			eventually(30*time.Second, func() bool { return storedIn(t, to) > 0 })
		}
		time.Sleep(time.Duration(300+rng.IntN(2000)) * time.Millisecond)
		r.kill()
		compare(r)
		stored = max(stored, storedIn(t, to))
	}
	if !there() {
		r := receive()
		eventually(10*time.Minute, there)
		r.ok()
		compare(r)
	}
	s.kill()
	same(t, file, filepath.Join(to, "big"))
	t.Logf("%d kills, %d resumptions; at the last one %d of %d bytes were stored; of what was stored at a last "+
		"checkpoint %d bytes were received again, %.2f %% at worst", n, resumptions, stored, size, again, 100*worst)
	if stored == 0 || resumptions == 0 {
		t.Error("nothing was resumed")
	}
	if worst > 0.01 {
		t.Errorf("%.2f %% of what was stored was received again", 100*worst)
	}
}

// storedIn returns how many bytes the notes in a folder say are stored of a file without FEC (see docs/journal.md). It
// reads them as the document says, with nothing of what has written them.
func storedIn(t *testing.T, dir string) (most int) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, ".flute-node", "*", "*.notes"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for len(b) > 0 && b[0] != '\n' {
			b = b[1:]
		}
		b = b[min(1, len(b)):]
		var document struct {
			OTI struct{ SymbolLength, MaxSourceBlockLength, TransferLength int }
		}
		var entries [][]byte
		for len(b) >= 12 && len(b) >= 12+int(binary.BigEndian.Uint32(b[4:])) {
			body := b[12 : 12+binary.BigEndian.Uint32(b[4:])]
			if b[3] == 1 {
				n := 4 + binary.BigEndian.Uint32(body)
				if err := json.Unmarshal(body[4:n], &document); err != nil {
					t.Fatal(err)
				}
				entries, body = nil, body[n:]
			}
			entries = append(entries, body)
			b = b[12+binary.BigEndian.Uint32(b[4:]):]
		}
		most = max(most, symbolsIn(document.OTI.TransferLength, document.OTI.SymbolLength,
			document.OTI.MaxSourceBlockLength, entries))
	}
	return most
}

// symbolsIn returns how many bytes entries say are stored, of an object that is partitioned as RFC 5052, section 9.1,
// says.
func symbolsIn(length, e, b int, records [][]byte) int {
	if length == 0 {
		return 0
	}
	symbols := (length + e - 1) / e
	n := (symbols + b - 1) / b
	large := symbols - symbols/n*n // so many blocks have a symbol more
	have := map[uint64][]byte{}
	whole := func(sbn uint64) int {
		if sbn < uint64(large) {
			return symbols/n + 1
		}
		return symbols / n
	}
	complete := map[uint64]bool{}
	for _, p := range records {
		for len(p) > 0 {
			sbn, at := binary.Uvarint(p)
			count, more := binary.Uvarint(p[at:])
			p = p[at+more:]
			for i := range count {
				complete[sbn+i] = true
			}
			if count == 0 {
				k := (whole(sbn) + 7) / 8
				have[sbn], p = p[:k], p[k:]
			}
		}
	}
	held := 0
	for sbn := range uint64(n) {
		if complete[sbn] {
			held += whole(sbn)
			continue
		}
		for _, x := range have[sbn] {
			held += bits.OnesCount8(x)
		}
	}
	return min(length, held*e)
}
