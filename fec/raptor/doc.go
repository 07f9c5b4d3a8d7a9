// Package raptor is the Raptor FEC scheme, R10, for FLUTE: FEC Encoding ID 1 (RFC 5053). The code is systematic and
// rateless: any set of encoding symbols a little larger than the source block decodes it.
package raptor

//go:generate go run gen.go $RFC5053
