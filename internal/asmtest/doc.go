// Package asmtest is for tests of packages whose assembly is generated: what is committed is what its source makes.
//
//	func TestGenerated(t *testing.T) { asmtest.Generated(t, "kernel") }
//
// The generator is the program in internal/asm of the package that is tested, a module of its own.
package asmtest
