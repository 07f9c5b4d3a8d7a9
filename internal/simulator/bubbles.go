package simulator

import (
	"flag"
	"testing"
)

// Bubbles is where simulations of a program run that is no test: [Run] with a testing.T of its own.
type Bubbles struct{ t *testing.T }

// NewBubbles returns Bubbles. It is called once. The virtual time of package testing/synctest needs a testing.T, and
// only package testing makes them: testing.Main runs on a goroutine of its own, in a test that does not end before the
// program does. See docs/adr/0050.
func NewBubbles() Bubbles {
	testing.Init()
	_ = flag.CommandLine.Parse(nil) // or testing.Main parses the arguments of the program
	made := make(chan *testing.T)
	test := testing.InternalTest{Name: "simulate", F: func(t *testing.T) {
		made <- t
		select {}
	}}
	go testing.Main(func(string, string) (bool, error) { return true, nil }, []testing.InternalTest{test}, nil, nil)
	return Bubbles{<-made}
}
