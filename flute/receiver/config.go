package receiver

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/fdt"
	"github.com/flute-node/flute-node/flute/internal/assembly"
	"github.com/flute-node/flute-node/flute/internal/content"
	"github.com/flute-node/flute-node/internal/drop"
	"github.com/flute-node/flute-node/store"
	"github.com/flute-node/flute-node/store/names"
)

// The defaults of Config, each with its reason.
const (
	// defaultSessionBudget bounds the memory of one session: four of them spend the budget of a node. It decodes the
	// largest source blocks that senders use, of some 80 MB with RaptorQ.
	defaultSessionBudget = 256 << 20
	// defaultMaxObjects bounds the described objects of one session: what the largest FDT Instance may announce.
	defaultMaxObjects = 100_000
	// defaultMaxUndescribed bounds the objects that no FDT Instance describes yet: as many as one session may describe,
	// since the FDT of a folder of small files may come last.
	defaultMaxUndescribed = 100_000
	// defaultUndescribedBytes bounds what those objects may hold together in memory.
	defaultUndescribedBytes = 64 << 20
	// defaultUndescribedTimeout is how long such an object waits in silence for the rest of its symbols. One that is
	// whole waits for its description as long as there is room.
	defaultUndescribedTimeout = 5 * time.Minute
	// defaultMaxInstances bounds the FDT Instances that are received at the same time. A sender of many files has as
	// many Instances, sends one after the other, and may repeat one only after all others: what loss left of each waits
	// for that.
	defaultMaxInstances = 256
	// defaultMaxObjectSize bounds a Transfer-Length and the size after content decoding: 1 TiB.
	defaultMaxObjectSize = 1 << 40
	// defaultMaxSourceBlocks bounds the set of complete source blocks: 5 MiB for one object. It is what a 24-bit SBN
	// can number (RFC 5510, section 5).
	defaultMaxSourceBlocks = 1 << 24
	// defaultCloseGrace is how long reordered packets are still used after an A or B flag (RFC 5651, section 5.1, gives
	// the flags no guarantee of order).
	defaultCloseGrace = 10 * time.Second
	// defaultSessionTimeout ends a silent session, unless longer pauses were seen; it covers a carousel that pauses.
	defaultSessionTimeout = time.Hour
	// defaultObjectTimeout ends a try, unless longer pauses were seen. The next packet of the object begins another
	// one, which has what was received: what is too short costs no more than an event.
	defaultObjectTimeout = time.Hour
	// defaultUnprovenTimeout ends a silent session that has shown nothing yet: neither a valid FDT Instance nor an
	// object. Whoever joins late waits for an FDT Instance while packets come, so that the session is not silent.
	defaultUnprovenTimeout = 10 * time.Second
	// defaultRestartSilence is the silence after which other content under a known FDT Instance ID, if there is more
	// than one packet of it, is taken for a sender that was started again, not for an attack or an error (RFC 6726,
	// section 3.4.1).
	defaultRestartSilence = 2 * time.Second
	// digestStep is how many contiguous bytes are gathered before they are hashed ahead of completion.
	digestStep = 8 << 20
	// spawnedStep is digestStep of a Receiver that hashes by Spawn: Handle waits for what is left of a whole object.
	spawnedStep = 1 << 20
	// digestSteps is how many of them are hashed at a time, at most.
	digestSteps = 4
)

// ExpiryPolicy says how the Expires of FDT Instances is compared with the receiver's clock.
type ExpiryPolicy uint8

// The policies for Expires.
const (
	// ExpiryUseSCT corrects Expires by the sender's clock when EXT_TIME carries it; else it enforces.
	ExpiryUseSCT ExpiryPolicy = iota
	// ExpiryEnforce compares with the receiver's clock.
	ExpiryEnforce
	// ExpiryIgnore never expires an FDT Instance: for senders with broken clocks.
	ExpiryIgnore
)

