// Package storetest tests a [store.Store] against what the interface promises. A program with a Store of its own runs
// it in a test:
//
//	func TestStore(t *testing.T) {
//		storetest.Run(t, func(t *testing.T) (store.Store, storetest.Read) {
//			st := mystore.New(t.TempDir())
//			return st, func(name string) ([]byte, error) { return st.Get(name) }
//		})
//	}
//
// [Faulty] is a Store that fails, waits or panics when it is told to, for tests of what uses one.
//
// # Limitations
//
// Whether what was published outlives a crash of the machine, and what a Store does when its disk is full, is not
// tested.
package storetest
