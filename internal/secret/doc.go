// Package secret reads files that nobody but their owner may read, such as a token or a private key.
//
// # Limitations
//
// Windows has no permissions of this kind: there nothing is checked.
package secret
