// Package sink hands received files on: to a marker file beside each, to a program, to a
// webhook, to a store that speaks the S3 protocol, to NATS JetStream. Each sink is an
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
// What a kill has left of an upload in parts stays in the store until it is removed there (a lifecycle rule does it).
// JetStream drops what it has within the duplicate window of the stream only; after that a second message has the same
// key.
//
// A program gets the file as it is when it starts: if another version takes its place then, that is an item of its own.
package sink