// Config configures the receivers of one or many sessions. The zero value of a field is its default. It is not changed
// after it was handed to NewLedger and may then be shared.
type Config struct {
	Registry *fec.Registry // the FEC schemes that may be used; required
	Store    store.Store   // where object bytes go; required
	Budget   *store.Budget // memory of all sessions that share this Config or another one with it; nil: unlimited

	Labour *Labour // permits for heavy decoding; nil: those of one worker

	SessionBudget uint64 // memory of one session in bytes; zero: 256 MiB
	ObjectBudget  uint64 // memory of one object in bytes; zero: all but a sixteenth of SessionBudget

	// Variant is the one assumed of FEC schemes that have several under one wire format, such as schemes.Rizzo. Empty
	// is auto: a surplus symbol or the object's digest tells.
	Variant fec.Variant

	// Digests are computed of each file, told in event.ObjectCompleted, and checked where they were announced: md5,
	// sha-256, sha-512. Besides them, the strongest is that the sender announced; of a file without any, none.
	Digests []string

	// Selection says which objects are received, and Choose, if it is not nil, which of those. Choose is called once
	// for each object when an FDT Instance describes it: before a byte of it is stored, unless data came before.
	// Sessions that share a Config call it concurrently, and wait for it. If it panics, the object is refused.
	Selection Selection
	Choose    func(Offer) Choice

	// Spawn lets a Receiver compute digests beside the datagrams that it handles: it has f run on a goroutine. Nothing
	// else changes: whatever an object needs for its end has happened when Handle returns. Nil: Handle computes them.
	// Session and Object have no use for it.
	Spawn func(f func())
	// Behind is how many objects that lack nothing may be verified and published by Spawn while later datagrams are
	// handled, of whatever object but these, and no new FDT Instance: their ends come with a later call of Handle,
	// Advance or Close, of which Deadline tells nothing. They hold their memory for so long, so that these calls wait
	// for them while more than half of Budget is used; several Receivers with one Budget must call Advance for that.
	// Zero: none.
	Behind int

	Profile ProfileLock // zero: locked by the session's first FDT packet
	// ROUTE: the sessions are of ROUTE (RFC 9223) in place of FLUTE. STSID is an S-TSID, or a package with one, that
	// came another way than in TSI 0 of the same source; nil: none.
	ROUTE bool
	STSID []byte

	// Instances, if it is not nil, is called with each FDT Instance that was read, also with one that has expired,
	// before its files are described. It must not change the Instance. Sessions that share a Config call it
	// concurrently, and wait for it.
	Instances func(flute.SessionKey, *fdt.Instance)

	Expiry             ExpiryPolicy  // zero: ExpiryUseSCT
	FDTLimits          fdt.Limits    // zero: the limits of package fdt
	MaxObjects         int           // described objects of a session; zero: 100,000
	MaxUndescribed     int           // objects that no FDT Instance describes yet; zero: 100,000
	UndescribedBytes   uint64        // memory of those, up to a quarter of the session's; zero: 64 MiB
	UndescribedTimeout time.Duration // silence of those that are not whole; zero: 5 minutes, or learned
	MaxInstances       int           // FDT Instances that are received at the same time; zero: 256
	MaxObjectSize      uint64        // bytes; zero: 1 TiB
	MaxSourceBlocks    uint32        // of an object; zero: 1 << 24
	CloseGrace         time.Duration // after an A or B flag; zero: 10 seconds
	SessionTimeout     time.Duration // silence that ends a session; zero: an hour, or learned
	ObjectTimeout      time.Duration // silence that ends a try to receive an object; zero: an hour, or learned
	UnprovenTimeout    time.Duration // silence of a session that has shown nothing; zero: 10 seconds
	RestartSilence     time.Duration // from which on a sender may have been started again; zero: 2 seconds
	// ProgressInterval is the least time between two ObjectProgress of an object, but for that of all bytes; zero: each
	// whole percent is told.
	ProgressInterval time.Duration
	// A time-out that is learned is three times the longest pause after which packets came again, of the session or of
	// an object, where that is more than the time above; at most a day. NoSessionTimeout and NoObjectTimeout: there is
	// none. A session that has shown nothing ends after UnprovenTimeout in any case.
	NoSessionTimeout, NoObjectTimeout bool

	// Layout says which names files get in the Store. "flat", as empty, has all files in the root: where several
	// senders announce the same Content-Location, the newest file is kept, with a Warning. "source" has a folder for
	// each source, as "192.0.2.1"; "session" has one for each session below that, as "192.0.2.1/239.1.1.1-3400-7":
	// destination address, port, TSI.
	//
	// Anything with a brace or a slash is a template of the name, such as "{date}/{source}/{path}". In it stand {tsi},
	// {toi}, {group} (destination address and port: 239.1.1.1-3400), {source} (address), {path} (what store.Name makes
	// of the Content-Location), {name} (its last segment), {date} (in UTC, of the moment that the object is whole:
	// 2026-11-29) and {sha256} (of the file, in hex). Locations whose names are the same get marks, unless the name has
	// {sha256} and neither {path} nor {name}: then they are one file.
	Layout string

	// Feeds are the ways on which each session comes, if there are several: Origin.Feed tells which of them a datagram
	// came on. At most eight.
	Feeds []flute.Feed

	// Leftovers are objects of earlier processes, from the Recover of a Store that is a store.Keeper. Sessions go on
	// with those of theirs. Delivered is from its Delivered: files that are announced with the same Content-Location,
	// lengths and digest are not received again. NoNotes: objects of such a Store are not noted, so that no later
	// process can go on with them, and Delivered is ignored.
	Leftovers []store.Leftover
	Delivered [][]byte
	NoNotes   bool
	// Redeliver: files that an earlier process has published are received again, and nothing is noted of those that are
	// published.
	Redeliver bool

	digests  content.Algorithms     // Digests
	tois     map[flute.TOI]struct{} // Selection.TOIs; nil: all
	arenas   *assembly.Arenas       // of all sessions that share this Config
	readers  *readers               // likewise
	receipts *receiptPool           // likewise
	// of all sessions that share this Config, if they are of ROUTE
	signalling *signalling
	forFDT     *Config // of what FDT Instances are received with

	names     *names.Registry // of Store
	keeps     bool            // objects are noted
	leftovers *leftovers
	delivered map[flute.SessionKey]map[string]*notedFile // by Content-Location; not changed

	sessionTimeout, objectTimeout, undescribedTimeout timeout
}

