// Package mem implements [store.Store] in memory, for tests and for programs that use received files without a disk.
//
//	st := mem.NewWithBudget(store.NewBudget(256<<20, nil))
//	… receive …
//	b, ok := st.Take("index.html")
//
// # Limitations
//
// A published file counts against the budget until [Store.Take] removes it. Nothing outlives the process.
package mem
