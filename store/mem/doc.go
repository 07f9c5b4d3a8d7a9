// Package mem is a store.Store in memory, for tests, and for programs that take received files without a disk.
//
//	st := mem.NewWithBudget(store.NewBudget(256<<20, nil))
//	… receive …
//	b, ok := st.Take("index.html")
//
// # Limitations
//
// Published files stay, and count against the budget, until Take. Nothing outlives the process.
package mem