// ProfileLock fixes the FLUTE version that a session must use.
type ProfileLock uint8

// The locks. The values are FLUTE versions (RFC 6726, section 3.4.1; RFC 3926, section 3.4.1).
const (
	AnyVersion ProfileLock = 0
	Version1   ProfileLock = 1
	Version2   ProfileLock = 2
)

// Validated returns c with its defaults filled in, or an error that names the field.
func (c Config) Validated() (*Config, error) {
	if c.Registry == nil {
		return nil, fmt.Errorf("receiver: Config.Registry is required")
	}
	if c.Store == nil {
		return nil, fmt.Errorf("receiver: Config.Store is required")
	}
	for _, check := range []struct {
		bad  bool
		text string
	}{
		{c.Profile > Version2, fmt.Sprintf("Profile %d is not a FLUTE version", c.Profile)},
		{c.Expiry > ExpiryIgnore, fmt.Sprintf("Expiry %d is not known", c.Expiry)},
		{c.FDTLimits.Bytes < 0, "FDTLimits.Bytes is negative"},
		{c.MaxObjects < 0, "MaxObjects is negative"},
		{c.MaxUndescribed < 0, "MaxUndescribed is negative"},
		{c.MaxInstances < 0, "MaxInstances is negative"},
		{c.UndescribedTimeout < 0, "UndescribedTimeout is negative"},
		{c.CloseGrace < 0, "CloseGrace is negative"},
		{c.SessionTimeout < 0, "SessionTimeout is negative"},
		{c.UnprovenTimeout < 0, "UnprovenTimeout is negative"},
		{c.RestartSilence < 0, "RestartSilence is negative"},
		{c.ProgressInterval < 0, "ProgressInterval is negative"},
		{c.ObjectTimeout < 0, "ObjectTimeout is negative"},
		{c.NoSessionTimeout && c.SessionTimeout > 0, "NoSessionTimeout and SessionTimeout exclude each other"},
		{c.NoObjectTimeout && c.ObjectTimeout > 0, "NoObjectTimeout and ObjectTimeout exclude each other"},
	} {
		if check.bad {
			return nil, fmt.Errorf("receiver: Config.%s", check.text)
		}
	}
	if err := checkFeeds(c.Feeds); err != nil {
		return nil, err
	}
	if err := c.CheckLayout(); err != nil {
		return nil, fmt.Errorf("receiver: Config.Layout: %w", err)
	}
	c.SessionBudget = cmp.Or(c.SessionBudget, defaultSessionBudget)
	c.ObjectBudget = cmp.Or(c.ObjectBudget, c.SessionBudget-c.SessionBudget/16)
	if c.ObjectBudget > c.SessionBudget {
		return nil, fmt.Errorf("receiver: Config.ObjectBudget %d exceeds Config.SessionBudget %d",
			c.ObjectBudget, c.SessionBudget)
	}
	err := c.Selection.validate()
	if err != nil {
		return nil, err
	}
	for _, toi := range c.Selection.TOIs {
		if c.tois == nil {
			c.tois = map[flute.TOI]struct{}{}
		}
		c.tois[toi] = struct{}{}
	}
	if c.digests, err = content.ParseAlgorithms(c.Digests); err != nil {
		return nil, fmt.Errorf("receiver: Config.Digests: %w", err)
	}
	if strings.Contains(c.Layout, "{sha256}") {
		c.digests |= content.SHA256
	}
	if c.Labour == nil {
		c.Labour = NewLabour(1)
	}
	if c.Budget == nil {
		c.Budget = store.NewBudget(1<<62, nil)
	}
	c.MaxObjects = cmp.Or(c.MaxObjects, defaultMaxObjects)
	c.MaxUndescribed = cmp.Or(c.MaxUndescribed, defaultMaxUndescribed)
	c.UndescribedBytes = cmp.Or(c.UndescribedBytes, defaultUndescribedBytes)
	c.undescribedTimeout = newTimeout(&c.UndescribedTimeout, defaultUndescribedTimeout, false)
	c.MaxInstances = cmp.Or(c.MaxInstances, defaultMaxInstances)
	c.MaxObjectSize = cmp.Or(c.MaxObjectSize, defaultMaxObjectSize)
	c.MaxSourceBlocks = cmp.Or(c.MaxSourceBlocks, defaultMaxSourceBlocks)
	c.CloseGrace = cmp.Or(c.CloseGrace, defaultCloseGrace)
	c.objectTimeout = newTimeout(&c.ObjectTimeout, defaultObjectTimeout, c.NoObjectTimeout)
	c.sessionTimeout = newTimeout(&c.SessionTimeout, defaultSessionTimeout, c.NoSessionTimeout)
	c.UnprovenTimeout = cmp.Or(c.UnprovenTimeout, defaultUnprovenTimeout)
	c.RestartSilence = cmp.Or(c.RestartSilence, defaultRestartSilence)
	c.arenas = &assembly.Arenas{}
	c.readers = newReaders(c.fdtLimit())
	c.names = names.Of(c.Store)
	_, isKeeper := c.Store.(store.Keeper)
	c.keeps = isKeeper && !c.NoNotes
	c.leftovers, c.Leftovers = newLeftovers(c.Leftovers), nil
	c.delivered, c.Delivered = newDelivered(c.Delivered, c.deliveredMemory()), nil
	c.receipts = &receiptPool{}
	if c.signalling, err = newSignalling(c.STSID, c.Budget); err != nil {
		return nil, fmt.Errorf("receiver: Config.STSID: %w", err)
	}
	c.forFDT = c.configForFDT()
	return &c, nil
}

