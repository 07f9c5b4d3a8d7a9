// Package event holds what the cores and the node announce: sessions opened and closed, FDT Instances received, objects
// started, completed and failed. Events are values, immutable once emitted; a subscriber may keep them.
//
// Every announced object ends in exactly one of ObjectCompleted, ObjectFailed and ObjectRefused; no event of an object
// follows its end.
// After an ObjectFailed whose Retry is true the object may be tried again: each try starts and ends like an object.
//
// Limitations: events are not ordered between sessions.
package event
