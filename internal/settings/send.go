package settings

import (
	"errors"
	"math"
	"time"

	"github.com/flute-node/flute-node/fec/schemes"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/fdt"
	"github.com/flute-node/flute-node/flute/sender"
	"github.com/flute-node/flute-node/node"
)

const (
	maxParallel   = 4096 // what sender.Config.Parallel takes
	maxInterleave = 256  // what sender.Config.Interleave takes
	maxTTL        = 255
	maxShort      = 1<<16 - 1 // the largest TSI of the profiles of 3GPP and DVB
)

// Send are the words of a sending session, but for its address.
type Send struct {
	Interface string        // interface: name, index or address; empty: the system's choice
	TTL       int           // ttl: of multicast datagrams, up to 255; zero: 1
	TSI       uint64        // tsi: up to 48 bits
	Rate      BitRate       // rate: at most; zero: as fast as the socket takes them
	Object    Object        // cenc, digest, etag, cache-control: of all files
	Repeat    Transfers     // repeat: transfers of each file; zero: 1, or forever with carousel or until
	Delay     time.Duration // delay: between two transfers of a file
	Carousel  Carousel      // carousel: turns of transfers
	Until     time.Time     // until: no transfer begins then or later; zero: no such time
	Parallel  int           // parallel: files of one priority sent at once, up to 4096; zero: 3
	Queues    map[int8]int  // queue: that number for some priorities
	// TransferEvents (transfer-events) asks for the start and the end of each transfer as events.
	TransferEvents bool
	Order          string // order: in-order, random-start or spread; empty: in-order
	Cache          *Bytes // cache: of source blocks that are sent again; nil: 16MiB
	// Interleave (interleave) is how many source blocks of a file are sent at once, up to 256; zero: 1.
	Interleave int
	Offload    string // offload: auto or off; empty: auto
	Profile    string // profile: dialect of FLUTE; empty: rfc6726
	FEC        FEC
	Pace       Pace
	Announce   Announce
}

// Config returns the configuration of a session whose largest file has largest bytes. What a session would refuse, as
// an FEC scheme that its profile does not allow, is an error here. An error that a word is to blame for is an [*Error].
func (s *Send) Config(largest uint64) (node.SendConfig, error) {
	core := sender.Config{
		Parallel: s.Parallel, Queues: s.Queues, Interleave: s.Interleave, TransferEvents: s.TransferEvents,
	}
	err := s.turns(&core)
	if err != nil {
		return node.SendConfig{}, err
	}
	if core.Order, err = oneOf(wordOrder, s.Order, orders()); err != nil {
		return node.SendConfig{}, err
	}
	if s.Cache != nil {
		if core.CacheBytes = int(min(*s.Cache, math.MaxInt)); core.CacheBytes == 0 {
			core.CacheBytes = -1
		}
	}
	if core.Profile, err = oneOf(wordProfile, s.Profile, profiles()); err != nil {
		return node.SendConfig{}, err
	}
	if err := s.FEC.Apply(&core, largest); err != nil {
		return node.SendConfig{}, err
	}
	tsi, err := tsiOf(s.TSI)
	if err != nil {
		return node.SendConfig{}, err
	}
	oneByOne, err := isOff(wordOffload, s.Offload)
	if err != nil {
		return node.SendConfig{}, err
	}
	short := core.Profile.MBMS()
	switch {
	case s.Parallel < 0 || s.Parallel > maxParallel:
		return node.SendConfig{}, errorf("%v %d: take 1 to %d", wordParallel, s.Parallel, maxParallel)
	case s.TTL < 0 || s.TTL > maxTTL:
		return node.SendConfig{}, errorf("%v %d: take 1 to %d", wordTTL, s.TTL, maxTTL)
	case s.Interleave < 0 || s.Interleave > maxInterleave:
		return node.SendConfig{}, errorf("%v %d: take 1 to %d", wordInterleave, s.Interleave, maxInterleave)
	case short && tsi > maxShort:
		return node.SendConfig{}, errorf("%v %d does not fit into the 16 bits of %v %v",
			wordTSI, tsi, wordProfile, core.Profile)
	}
	for _, n := range s.Queues {
		if n < 1 || n > maxParallel {
			return node.SendConfig{}, errorf("%v %d: take 1 to %d", wordQueue, n, maxParallel)
		}
	}
	cfg := node.SendConfig{
		TSI: tsi, Interface: s.Interface, TTL: s.TTL, Rate: uint64(s.Rate), NoOffload: oneByOne, Session: core,
	}
	if err := s.Announce.apply(&cfg); err != nil {
		return node.SendConfig{}, err
	}
	core = cfg.Session
	var file sender.File
	if err := s.Object.Apply(&file, &core, time.Time{}); err != nil {
		return node.SendConfig{}, err
	}
	cenc := file.CENC
	err = try(core, tsi, file, largest)
	if errors.Is(err, sender.ErrProfile) {
		file.CENC = flute.Null
		if cenc != flute.Null && try(core, tsi, file, largest) == nil {
			return node.SendConfig{}, errorf("%v %v is not allowed in %v %v", wordCENC, cenc, wordProfile, core.Profile)
		}
		return node.SendConfig{}, errorf("%v %s is not allowed in %v %v",
			wordFEC, s.FEC.Scheme, wordProfile, core.Profile)
	}
	if err != nil {
		return node.SendConfig{}, err
	}
	cfg.Session = core
	return cfg, s.Pace.apply(&cfg)
}

