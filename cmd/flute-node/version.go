package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/alecthomas/kong"
)

type versionCommand struct{}

// Run prints the version of the module and of Go.
func (versionCommand) Run(out *output) error {
	v := thisVersion()
	out.table("version", v, v.String())
	return nil
}

// versionFlag is --version, which needs no command.
type versionFlag bool

// BeforeReset implements the hook of kong that runs before a command is asked for.
func (versionFlag) BeforeReset(app *kong.Kong) error {
	_, _ = fmt.Fprintln(app.Stdout, thisVersion())
	app.Exit(exitOK)
	return nil
}

// version says what is running.
type version struct {
	Version  string `json:"version"`
	Revision string `json:"revision"`
	Go       string `json:"go"`
}

func thisVersion() version {
	v := version{Version: "devel", Go: runtime.Version()}
	if info, ok := debug.ReadBuildInfo(); ok {
		if info.Main.Version != "" {
			v.Version = info.Main.Version
		}
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				v.Revision = s.Value
			}
		}
	}
	return v
}

func (v version) String() string {
	text := "flute-node " + v.Version
	if v.Revision != "" {
		text += " " + v.Revision
	}
	return text + " " + v.Go
}
