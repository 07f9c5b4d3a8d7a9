// Package fectest is what the tests of the codecs share: source blocks and losses.
//
// # Limitations
//
// It knows no codec: how the OTI of one is made is for its own tests.
package fectest
