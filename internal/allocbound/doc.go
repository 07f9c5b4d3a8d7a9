// Package allocbound is for tests: what reads bytes of others allocates no more than a multiple of their number. A
// parser that believes a length, a count or a nesting that its input claims does not pass.
//
// It has as well what other tests of memory share.
package allocbound
