package main

import (
	"errors"
	"os"
	"runtime/pprof"
)

// profileFlags have a command write where its processor time goes.
type profileFlags struct {
	CPUProfile string `name:"cpuprofile" placeholder:"FILE" help:"Write where processor time goes, for go tool pprof."`
}

// profiled runs something, with a profile if one was asked for.
func (f *profileFlags) profiled(run func() error) (err error) {
	if f.CPUProfile == "" {
		return run()
	}
	w, err := os.Create(f.CPUProfile)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	if err := pprof.StartCPUProfile(w); err != nil {
		return err
	}
	defer pprof.StopCPUProfile()
	return run()
}
