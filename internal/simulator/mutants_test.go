package simulator

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var mutate = flag.Bool("mutants", false, "run the seeds with each of the mutants, which takes minutes")

// mutantTime bounds the hunt for one of them.
const mutantTime = 3 * time.Minute

// mutant is a fault that is put into the node on purpose. The seeds of TestSeeds must find it.
type mutant struct {
	name     string
	promises string // that it may break, the first one is meant
	file     string // from the root of the module
	old, new string // text in it
}

var mutants = []mutant{
	{
		name: "a duplicate is not counted", promises: "packets", file: "flute/receiver/feeds.go",
		old: "	l.counters.Repeat()\n", new: "",
	},
	{
		name: "the end of a session forgets its objects", promises: "objects", file: "flute/receiver/end.go",
		old: "		s.fail(e, event.FailClosed, e.because(reason))\n", new: "		_ = e.because(reason)\n",
	},
	{
		name: "decoding waits for a symbol too many", promises: "decodability resume",
		file: "flute/internal/assembly/recover.go",
		old:  "int(b.sources)+len(b.repair) < int(b.k) {", new: "int(b.sources)+len(b.repair) <= int(b.k) {",
	},
	{
		name: "wrong bytes are published", promises: "publication", file: "flute/internal/content/announced.go",
		old: "			return verified, fmt.Errorf(\"%w: %s differs\", errDigest, strings.ToUpper(d.name))\n",
		new: "			_ = fmt.Sprint(errDigest, strings.ToUpper(d.name))\n",
	},
	{
		name: "open source blocks are not restored", promises: "resume", file: "flute/internal/assembly/journal.go",
		old: "		a.restoreOpen(fec.SBN(sbn), k, entries[:size])\n", new: "",
	},
	{
		name: "budgets have no limit", promises: "bounds", file: "store/budget.go",
		old: "		if n > limit || used > limit-n {\n", new: "		if n > limit {\n",
	},
	{
		name: "what a mailbox loses is not released", promises: "shutdown", file: "actors/mailbox.go",
		old: "	defer d.Release()\n	if m.onLoss", new: "	if m.onLoss",
	},
	{
		name: "notes are written before the bytes", promises: "resume publication decodability",
		file: "flute/receiver/checkpoint.go",
		old:  "c.out || e.held.IsWriting() {\n		return nil", new: "c.out {\n		return nil",
	},
	{
		name: "a superseded file stays in the schedule", promises: "isolation decodability",
		file: "flute/sender/renew.go",
		old:  "		s.schedule.drop(o, s.clock.now)\n		s.finish", new: "		s.finish",
	},
	{
		name: "nothing is tried again", promises: "decodability", file: "flute/receiver/try.go",
		old: "	return !e.gone && l.ending == \"\" && (", new: "	return false && (",
	},
}

// TestMutants: every mutant is found, and breaks the promise that is meant. Each costs a build of the simulator.
func TestMutants(t *testing.T) {
	if !*mutate {
		t.Skip("with -mutants only")
	}
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range mutants {
		t.Run(m.name, func(t *testing.T) {
			seed, broken := m.hunt(t, root)
			if broken == "" {
				t.Fatalf("%d seeds have not found it", seed)
			}
			t.Logf("seed %d: %s", seed, broken)
			if !strings.Contains(m.promises, strings.SplitN(broken, ":", 2)[0]) {
				t.Errorf("want %s", m.promises)
			}
		})
	}
}

// hunt runs the seeds of TestSeeds with the mutant, until one breaks a promise; "": none does.
func (m *mutant) hunt(t *testing.T, root string) (seed uint64, broken string) {
	path := filepath.Join(root, filepath.FromSlash(m.file))
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(text), m.old); n != 1 {
		t.Fatalf("%s has the text that is replaced %d times", m.file, n)
	}
	dir := t.TempDir()
	replaced := filepath.Join(dir, "mutant.go")
	if err := os.WriteFile(replaced, []byte(strings.Replace(string(text), m.old, m.new, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	overlay, err := json.Marshal(map[string]any{"Replace": map[string]string{path: replaced}})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "overlay.json"), overlay, 0o600); err != nil {
		t.Fatal(err)
	}
	command := filepath.Join(dir, "flute-node")
	build := exec.CommandContext(t.Context(), "go", "build", "-overlay", filepath.Join(dir, "overlay.json"),
		"-o", command, "./cmd/flute-node")
	build.Dir = root
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	ctx, cancel := context.WithTimeout(t.Context(), mutantTime)
	defer cancel()
	out, _ := exec.CommandContext(ctx, command, "simulate", "--seeds", fmt.Sprint("0-", *seeds-1), "--json").Output()
	var last struct {
		Ran    uint64  `json:"ran"`
		Broken *Result `json:"broken"`
	}
	for line := range strings.Lines(string(out)) {
		_ = json.Unmarshal([]byte(line), &last)
	}
	if last.Broken == nil {
		return last.Ran, ""
	}
	v := last.Broken.Violations[0]
	line, _, _ := strings.Cut(v.Text, "\n")
	return last.Broken.Plan.Seed, v.Name + ": " + line
}
