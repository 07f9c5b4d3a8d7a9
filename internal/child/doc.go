// Package child ends processes together with the one that has started them. A test that is killed, or that go test ends
// when its time is over, cleans nothing up: its nodes and servers would go on, and disturb the next test.
//
//	out, err := child.Bind(exec.Command("nats-server")).CombinedOutput()
//
// No RFC has a say in it.
//
// # Limitations
//
// Linux only. What the process has started itself is not killed, unless it has bound it, too. The end of the thread
// that has started it counts as that of the process: Go ends a thread if the goroutine that is locked to it ends.
package child
