package node

import (
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/flute-node/flute-node/actors/session/sending"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/sender"
	"github.com/flute-node/flute-node/internal/pacing"
)

// SendConfig says where to and how to send. To is required; the zero value of the rest is its default.
type SendConfig struct {
	To        netip.AddrPort // multicast group or unicast address, with the UDP port
	TSI       flute.TSI
	Interface string // name, index or address; empty: the system's choice
	TTL       int    // zero: 1
	// Rate is in bits per second, at most. Zero: as fast as the socket takes them, or over the loopback interface of
	// Linux as fast as its receivers read, without loss.
	Rate     uint64
	Counting Counting // what of a datagram Rate counts; zero: its UDP payload
	// Within is how long after the first Add the last packet of the last file is sent: the session is as fast as that
	// takes, with repair symbols and FDT Instances, and no faster than Rate. An event.Late tells when it will miss
	// that. Add refuses a file with an error that wraps sender.ErrTarget if Rate is too low for it. Zero: no such time.
	Within time.Duration
	// By is the same, as a time. Zero: none. It does not go together with Within.
	By time.Time
	// Constant has the session send at its Rate all the time: where nothing is to be sent it sends packets that
	// receivers ignore, so that no burst marks the start or the end of a file. WarmUp is how long they go before the
	// first packet, and after the last one. Links with queues, and receivers, lose least at a rate that does not
	// change.
	Constant bool
	WarmUp   time.Duration
	// Weight is the session's part of Config.Rate of the node, in proportion to the other sessions'. Zero: 1.
	Weight int
	// NoOffload hands datagrams to the system one by one, which costs more processor time. False: with a Rate,
	// or over the loopback interface, datagrams in a row are messages of up to 64 KiB where the system takes them
	// (UDP_SEGMENT of Linux).
	NoOffload bool

	// Patience is how long the session goes on while nothing can be sent, because the link or the route is away. Zero:
	// for ever if Session sends its files for ever, 5 minutes if not; negative: for ever. A Warning tells when
	// nothing can be sent, and another one when it can again. What the system has not taken is sent then.
	Patience time.Duration
	// OnWake is told by how much later than planned the session woke to send, at most once for each burst: that is what
	// the machine adds to the pace. It must not block. Nil: that is not measured.
	OnWake func(late time.Duration)

	// Session configures the core: FEC, profile, carousel. Its Session and Registry are filled in, and its FDTStartID
	// and FirstTOI, where they are zero, from the clock: receivers still know those of the process before.
	Session sender.Config
	// State names a file that keeps the FDT Instance ID and the TOI with which the next process goes on; it takes
	// precedence over FDTStartID, FirstTOI and the clock. One that is damaged is not believed: a Warning says so, and
	// the session begins by the clock. One of another session is an error. It belongs to the session until that has
	// ended.
	State string
	// CloseRepeat is for how long the close-session flag is repeated at the end, every 150 ms, up to a minute.
	// Zero: 600 ms; negative: it is sent once. It takes longer where many sessions end together on a node with a
	// Config.Rate; by default no flag is repeated later than 3 s after the end.
	CloseRepeat time.Duration
	// RandomTOI has the TOIs begin at random, anywhere within Session.TOIBits, where Session.FirstTOI is zero.
	RandomTOI bool

	// Permit is asked on the session's goroutine before each message to the system, of 64 datagrams at most; it must
	// not block. Once it returns an error nothing is sent any more, close-session flags included: another sender may
	// have the session. The session ends, and Wait returns the error. Nil: the session is this node's alone.
	Permit func() error

	// Impair drops datagrams on purpose, for tests and demonstrations; nil: none.
	Impair func(datagram []byte) (drop bool)
}

// Counting says what of a datagram a rate counts.
type Counting uint8

// What a rate may count.
const (
	CountPayload  Counting = iota // UDP payload
	CountIP                       // also the headers of UDP and IP
	CountEthernet                 // also what Ethernet adds, preamble and gap included
)

// frames returns what a rate counts of a datagram to that address.
func (c Counting) frames(to netip.Addr) pacing.Frames {
	switch c {
	case CountIP:
		return pacing.IP(to)
	case CountEthernet:
		return pacing.Ethernet(to)
	default:
		return pacing.Frames{}
	}
}

// pace returns the pace that is configured, or an error that names the field.
func (cfg *SendConfig) pace() (sending.Pace, error) {
	p := sending.Pace{Rate: cfg.Rate, Frames: cfg.Counting.frames(cfg.To.Addr()), Within: cfg.Within, By: cfg.By}
	p.Constant, p.WarmUp = cfg.Constant, cfg.WarmUp
	target := cfg.Within != 0 || !cfg.By.IsZero()
	switch {
	case cfg.Counting > CountEthernet:
		return p, fmt.Errorf("node: SendConfig.Counting %d is not known", cfg.Counting)
	case cfg.Weight < 0 || cfg.Weight > maxWeight:
		return p, fmt.Errorf("node: SendConfig.Weight %d is not 1 to %d", cfg.Weight, maxWeight)
	case cfg.Constant && (cfg.Rate == 0 || target):
		return p, errors.New("node: SendConfig.Constant goes with Rate, and not with Within or By")
	case cfg.WarmUp < 0 || cfg.WarmUp != 0 && !cfg.Constant:
		return p, fmt.Errorf("node: SendConfig.WarmUp %v is negative, or not with Constant", cfg.WarmUp)
	case cfg.Within < 0:
		return p, fmt.Errorf("node: SendConfig.Within %v is negative", cfg.Within)
	case cfg.Within != 0 && !cfg.By.IsZero():
		return p, errors.New("node: SendConfig.Within and By: take one of them")
	case target && cfg.Session.TransferCount < 0:
		return p, errors.New("node: SendConfig.Within or By, and Session.TransferCount for ever: take one of them")
	case !cfg.By.IsZero() && !cfg.By.After(time.Now()):
		return p, fmt.Errorf("node: SendConfig.By %v is over", cfg.By.Format(time.RFC3339))
	}
	return p, nil
}

// maxWeight keeps the smallest part of a rate above nothing.
const maxWeight = 1_000_000

// defaultPatience outlasts a switch that restarts, or a cable that is moved; a job that is started daily ends before
// the next.
const defaultPatience = 5 * time.Minute

// patience returns Patience with its default.
func (cfg *SendConfig) patience() time.Duration {
	switch {
	case cfg.Patience != 0:
		return cfg.Patience
	case cfg.Session.TransferCount < 0:
		return -1
	}
	return defaultPatience
}
