// Package panicked says in a few words where code has panicked: code of an application, mostly, of which an event or a
// log tells the failure in one line.
//
//	defer func() {
//		if v := recover(); v != nil {
//			err = fmt.Errorf("consumer panicked: %v%s", v, panicked.At(debug.Stack()))
//		}
//	}()
//
// A goroutine that passes on the panic of another one panics with a [Passed].
//
// # Limitations
//
// It reads the text of [runtime/debug.Stack], whose form is that of the Go release.
package panicked
