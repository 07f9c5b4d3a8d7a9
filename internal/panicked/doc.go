// Package panicked says in a few words where code has panicked: code of an application, mostly, of which an event or a
// log tells the failure in one line.
//
//	defer func() {
//		if v := recover(); v != nil {
//			err = errors.New("consumer panicked: " + panicked.Of(v).Line())
//		}
//	}()
//
// A goroutine that passes on the panic of another one panics with a [Passed]: without it the stack would be that of the
// goroutine that waited.
//
// # Limitations
//
// It reads the text of [runtime/debug.Stack], whose form is that of the Go release.
package panicked
