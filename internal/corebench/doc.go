// Package corebench measures the cores of sender and receiver without sockets, disks and other goroutines: objects of
// several megabytes become packets, and packets become objects.
//
//	b := corebench.New(cfg, corebench.Cases()[1])
//	sent, err := b.Send()
//	received, err := b.Receive(0.05)
//
// What is timed:
//
//   - Send: files in memory go through a sender.Session, each once, with their FEC Payload IDs and repair symbols.
//   - Receive: the packets of these files, less those that are lost, go through a receiver.Receiver into a Store in
//     memory. Of a source block that lost symbols come as many repair symbols, and a few more where the code needs
//     them.
//
// No digest is announced, so none is computed. The files together are larger than the caches of a processor: a file
// that fits in there is received many times as fast, and says nothing of what comes from a network.
//
// # Limitations
//
// All work is done on the caller's goroutine. Packets of FDT Instances are in the time, but there are few.
package corebench
