// Package scenario runs tests from text files. Each case is a command and the output that it must print.
//
//	# a comment
//	add name=a.txt size=3000 groups=(x, y)
//	optional lines of input
//	----
//	toi 1
//
// A file is a list of such cases, run in order against one state. A case ends at a blank line or at the end of the
// file, so output holds no blank line. With the flag -rewrite the outputs in the files are replaced by the real ones;
// the difference is then reviewed like code.
//
//	go test ./flute/sender -run TestScenarios -rewrite
//
// # Limitations
//
// The flag is registered in every test binary that imports the package.
package scenario
