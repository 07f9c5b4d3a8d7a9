package sender

import (
	"time"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/fdt"
)

// The defaults of Config, each with its reason.
const (
	// defaultFDTDuration is how long an FDT Instance is valid.
	defaultFDTDuration = time.Hour
	// defaultFDTInterval is how often an FDT Instance is repeated: what a receiver that joins late waits for.
	defaultFDTInterval = time.Second
	// defaultFDTCollect is the least time between two FDT Instances: files added one by one then share them.
	defaultFDTCollect = 100 * time.Millisecond
	// defaultFDTFiles bounds the File entries of one FDT Instance.
	defaultFDTFiles = 5000
	// defaultFDTBytes bounds an FDT Instance: some 180 packets, which one burst of losses does not take, and below the
	// 1 MiB that known receivers take of one.
	defaultFDTBytes = 256 << 10
	// defaultFDTTransfers is how often an FDT Instance is sent after the last of its files, so that a session shorter
	// than FDTInterval does not depend on one moment.
	defaultFDTTransfers = 2
	// defaultRedundancy is that of the other codes: 16 repair symbols for 64 source symbols.
	defaultRedundancy = 0.25
	// defaultReadAhead is how much of a file is read at once when no FEC code needs its blocks whole: some 45 symbols a
	// system call.
	defaultReadAhead = 64 << 10

	// defaultCacheBytes is a carousel of some MB with its encoders.
	defaultCacheBytes = 16 << 20

	// maxFDTDuration keeps Expires within the half era around now in which receivers look for it (RFC 6726, section
	// 3.3).
	maxFDTDuration = 20 * 365 * 24 * time.Hour
	// maxRedundancy bounds what a sender repeats itself.
	maxRedundancy = 1000
	// maxInterleave bounds the source blocks of a file in transfer at once.
	maxInterleave = 256
	// maxParallel bounds the files in transfer at once.
	maxParallel = 4096
	// maxMBMS is the largest TSI of the profiles of 3GPP: 16 bits (TS 26.346, section 7.2.7). So is mbmsTOIBits.
	maxMBMS     = 1<<16 - 1
	mbmsTOIBits = 16
	// fdtShare is the part of the packets, one of fdtShare, that repetitions of FDT Instances may take.
	fdtShare = 4
	// maxDescribed bounds the files that a session describes beyond those with packets to come, until it is complete:
	// what receivers remember of one session.
	maxDescribed = 100_000
)

