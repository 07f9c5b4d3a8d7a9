// Command mutants asks whether the tests would notice: it changes one operator, condition, number or statement of a
// package, runs its tests, and lists the changes that no test has noticed.
//
//	go run ./internal/mutants                          the packages that a lie would hurt most, 20 mutants each
//	go run ./internal/mutants -n 50 -seed 2 ./flute/lct
//
// The sample depends on the seed and the source only. All mutants of a package are compiled into one test binary, where
// a variable of the environment chooses the one that is active. A first run tells which tests reach which mutant, and
// only these are run on it, the quickest first. A mutant that no test reaches has survived.
//
// Survivors that are no fault of a test are in survivors.tsv, each with its reason. The second 0 of a function is
// another mutant than its first, and is called "0 #2" there. The command fails if more than
// 5 % of the mutants have survived, these not counted, and says how many were not counted.
//
// # Limitations
//
// A mutant that hangs counts as noticed if it does so again with four times as much time: on a busy machine the first
// try may only have been slow. Tests that only fail by chance count as having noticed. Constants, strings and files in
// assembly are not changed, nor are conditions of loops negated.
package main
