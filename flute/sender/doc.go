// Package sender is the core of a sending transport session (RFC 6726): it decides what the next datagram is, and
// builds it. It has no socket, no clock and no goroutine: time is a parameter, and the caller sends what it is given.
//
//	s, err := sender.New(sender.Config{Session: key, Registry: schemes.Default()})
//	o, err := sender.Prepare(ctx, sender.File{ContentLocation: "file:///a.txt", Content: f, Size: size}, nil)
//	toi, err := s.Add(o)
//	s.SetComplete()
//	for !s.Done() {
//		pkt, ok, err := s.AppendNext(buf[:0], now)
//		// ok: send pkt; else: wait until s.Deadline()
//	}
//	pkt := s.AppendClose(buf[:0])
//
// What is sent, and in which order:
//
//   - The files are listed on pages, in order of addition; an FDT Instance describes one page, up to FDTBytes and
//     FDTFiles, and is never empty (RFC 6726, section 3.3). It comes before the first file of the page, again every
//     FDTInterval while files of the page are to be sent, and FDTTransfers times after the last of them, apart from
//     each other. It is replaced by one with the next FDT Instance ID when files were added or removed, and before it
//     expires. Additions close to each other share one.
//   - FDT Instances have the FEC scheme of the files and at least their share of repair symbols (Config.FDTOTI). While
//     files are in transfer, packets of FDT Instances go between theirs, one in four, one in two when a file waits for
//     it. One Instance is sent at a time.
//   - Files that were sent stay described as long as their page is, and settled ones until they would cost more than an
//     eighth of the rate. After SetComplete all stay, and all Instances are sent once more after the last file. The one
//     with the newest files says Complete; the others were sent before it.
//   - With FDTInTransfer the FDT describes the files in transfer and those that come next. With FDTManual files
//     wait until Publish. A Keeper keeps FDT Instance IDs and TOIs for the next process, before they are used.
//   - Files of a lower Priority go first; others wait, also in the middle of a transfer, and go on where they were. Of
//     one priority up to Parallel files are sent at once, a packet of each in turn; of each file up to Interleave
//     source blocks, an encoding symbol of each in turn: first the source symbols of the block, then its repair
//     symbols.
//   - A file is sent TransferCount times, Burst of them back to back, then Delay after the end or Interval after the
//     start. The last packet of the last time has the B flag.
//
// Each packet carries one encoding symbol, or OTI.GroupSize of them. A Session is not safe for concurrent use. Prepare
// may run on another goroutine.
//
// What takes long is a [Work]: reading a source, making the repair symbols of a large source block, preparing a file
// again. A caller who wants none of this to delay a packet drains [Session.Works] after each call, and runs them on
// other goroutines:
//
//	pkt, ok, err := s.AppendNext(buf[:0], now)
//	for _, w := range s.Works() {
//		go func() { w.Run(nil); wake() }() // wake has AppendNext called again
//	}
//
// From the first call of Works on, the session reads no source itself, except one that is in memory. A file is opened
// and read some 512 KiB ahead, or one source block where the code needs it whole. A source that hangs delays its own
// file: after 200 ms another file takes its place in transfer. The session of a caller who never calls Works does
// everything itself when it is due.
//
// A Source is opened for each transfer. If it is then another version than the one that was prepared, it is prepared
// again, and the new version takes the place of the object, with a TOI of its own, as soon as it is described. While a
// transfer goes on the session looks now and then, and before the last packet, whether the open content is still the
// same: what is announced is what is sent.
//
// Memory: source symbols of content in memory go straight into the packet. For other content each file in transfer
// holds the window that is read ahead, or, with a FEC code, one source block and its encoder (fec.Scheme.Memory) for
// each of its Interleave slots, and one source block more; not that one where source blocks have 4 MiB and more and the
// encoder, as those of Raptor and RaptorQ, does without the source symbols before the block is sent. Of files that are
// sent again the session keeps source blocks with their encoders, up to Config.CacheBytes. Nothing else grows with the
// size of a file; a session keeps some 2 KB of each file besides its names, and Add takes the same time however many
// there are.
//
// A large file is sent before its digests are known (DigestLater): Works compute them meanwhile, and a later FDT
// Instance has them. Its last source blocks wait for that, so that receivers know them before they have the file.
//
// Limitations: no congestion control and no pacing, which are the caller's (RFC 6726, section 4, items (c) and (d));
// all transfers of a file send the same source symbols, and the same repair symbols but for Raptor and RaptorQ, which
// make new ones each time, and Reed-Solomon where its max_n permits more than Redundancy takes; File.Content that
// changes between Prepare and its transfer is noticed by receivers only, through its digest. File.Source is for content
// that may change.
package sender