// Config configures a sending transport session. The zero value of a field is its default. It is not changed after it
// was handed to New.
type Config struct {
	// Session names the session. Only its TSI is on the wire; Source and Group appear in events.
	Session flute.SessionKey
	// Registry holds the FEC schemes that may be used; required.
	Registry *fec.Registry
	// Profile is the dialect spoken: FLUTE version, schema of the FDT, and what MBMS and DVB do not allow.
	Profile fdt.Profile

	// OTI is the FEC of files without their own; its TransferLength is ignored. Zero fields have defaults: symbol
	// length 1400; source block length 64; with FEC Encoding IDs 2, 5 and 129, 16 repair symbols for 64 source symbols
	// (less where the field is too small for it); with 3 and 4, 250 for 1000. With 1 and 6 SourceBlocks zero is as many
	// as blocks of MaxSourceBlockLength source symbols make. Source blocks become longer where their SBNs would not
	// suffice for a file; with 1, symbols become shorter for a file of less than four. GroupSize is the number of
	// symbols in a packet.
	OTI fec.OTI
	// Variant is the code used where a FEC scheme has several, such as schemes.Rizzo; empty: the scheme's first.
	Variant fec.Variant
	// Repair is the number of repair symbols of every source block, short ones included. Zero: what the n-algorithm
	// gives for the OTI (RFC 5510, section 6.2), that is, in proportion to the length of the block.
	Repair uint32
	// Redundancy is the number of repair symbols for each source symbol where Repair is zero and no n-algorithm says
	// it: with Raptor and RaptorQ. Zero: 0.25; negative: none. With Reed-Solomon, if it is above zero, a transfer has
	// so many of the repair symbols that the n-algorithm gives for OTI, and the next transfer has the next ones.
	Redundancy float64
	// LeastRepair is how many repair symbols a source block has at least where Redundancy says it.
	LeastRepair uint32
	// FTI is which packets of files carry EXT_FTI: EveryPacket, or FDTOnly in the profiles of 3GPP and DVB.
	FTI FTI
	// MaxBlockBytes bounds a source block in bytes; Add refuses larger ones. Zero: 10 MiB.
	MaxBlockBytes uint64
	// ReadAhead is how much of a file is read at once when no FEC code needs its blocks whole, in bytes. Zero: 64 KiB.
	ReadAhead int

	// FDTInTransfer has the FDT describe the files in transfer, and of each queue as many as come next; of small files
	// so many that together they have 16 times ReadAhead bytes, up to 256. A file leaves once its description was sent
	// FDTTransfers times after its last packet, and comes back for its next transfer. False: the FDT describes the
	// files that were added, and those that were sent as long as there is room for them.
	FDTInTransfer bool
	// FDTManual has added files wait until Publish is called, or SetComplete, so that they are described together. What
	// is wrong in the FDT, since a file has changed or is gone, is corrected at once anyway.
	FDTManual bool
	// FullFDT has an FDT Instance that describes all files that are scheduled say so (TS 26.346, section 7.2.14): as
	// long as one has room for all. Files leave it soon after their last packet. Not with FDTInTransfer, nor in the
	// profiles of section L.4, which do not have it.
	FullFDT bool

	// FDTOTI is the FEC of FDT Instances, with the defaults of OTI. Zero: the scheme of OTI with at least its share of
	// repair symbols, a quarter and three for each source block; new ones in each transmission where the scheme has
	// them. Where OTI is a scheme without repair symbols or an application's own, or the profile does not allow it, FDT
	// Instances go without FEC, and more often.
	FDTOTI fec.OTI
	// FDTCENC is the content encoding of FDT Instances.
	FDTCENC flute.ContentEncoding
	// FDTDuration is the time from the creation of an FDT Instance until it expires; it is replaced before.
	// Zero: an hour; at least twice FDTInterval and 2 s.
	FDTDuration time.Duration
	// FDTInterval is the time from one transmission of an FDT Instance to the next. It becomes longer where the
	// transmissions would take more than a quarter of the rate. Zero: a second.
	FDTInterval time.Duration
	// FDTCollect is the least time until an FDT Instance is replaced since files were added. Many large ones do not
	// wait for it: at least 64, as many as the FDT Instance describes, and 16 times as long as it. Zero: 100 ms;
	// negative: none.
	FDTCollect time.Duration
	// FDTFiles bounds the File entries of an FDT Instance; more files are described in several. Zero: 5,000.
	FDTFiles int
	// FDTBytes bounds an FDT Instance in bytes, before content encoding. Zero: 256 KiB.
	FDTBytes int
	// FDTTransfers is how often an FDT Instance is sent after the last of its files, before Done. Zero:
	// 2; without FEC as often as each file, and 2 more.
	FDTTransfers int
	// FDTStartID is the first FDT Instance ID: not 0 after a restart within FDTDuration of the previous process.
	FDTStartID flute.InstanceID
	// FDTGroups are groups to which all files of the session belong (TS 26.346, section 7.2.10). The profiles of
	// section L.4 have none.
	FDTGroups []string
	// FDTXML has the events of FDT Instances carry their XML.
	FDTXML bool
	// NoSCT leaves EXT_TIME with the Sender Current Time out of FDT packets, as the profiles of 3GPP and DVB always do.
	NoSCT bool
	// SLC adds to the packets of FDT Instances when the session changed last: when what the FDT says of its files did
	// (RFC 5651, section 5.2.2). None of the times is allowed in the profiles of 3GPP and DVB.
	SLC bool
	// FileSCT adds the Sender Current Time to the packets of files.
	FileSCT bool
	// ERT adds the Expected Residual Time to the packets of files, which is how long packets of the file are still to
	// be sent at the rate of those so far.
	ERT bool

	// Resume is where the session before, of the same TSI and source, has ended, in place of FDTStartID and FirstTOI;
	// nil: it is not known. Those of a session that has crashed are those after what it may have used.
	Resume *Numbers
	// Keeper keeps the Numbers for the next process. FDT Instances wait until the numbers that they use are kept, up to
	// 2 s; after a failure they go out all the same, with a Warning. It does not know of TOIs that Files bring along.
	Keeper Keeper
	// KeepFirst has FDT Instances wait for the Keeper however long that takes, also after it has failed: with a Keeper
	// that several senders share, numbers that are not kept may be another one's.
	KeepFirst bool

	// TOIBits bounds the TOIs of files, chosen ones included: 16, 32, 48, 64, 80, 96 or 112 bits. Each TOI is written
	// in the least of these lengths that holds it. Zero: 112; in the profiles of 3GPP and DVB 16, which they require.
	TOIBits int
	// FirstTOI is the first TOI that is given to files without their own, in order, with 1 after the last one; zero: 1.
	FirstTOI flute.TOI
	// Parallel is the number of files of one priority sent at once. Zero: 3.
	Parallel int
	// Queues overrides Parallel for some priorities (File.Priority).
	Queues map[int8]int
	// Interleave is the number of source blocks of a file sent at once. Zero: 1.
	Interleave int
	// Order is the order of the source blocks of a file in a transfer. Zero: that of their SBNs.
	Order Order
	// CacheBytes bounds the memory in which source blocks are kept for the next transfer of their file, with what their
	// encoders have made, in bytes: they need be neither read nor encoded again. Zero: 16 MiB; negative: none.
	CacheBytes int
	// TransferCount is how often each file is sent. Zero: 1; negative: for ever, until Remove.
	TransferCount int
	// Delay is the time from the end of a file's turn to the start of its next one.
	Delay time.Duration
	// Interval is the time from the start of a file's turn to that of its next one, in place of Delay. A turn that
	// lasts longer is followed by the next one at once, and event.Late tells it.
	Interval time.Duration
	// Burst is how many transfers of a file follow each other at once, as one turn. Zero: 1.
	Burst int
	// Until is when no transfer begins any more; those that run go on to their end. Zero: no such time. Files are then
	// sent again until that time, unless TransferCount says how often.
	Until time.Time
	// TransferEvents asks for an event.TransferStarted and an event.TransferDone for each transfer: as many as there
	// are packets, if the files are small.
	TransferEvents bool
	// ProgressInterval is the least time between two event.ObjectProgress of a file, but for the end of the first
	// transfer of one that is sent for ever; zero: each whole percent is told.
	ProgressInterval time.Duration

	share float64 // Redundancy, where it was given
}

// mbms reports whether the rules of 3GPP hold (TS 26.346, section 7.2), on which those of DVB build.
func (c *Config) mbms() bool { return c.Profile.MBMS() }

// encodes reports whether the profile allows the content encoding e of files (TS 26.346, sections 7.2 and L.4.2).
func (c *Config) encodes(e flute.ContentEncoding) bool {
	return e == flute.Null || !c.mbms() || c.Profile == fdt.MBMSExtended && e == flute.GZIP
}
