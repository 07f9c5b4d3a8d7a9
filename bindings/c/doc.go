//go:build cgo

// Command c is the C ABI of the FLUTE node (RFC 6726), a shared library:
//
//	go build -buildmode=c-shared -trimpath -ldflags "-s -w" -o libflute_node.so ./bindings/c
//	cc -Ibindings/c program.c -L. -lflute_node
//
// flute_node.h documents it; programs/example.c sends and receives a file in memory. Each function of the header is C
// (abi.c): it refuses to run in a child of fork, whose Go runtime has lost its threads, and hands the rest to a
// function of this package, which does nothing but convert. The work is done by package internal/binding.
//
// # Limitations
//
// It is not built where cgo is off. The library cannot be unloaded (dlclose leaves it), since the Go runtime cannot.
package main