// profiles are the values of profile.
func profiles() []choice[fdt.Profile] {
	var all []choice[fdt.Profile]
	for p := fdt.RFC6726; p <= fdt.DVBMABR; p++ {
		all = append(all, choice[fdt.Profile]{p.String(), p})
	}
	// 3GPP TS 26.517, section 6.2.1, has 5G MBS conform to the MBMS Download Profile. That the FLUTE of DVB-NIP is that
	// of DVB-MABR is an assumption: nobody who wrote this has read the text of DVB-NIP.
	return append(all, choice[fdt.Profile]{"mbs", fdt.MBMSDownload}, choice[fdt.Profile]{"dvb-nip", fdt.DVBMABR})
}

// orders are the values of order.
func orders() []choice[sender.Order] {
	var all []choice[sender.Order]
	for o := sender.InOrder; o <= sender.Spread; o++ {
		all = append(all, choice[sender.Order]{o.String(), o})
	}
	return all
}

// encodings are the values of cenc.
func encodings() []choice[flute.ContentEncoding] {
	var all []choice[flute.ContentEncoding]
	for c := flute.Null; c <= flute.GZIP; c++ {
		all = append(all, choice[flute.ContentEncoding]{c.String(), c})
	}
	return all
}

// tsiOf checks a TSI.
func tsiOf(n uint64) (flute.TSI, error) {
	if n > uint64(flute.MaxTSI) {
		return 0, errorf("%v %d does not fit into 48 bits", wordTSI, n)
	}
	return flute.TSI(n), nil
}

// trialSize is the length of the file of a trial at most: enough for a source block of its own.
const trialSize = 1 << 20

// try puts a file into a session that nobody hears. It reads and hashes nothing: a daemon does it for each section of
// its configuration, at each start.
func try(cfg sender.Config, tsi flute.TSI, f sender.File, largest uint64) error {
	cfg.Registry, cfg.Session.TSI = schemes.Default(), tsi
	s, err := sender.New(cfg)
	if err != nil {
		return err
	}
	f.ContentLocation, f.Size = "file:///trial", min(largest, trialSize)
	o, err := f.StandIn(f.Size)
	if err != nil {
		return err
	}
	_, err = s.Add(o)
	if e, ok := errors.AsType[*sender.FileError](err); ok {
		return e.Err // the file is none of the user's
	}
	return err
}
