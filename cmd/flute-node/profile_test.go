package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/alecthomas/kong"
)

// TestCPUProfile: receive and send have the flag of bench; what runs under it leaves a profile, and none if nobody
// asked.
func TestCPUProfile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cpu.prof")
	for _, args := range [][]string{
		{"receive", "--group", "239.1.1.1:3400", "--cpuprofile", path, "dir"},
		{"send", "--to", "239.1.1.1:3400", "--cpuprofile", path, "file"},
	} {
		var cli commands
		parser, err := kong.New(&cli, helpVars(), kong.NamedMapper(typePositive, numbers(1)),
			kong.NamedMapper(typeNatural, numbers(0)))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := parser.Parse(args); err != nil {
			t.Fatal(err)
		}
		if cli.Receive.CPUProfile+cli.Send.CPUProfile != path {
			t.Errorf("%v: %q and %q", args, cli.Receive.CPUProfile, cli.Send.CPUProfile)
		}
	}
	ran := 0
	run := func() error { ran++; return nil }
	for _, f := range []profileFlags{{}, {CPUProfile: path}} {
		if err := f.profiled(run); err != nil {
			t.Fatal(err)
		}
		if info, err := os.Stat(path); (err == nil) != (f.CPUProfile != "") || err == nil && info.Size() == 0 {
			t.Errorf("%q: %v, %v", f.CPUProfile, info, err)
		}
	}
	if ran != 2 {
		t.Errorf("it ran %d times", ran)
	}
}