// The sentinels of this package. They come from packets, so they carry the reason under which those are counted.
var (
	errForeignTSI    = drop.NewError(drop.ForeignTSI, "receiver: TSI is not the session's")
	errVersion       = drop.NewError(drop.FLUTEVersion, "receiver: FLUTE version is not the session's")
	errCodepoint     = drop.NewError(drop.Codepoint, "receiver: codepoint is not the object's FEC Encoding ID")
	errOTIConflict   = drop.NewError(drop.OTI, "receiver: EXT_FTI differs from the object's FEC OTI")
	errNoOTI         = drop.NewError(drop.OTI, "receiver: no FEC OTI in EXT_FTI nor in the FDT")
	errBudget        = assembly.ErrBudget
	errUnknownObject = drop.NewError(drop.UnknownObject, "receiver: no FDT Instance describes this object")
	errExpired       = drop.NewError(drop.Expired, "receiver: FDT Instance has expired")
	errConflict      = drop.NewError(drop.FDTConflict, "receiver: other content under an FDT Instance ID in use")
	errFinished      = drop.NewError(drop.Finished, "receiver: object has ended")
	errRefused       = drop.NewError(drop.Refused, "receiver: object is not wanted")
	errStore         = drop.NewError(drop.Fault, "receiver: the store failed")
	errClosed        = drop.NewError(drop.Closed, "receiver: session is over")
	errDuplicate     = assembly.ErrDuplicate
)
