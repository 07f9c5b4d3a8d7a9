// Package binding does the work of the C ABI of bindings/c: it offers the cores of sender and receiver (RFC 6726) and
// the whole node with handles, texts and flat buffers in place of Go values.
//
//	s, err := binding.NewSender(`{"tsi": 7, "fec": "raptorq"}`, nil, false)
//	toi, err := s.Add(content, false, `{"name": "a.txt"}`, nil)
//	n, code, err := s.Read(now, buf)
//
//	r, err := binding.NewReceiver(`{"dir": "in"}`, 0)
//	outcome, err := r.Push(now, key, port, datagram)
//	n, code := r.Events.Next(buf)
//
// Configuration is text, with the keys of the file of configuration (package internal/config), so that it grows without
// a change of the ABI. Events are the JSON lines of the command. Files that are received into memory are read from a
// [Shelf].
//
// All types are safe for concurrent use: calls of one handle wait for each other. A panic in a call becomes an error of
// it, see [Guard].
//
// # Limitations
//
// A Receiver does not tell sessions of strangers from others: 1,024 of them keep new ones out until they end. Give tsi
// where strangers may send. A Node does tell them apart.
//
// TOIs have 64 bits at most here, unless a configuration asks for more: then events have them, and calls by TOI do not.
package binding
