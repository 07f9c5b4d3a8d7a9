package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

type versionCommand struct{}

// Run prints the version of the module and of Go.
func (versionCommand) Run(out *output) error {
	version, revision := "devel", ""
	if info, ok := debug.ReadBuildInfo(); ok {
		if info.Main.Version != "" {
			version = info.Main.Version
		}
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				revision = s.Value
			}
		}
	}
	out.table("version", map[string]string{"version": version, "revision": revision, "go": runtime.Version()},
		fmt.Sprintf("flute-node %s %s %s", version, revision, runtime.Version()))
	return nil
}
