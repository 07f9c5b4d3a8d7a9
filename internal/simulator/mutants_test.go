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

	"github.com/flute-node/flute-node/internal/child"
)

var mutate = flag.Bool("mutants", false, "run the seeds with each of the mutants, which takes a minute or two")

// mutantTime bounds the hunt for one of them, which takes half a minute on a processor of its own.
const mutantTime = 10 * time.Minute

// mutantVariable is the environment variable that chooses one of the mutants of a program that has them all: each
// package that is changed gets mutantFile. Both are in no program but that of TestMutants.
const (
	mutantVariable = "FLUTE_NODE_MUTANT"
	mutantFile     = `package %s

import "os"

var chosenMutant = os.Getenv("` + mutantVariable + `")

func isMutant(name string) bool { return chosenMutant == name }
`
)

// mutant is a fault that is put into the node on purpose. The seeds of TestSeeds must find it.
type mutant struct {
	name     string
	promises string // that it may break, the first one is meant
	file     string // from the root of the module
	old, new string // text in it; in new, MUTANT is whether the mutant is chosen
	near     uint64 // the search begins with this seed, which is close to one that finds it, and goes on with seed 0
}

var mutants = []mutant{
	{
		name: "a duplicate is not counted", promises: "packets", file: "flute/receiver/feeds.go",
		old: "	l.counters.Repeat()\n", new: "	if !MUTANT {\n		l.counters.Repeat()\n	}\n",
	},
	{
		name: "the end of a session forgets its objects", promises: "objects", file: "flute/receiver/end.go",
		old: "		s.fail(e, event.FailClosed, e.because(reason))\n",
		new: "		if !MUTANT {\n			s.fail(e, event.FailClosed, e.because(reason))\n		}\n",
	},
	{
		name: "decoding waits for a symbol too many", promises: "decodability resume",
		file: "flute/internal/assembly/recover.go",
		old:  "int(b.sources)+len(b.repair) < int(b.k) {",
		new:  "int(b.sources)+len(b.repair) < int(b.k) || MUTANT && int(b.sources)+len(b.repair) == int(b.k) {",
		near: 120,
	},
	{
		name: "wrong bytes are published", promises: "publication", file: "flute/internal/content/announced.go",
		old: "&& !bytes.Equal(d.want, file.Sum(d.of)) {", new: "&& !bytes.Equal(d.want, file.Sum(d.of)) && !MUTANT {",
	},
	{
		name: "open source blocks are not restored", promises: "resume", file: "flute/internal/assembly/journal.go",
		old:  "		a.restoreOpen(fec.SBN(sbn), k, entries[:size])\n",
		new:  "		if !MUTANT {\n			a.restoreOpen(fec.SBN(sbn), k, entries[:size])\n		}\n",
		near: 300,
	},
	{
		name: "budgets have no limit", promises: "bounds", file: "store/budget.go",
		old: "		if n > limit || used > limit-n {\n", new: "		if n > limit || used > limit-n && !MUTANT {\n",
	},
	{
		name: "what a mailbox loses is not released", promises: "shutdown", file: "actors/mailbox.go",
		old: "	defer d.Release()\n	if m.onLoss",
		new: "	if !MUTANT {\n		defer d.Release()\n	}\n	if m.onLoss",
	},
	{
		name: "notes are written before the bytes", promises: "resume publication decodability",
		file: "flute/receiver/checkpoint.go",
		old:  "c.out || e.held.IsWriting() {\n		return nil",
		new:  "c.out || e.held.IsWriting() && !MUTANT {\n		return nil",
		near: 170,
	},
	{
		name: "a superseded file stays in the schedule", promises: "isolation decodability",
		file: "flute/sender/renew.go",
		old:  "		s.schedule.drop(o, s.clock.now)\n		s.finish",
		new:  "		if !MUTANT {\n			s.schedule.drop(o, s.clock.now)\n		}\n		s.finish",
	},
	{
		name: "nothing is tried again", promises: "decodability", file: "flute/receiver/try.go",
		old: "	return !e.gone && l.ending == \"\" && (",
		new: "	return !MUTANT && !e.gone && l.ending == \"\" && (",
	},
}

// TestMutants: every mutant is found, and breaks the promise that is meant; without it the same seed breaks none. One
// program has all of them.
func TestMutants(t *testing.T) {
	if !*mutate {
		t.Skip("with -mutants only")
	}
	command := buildMutants(t)
	for _, m := range mutants {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel() // each seed is a process
			begin := time.Now()
			near := min(m.near, *seeds-1)
			seed, broken := hunt(t, command, m.name, near, *seeds-1)
			if broken == "" && near > 0 {
				seed, broken = hunt(t, command, m.name, 0, near-1)
			}
			if broken == "" {
				t.Fatalf("%d seeds have not found it", *seeds)
			}
			t.Logf("seed %d, after %.1f s: %s", seed, time.Since(begin).Seconds(), broken)
			if !strings.Contains(m.promises, strings.SplitN(broken, ":", 2)[0]) {
				t.Errorf("want %s", m.promises)
			}
			if _, broken := hunt(t, command, "", seed, seed); broken != "" {
				t.Errorf("seed %d breaks a promise without a mutant: %s", seed, broken)
			}
		})
	}
}

// buildMutants builds a command with all mutants, none of which is chosen, and returns its path.
func buildMutants(t *testing.T) string {
	t.Helper()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	texts := map[string]string{} // of changed and new files, by path
	for _, m := range mutants {
		path := filepath.Join(root, filepath.FromSlash(m.file))
		text, ok := texts[path]
		if !ok {
			b, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			text = string(b)
		}
		if n := strings.Count(text, m.old); n != 1 {
			t.Fatalf("%s has the text that is replaced %d times", m.file, n)
		}
		chosen := fmt.Sprintf("isMutant(%q)", m.name)
		texts[path] = strings.Replace(text, m.old, strings.ReplaceAll(m.new, "MUTANT", chosen), 1)
		dir := filepath.Dir(path)
		texts[filepath.Join(dir, "mutant.go")] = fmt.Sprintf(mutantFile, filepath.Base(dir))
	}
	dir := t.TempDir()
	replace := map[string]string{}
	for path, text := range texts {
		with := filepath.Join(dir, fmt.Sprint(len(replace), ".go"))
		if err := os.WriteFile(with, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		replace[path] = with
	}
	overlay, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		t.Fatal(err)
	}
	list := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(list, overlay, 0o600); err != nil {
		t.Fatal(err)
	}
	command := filepath.Join(dir, "flute-node")
	build := exec.CommandContext(t.Context(), "go", "build", "-overlay", list, "-o", command, "./cmd/flute-node")
	build.Dir = root
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return command
}

// hunt runs seeds with a mutant, or without one, until a promise breaks; broken is "" if none does.
func hunt(t *testing.T, command, name string, from, to uint64) (seed uint64, broken string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), mutantTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, command, "simulate", "--seeds", fmt.Sprintf("%d-%d", from, to), "--json")
	cmd.Env = append(os.Environ(), mutantVariable+"="+name)
	out, _ := child.Bind(cmd).Output() // it fails when a promise breaks
	var last struct {
		Ran    uint64  `json:"ran"`
		Broken *Result `json:"broken"`
	}
	for line := range strings.Lines(string(out)) {
		_ = json.Unmarshal([]byte(line), &last)
	}
	if last.Broken == nil {
		return 0, ""
	}
	v := last.Broken.Violations[0]
	line, _, _ := strings.Cut(v.Text, "\n")
	return last.Broken.Plan.Seed, v.Name + ": " + line
}
