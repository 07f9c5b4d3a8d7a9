package simulator

import (
	"flag"
	"testing"
)

// Bubbles returns a testing.T for [Run] in a program that is no test. It is called once. The virtual time of package
// testing/synctest needs one, and only package testing makes them: testing.Main runs on a goroutine of its own, in a
// test that does not end before the program does. See docs/adr/0050.
func Bubbles() *testing.T {
	testing.Init()
	_ = flag.CommandLine.Parse(nil) // or testing.Main parses the arguments of the program
	made := make(chan *testing.T)
	test := testing.InternalTest{Name: "simulate", F: func(t *testing.T) {
		made <- t
		select {}
	}}
	go testing.Main(func(string, string) (bool, error) { return true, nil }, []testing.InternalTest{test}, nil, nil)
	return <-made
}
