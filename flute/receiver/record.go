package receiver

import (
	"crypto/sha256"
	"time"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/fdt"
)

// What is known of a session, of its FDT Instances and of its objects is in records: plain data, which can be written
// down. What is live, such as budgets, workers, lists and what is held in memory, is not; it is made anew from them.

// sessionRecord is what is known of one session and of its sender.
type sessionRecord struct {
	key      flute.SessionKey
	counters flute.Counters
	version  uint8 // FLUTE version, 0 until the first FDT Instance

	opened  bool   // SessionOpened was emitted
	proven  bool   // a valid FDT Instance was received
	warned  bool   // of faults in an FDT Instance
	ending  string // why the session ends as soon as nothing is being published; empty: it does not
	ended   bool
	last    time.Time // of the latest packet
	open    time.Time // of the latest packet without A flag
	closed  bool      // the latest packet had the A flag
	put     time.Time // when an object was put last; zero: never
	closing time.Time // when the session ends because of an A flag; zero: not

	clock        senderClock
	runs         run           // numbers given to runs
	serials      uint32        // numbers given to FDT Instances
	lines        []line        // source ports, linesPerFeed for each feed; of a feed the one that it began with first
	fdtHeard     time.Time     // latest first symbol of an FDT Instance that was known
	fdtInterval  time.Duration // usual time from one to the next
	alternations []alternation // one for each feed
	completion   completion
	deferred     map[flute.TOI]struct{} // files that there is no memory or no place to describe
}

// instanceRecord is what is known of one FDT Instance: its fingerprint, and whether it was read.
type instanceRecord struct {
	id      flute.InstanceID
	run     run
	version uint8 // FLUTE version of its packets
	cenc    int   // content encoding by EXT_CENC; -1: not seen
	hasSCT  bool  // one of its packets told the sender's clock
	touched time.Time
	forget  time.Time // when its ID may be used again; zero: while it is received
	fti     []byte    // EXT_FTI of its packets
	head    [sha256.Size]byte
	hasHead bool // head is the hash of the packet with SBN 0 and ESI 0
	alarmed bool // a conflict was reported

	read     bool      // it was decoded and merged; what is received of it is a repetition
	reread   time.Time // when a repetition is read again; zero: never
	readings int       // that left something undone
	deferred int       // File elements that the latest reading put off
}

// record is what is known of one object: its description, how far it has come, and how it has ended. With the
// assembly.State of its holding it is all that is needed to go on elsewhere.
type record struct {
	toi       flute.TOI
	instance  flute.InstanceID // the newest FDT Instance that describes it
	phase     phase
	started   bool // ObjectStarted was emitted
	contested bool // an FDT Instance says that its TOI means something else
	mixed     bool // nothing has confirmed yet that all its packets are of one run
	tries     int8 // that failed because of bytes, the store or a budget; up to maxTries
	closes    int8 // tries that a B flag ended; up to maxCloses

	run     run       // whose packets are taken; see run
	file    *fdt.File // description; nil before the FDT. It is not changed: another one takes its place
	expires time.Time // by the receiver's clock; zero: never
	first   time.Time // first packet that was used

	resume time.Time        // when the next try may begin
	reason event.FailReason // why the latest failed
	detail string
}
