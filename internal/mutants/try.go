package main

import (
	"bytes"
	"cmp"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/flute-node/flute-node/internal/child"
)

//go:embed support.go.txt
var supportText string

// test is a test of the package, and what it reached when it ran alone.
type test struct {
	name    string
	took    time.Duration
	reached map[int]bool
}

// try runs tests on each of the sites of p, and returns those that they let pass.
func try(p *pkg, of suite, sites []*site, limit time.Duration) ([]*site, error) {
	dir, err := os.MkdirTemp("", "mutants-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if err := os.Chmod(dir, 0o755); err != nil { // some tests go on as another user
		return nil, err
	}
	binary, err := compile(p, of, sites, dir)
	if err != nil {
		return nil, err
	}
	tests, err := survey(of, binary, dir, limit)
	if err != nil {
		return nil, err
	}
	var left []*site
	for i, s := range sites {
		if !isNoticed(of, binary, tests, i+1, limit) {
			left = append(left, s)
		}
	}
	return left, nil
}

// compile makes the test binary that has all sites in it. The files of the tree stay as they are.
func compile(p *pkg, of suite, sites []*site, dir string) (string, error) {
	support := strings.Replace(supportText, "PACKAGE", p.Name, 1)
	support = strings.Replace(support, "COUNT", strconv.Itoa(len(sites)), 1)
	files := p.rewritten(sites)
	files[filepath.Join(p.Dir, "zz_mutants.go")] = []byte(support)
	replace := map[string]string{}
	for path, text := range files {
		to := filepath.Join(dir, filepath.Base(path))
		replace[path] = to
		if err := os.WriteFile(to, text, 0o666); err != nil {
			return "", err
		}
	}
	overlay, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", err
	}
	overlayFile, binary := filepath.Join(dir, "overlay.json"), filepath.Join(dir, "package.test")
	if err := os.WriteFile(overlayFile, overlay, 0o666); err != nil {
		return "", err
	}
	build := exec.Command("go", "test", "-c", "-vet=off", "-overlay", overlayFile, "-o", binary, of.importPath)
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go test -c: %w\n%s", err, out)
	}
	return binary, nil
}

// survey runs each test alone without a mutant, and sorts them by their time.
func survey(of suite, binary, dir string, limit time.Duration) ([]test, error) {
	list := exec.Command(binary, "-test.list", "^(Test|Example|Fuzz)")
	list.Dir = of.dir
	out, err := list.Output()
	if err != nil {
		return nil, fmt.Errorf("list of tests: %w", err)
	}
	var tests []test
	report := filepath.Join(dir, "reached")
	for name := range strings.FieldsSeq(string(out)) {
		_ = os.Remove(report)
		start := time.Now()
		if err := execute(of, binary, "^"+name+"$", limit, "MUTANT_REPORT="+report); err != nil {
			fmt.Fprintf(os.Stderr, "%s fails without a mutant, and is not counted: %v\n", name, err)
			continue
		}
		t := test{name: name, took: time.Since(start), reached: map[int]bool{}}
		text, _ := os.ReadFile(report)
		for number := range strings.FieldsSeq(string(text)) {
			k, _ := strconv.Atoi(number)
			t.reached[k] = true
		}
		tests = append(tests, t)
	}
	if len(tests) == 0 {
		return nil, errors.New("no tests")
	}
	slices.SortFunc(tests, func(a, b test) int { return cmp.Compare(a.took, b.took) })
	return tests, nil
}

// isNoticed runs the tests that reach mutant k, in two goes, the quick ones first, and reports whether one fails.
func isNoticed(of suite, binary string, tests []test, k int, limit time.Duration) bool {
	var goes [2][]string
	var took [2]time.Duration
	for _, t := range tests {
		if !t.reached[k] {
			continue
		}
		slow := 0
		if t.took > 300*time.Millisecond {
			slow = 1
		}
		goes[slow] = append(goes[slow], t.name)
		took[slow] += t.took
	}
	for i, names := range goes {
		if len(names) == 0 {
			continue
		}
		pattern := "^(" + strings.Join(names, "|") + ")$"
		until := min(limit, 10*time.Second+5*took[i])
		err := execute(of, binary, pattern, until, "MUTANT="+strconv.Itoa(k))
		if errors.Is(err, context.DeadlineExceeded) && until < limit { // perhaps the machine is busy
			err = execute(of, binary, pattern, min(limit, 4*until), "MUTANT="+strconv.Itoa(k))
		}
		if err != nil {
			return true
		}
	}
	return false
}

// execute runs tests; an error is that one has failed, or context.DeadlineExceeded: they took too long.
func execute(of suite, binary, pattern string, limit time.Duration, env string) error {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	run := exec.CommandContext(ctx, binary, "-test.failfast", "-test.run", pattern)
	temporary, err := os.MkdirTemp(filepath.Dir(binary), "") // a test that is killed, or crashes, removes nothing
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(temporary) }()
	if err := os.Chmod(temporary, 0o777|os.ModeSticky); err != nil {
		return err
	}
	run.Dir, run.Env, run.WaitDelay = of.dir, append(os.Environ(), env, "TMPDIR="+temporary), time.Second
	var out bytes.Buffer
	run.Stdout, run.Stderr = &out, &out
	err = child.Bind(run).Run()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		text := out.Bytes()
		return fmt.Errorf("%w: %s", err, text[:min(len(text), 300)])
	}
	return nil
}
