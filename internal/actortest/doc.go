// Package actortest helps to test actors. A test runs in a bubble of [testing/synctest], where back-offs of minutes
// pass at once, and synctest.Wait returns when all actors are idle. Probes take the place of actors; Data counts its
// releases.
//
// # Limitations
//
// There are no real sockets in a bubble.
package actortest
