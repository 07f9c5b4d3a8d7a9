// Package netns gives a test a network of its own, with interfaces and routes that it may change: a network namespace
// of Linux, made with one of users, so that no privilege is needed. On other systems its tests are skipped.
package netns
