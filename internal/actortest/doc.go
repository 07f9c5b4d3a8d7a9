// Package actortest helps to test actors: in a bubble of testing/synctest, where back-offs of minutes pass at once and
// synctest.Wait means that all actors are idle; with probes in place of actors, and Data that counts its releases.
//
// Limitations: no real sockets inside a bubble.
package actortest
