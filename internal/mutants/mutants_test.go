package main

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"
)

// Of a small package it is known which mutants its test notices.
func TestSurvivors(t *testing.T) {
	needsGo(t)
	p, err := load("./testdata/sum")
	if err != nil {
		t.Fatal(err)
	}
	left, err := p.survivors(target{}, p.sample(1000, 1), time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, s := range left {
		got = append(got, fmt.Sprintf("%s %s: %s", s.function, s.kind, s.text))
	}
	want := []string{ // 100 itself is not tried, and Mask is not tested
		"Until boundary: n > 100",
		"Until number: 100",
		"Mask negation: n == 7 && n&1 != 0",
		"Mask logical: n == 7 && n&1 != 0",
		"Mask negation: n == 7",
		"Mask number: 7",
		"Mask negation: n&1 != 0",
		"Mask arithmetic: n&1",
		"Mask number: 1",
		"Mask number: 0",
		"Mask arithmetic: n << 1",
	}
	if !slices.Equal(got, want) {
		t.Errorf("of %d mutants these survived:\n%s", len(p.sites), strings.Join(got, "\n"))
	}
}

// All places of a real package together still make a package, whose tests pass as long as no mutant is active.
func TestAllPlacesCompile(t *testing.T) {
	needsGo(t)
	for _, name := range []string{"../../flute/lct", "../../fec"} {
		p, err := load(name)
		if err != nil {
			t.Fatal(err)
		}
		sites := p.sample(len(p.sites), 1)
		binary, err := compile(p, p.suite(), sites, t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		if err := execute(p.suite(), binary, "^TestConf", time.Minute, "MUTANT=0"); err != nil {
			t.Error(err)
		}
		err = execute(p.suite(), binary, "^TestConf", time.Nanosecond, "MUTANT=0")
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("after the limit: %v", err)
		}
	}
}

func TestSampleIsOfTheSeed(t *testing.T) {
	p := &pkg{}
	for i := range 50 {
		p.sites = append(p.sites, &site{line: i})
	}
	one, again, other := p.sample(20, 1), p.sample(20, 1), p.sample(20, 2)
	if !slices.Equal(one, again) || slices.Equal(one, other) || len(one) != 20 {
		t.Error("samples do not depend on the seed alone")
	}
	if len(p.sample(100, 1)) != 50 {
		t.Error("a sample of more than there is")
	}
}

func TestSurvivorsFile(t *testing.T) {
	if _, err := parseSurvivors(survivorsText); err != nil {
		t.Error(err)
	}
	for _, text := range []string{"a\tb\tc\td", "a\tb\tc\td\t"} {
		if _, err := parseSurvivors(text); err == nil {
			t.Errorf("%q is taken", text)
		}
	}
}

// Each excuse is of one place, which is there: that of the first true of a function does not hold for the second.
func TestExcusesAreOfOnePlace(t *testing.T) {
	needsGo(t)
	excused, err := parseSurvivors(survivorsText)
	if err != nil {
		t.Fatal(err)
	}
	for _, target := range targets {
		p, err := load("../../" + strings.TrimPrefix(target.pkg, "./"))
		if err != nil {
			t.Fatal(err)
		}
		seen := map[string]*site{}
		for _, s := range p.sites {
			if other := seen[s.key()]; other != nil {
				t.Errorf("%v and %v have one name", other, s)
			}
			seen[s.key()] = s
			delete(excused, s.key())
		}
	}
	for key := range excused {
		t.Errorf("survivors.tsv excuses what is not there: %q", key)
	}
}

func needsGo(t *testing.T) {
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("no go command")
	}
	if testing.Short() {
		t.Skip("compiles packages")
	}
}
