// Package raptorq is the RaptorQ FEC scheme for FLUTE: FEC Encoding ID 6 (RFC 6330). The code is systematic and rateless: any
// K encoding symbols decode a source block of K symbols in 99 of 100 cases, two more always but for one case in a million.
package raptorq

//go:generate go run gen.go $RFC6330
