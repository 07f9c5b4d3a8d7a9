// Package netns tells a test which network it has, and gives it one of its own, with interfaces and routes that it may
// change: a network namespace of Linux, made with one of users, so that no privilege is needed. On other systems the
// tests that need one are skipped.
package netns
