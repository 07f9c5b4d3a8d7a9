package daemon

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/flute-node/flute-node/actors/notice"
	"github.com/flute-node/flute-node/internal/config"
)

// limitsOf loads a configuration, and returns its worst case, and the bytes of the part of an owner.
func limitsOf(t *testing.T, text string) (sum uint64, of map[string]uint64) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "c.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg, err := config.Load(path, os.LookupEnv)
	if err != nil {
		t.Fatal(err)
	}
	list, _, sum, err := Limits(cfg)
	if err != nil {
		t.Fatal(err)
	}
	of = map[string]uint64{}
	total := uint64(0)
	for _, b := range list {
		if b.Within == "" {
			of[string(b.Of)] += b.Bytes
			total += b.Bytes
		}
		if strings.HasPrefix(b.Set, "--") {
			t.Errorf("%s is said to be set by %s", b.Part, b.Set)
		}
	}
	if total != sum {
		t.Errorf("the parts are %d bytes, the worst case %d", total, sum)
	}
	return sum, of
}

// TestLimits: each section adds its own to the worst case, whatever its addresses; a node with less memory has less.
func TestLimits(t *testing.T) {
	const in = "node: {memory: 256MiB, api: off}\nreceive: [{name: in, group: ['239.1.1.1:1'], dir: /tmp/x}]\n"
	one, _ := limitsOf(t, in)
	if one < 256<<20 || one > 1<<30 {
		t.Errorf("%d bytes for a node of 256 MiB", one)
	}
	smaller, _ := limitsOf(t, strings.Replace(in, "256MiB", "128MiB", 1))
	if one-smaller != 128<<20+128<<20/8*7/8 { // with the notes of files that are there
		t.Errorf("%d and %d bytes", smaller, one)
	}
	fleet, _ := limitsOf(t, in+"fleet: {nats: 'nats://a.example:4222', site: a}\n")
	if extra := fleet - one; extra < 1<<20 || extra > 64<<20 { // failures, and the order of the outbox
		t.Errorf("a fleet adds %d bytes", extra)
	}
	_, of := limitsOf(t, in)
	two, twice := limitsOf(t, strings.Replace(in, "'239.1.1.1:1'", "'239.1.1.1:1','a.example:2'", 1))
	if twice["receive in"] != 2*of["receive in"] || two-one != of["receive in"] {
		t.Errorf("one group %d, two %d", of["receive in"], twice["receive in"])
	}
	const send = "send: [{name: out, to: 'b.example:2', watch: /tmp/x, fec: %, parallel: 2}]\n"
	var before uint64
	for _, fec := range []string{"no-code", "raptorq"} {
		all, of := limitsOf(t, in+strings.Replace(send, "%", fec, 1))
		if of["send out"] <= before || all != one+of["send out"] {
			t.Errorf("%s: %d bytes of %d", fec, of["send out"], all)
		}
		before = of["send out"]
		if of["file of send out"] != 0 {
			t.Error("files whose number nobody knows are in the worst case")
		}
	}
	all, of := limitsOf(t, in+"utp: [{name: up, listen: '127.0.0.1:1', dir: /tmp/x, peers: 3}]\n")
	if want := uint64(6 * 2 * streamBuffer); of["utp up"] != want || all != one+want {
		t.Errorf("utp: %d, want %d", of["utp up"], want)
	}
}

// TestJournalBytes: a sender that chooses long names pushes old events out, and takes no memory beyond the bound.
func TestJournalBytes(t *testing.T) {
	j := newJournal(4096, time.Now(), earlier{}, nil)
	long := notice.Warning{Text: strings.Repeat("x", maxEntry-1000)}
	for range 2000 {
		j.add(long)
	}
	entries, gone, _ := j.After(0, 1<<20)
	bytes := 0
	for i := range entries {
		bytes += memoryOfEntry(&entries[i])
	}
	if bytes > maxJournal || bytes < maxJournal/2 || bytes != j.bytes || gone+uint64(len(entries)) != 2000 {
		t.Errorf("%d entries, %d bytes (%d noted), %d gone", len(entries), bytes, j.bytes, gone)
	}
	for range 10_000 {
		j.add(notice.Warning{Text: "short"})
	}
	if entries, gone, _ = j.After(0, 1<<20); len(entries) != 4096 || gone != 12_000-4096 {
		t.Errorf("%d entries, %d gone", len(entries), gone)
	}
}
