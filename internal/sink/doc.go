// Package sink hands received files on: to a marker file beside each, to a program, to a webhook. Each sink is an
// [outbox.Sink]: what fails is tried again, so that whoever takes a file may be told of it more than once, with the
// same key.
//
//	h := sink.NewWebhook(sink.WebhookConfig{URL: "https://example.org/files", Secret: secret})
//	box.Set("hook", h, outbox.Terms{…})
//
// What is told of a file is a [Message], in JSON. It is the same in each try.
//
// # Limitations
//
// A program gets the file as it is when it starts: if another version takes its place then, that is an item of its own.
package sink
