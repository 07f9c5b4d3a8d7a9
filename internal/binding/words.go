package binding

import (
	"errors"
	"strconv"
	"time"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/internal/config"
	"github.com/flute-node/flute-node/internal/outgoing"
	"github.com/flute-node/flute-node/internal/settings"
	"github.com/flute-node/flute-node/node"
)

// Keys of a section that mean nothing to a program that adds its files itself.
var (
	notOfSending = []string{
		"name", "paths", "list", "links", "names", "watch", "watch_state", "settle", "include", "exclude",
	}
	notOfSender = append([]string{
		"to", "interface", "ttl", "offload", "rate", "counting", "within", "by", "constant",
		"warm_up", "weight", "state", "close_repeat",
	}, notOfSending...)
	notOfReception = []string{"name", "sdp", "exec", "shell", "exec_timeout", "exec_jobs", "sinks"}
	notOfReceiver  = append([]string{
		"group", "feed", "source", "interface", "max_datagram", "offload",
	}, notOfReception...)
	notOfNode = []string{
		"log_level", "log_format", "api", "api_token_file", "metrics", "pprof", "events", "outbox", "outbox_items",
		"outbox_bytes",
	}
)

// session is the configuration of a session that sends.
type session struct {
	section *config.Send
	words   settings.Send
	cfg     node.SendConfig
}

// newSession reads the configuration of a session that sends.
func newSession(text string, oti *OTI, now time.Time, without []string) (*session, error) {
	section, err := config.Section[config.Send](text, without...)
	if err != nil {
		return nil, err
	}
	if oti != nil {
		if section.Scheme != "" {
			return nil, Wrong("fec and an OTI: take one of them")
		}
		if err := oti.valid(); err != nil {
			return nil, err
		}
		section.Scheme = "no-code"
	}
	s := &session{section: section, words: section.Words(now)}
	if s.cfg, err = s.words.Config(outgoing.WatchedSize); err != nil {
		return nil, err
	}
	s.cfg.Session.FDTXML = section.FDTXML
	if oti != nil {
		oti.apply(&s.cfg.Session)
	}
	return s, nil
}

// how returns how files are sent that are added now.
func (s *session) how(now time.Time) *outgoing.How {
	return &outgoing.How{
		Words: &s.words, Core: &s.cfg.Session, StartAt: s.section.StartAt.At(now), Priority: s.section.Priority,
		Now: now,
	}
}

// lineless takes the number of a line from an error: there are no lines here.
func lineless(err error) error {
	if e, ok := errors.AsType[*outgoing.LineError](err); ok {
		return e.Err
	}
	return err
}

func toiOf(n uint64) flute.TOI { return flute.NewTOI(n) }

// numberOf returns a TOI as a number; 0: it has more than 64 bits.
func numberOf(toi flute.TOI) uint64 {
	n, ok := toi.Uint64()
	if !ok {
		return 0
	}
	return n
}

// TimeOf returns the time of nanoseconds since 1970; now for 0.
func TimeOf(ns int64) time.Time {
	if ns == 0 {
		return time.Now()
	}
	return time.Unix(0, ns)
}

// NanosOf returns nanoseconds since 1970; 0 for no time.
func NanosOf(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return max(1, t.UnixNano())
}

// quote writes a text into an error.
func quote(text string) string { return strconv.Quote(text) }
