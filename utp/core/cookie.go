package core

import (
	"crypto/sha256"
	"encoding/binary"
	"time"

	"github.com/flute-node/flute-node/utp/wire"
)

// cookies answer SYNs without an entry, once there are too many of these. Our sequence number then is a function of the
// SYN, of the time and of a secret, and the third packet of the handshake brings back all that the entry would hold.
// RFC 4987, section 3.6, has the same for TCP.
type cookies struct {
	secret [32]byte
	epoch  time.Time     // a moment of which the periods are counted; zero: there is no secret yet
	period time.Duration // a cookie is valid for its period and the next one
	last   time.Time     // when the last one was made
}

// make returns the sequence number of an answer.
func (c *cookies) make(now time.Time, random func() uint16, key halfOpenKey, syn wire.Seq) wire.Seq {
	if c.epoch.IsZero() {
		for i := 0; i < len(c.secret); i += 2 {
			binary.BigEndian.PutUint16(c.secret[i:], random())
		}
		c.epoch = now
	}
	c.last = now
	return c.of(c.number(now), key, syn)
}

// used reports whether a packet of late may bring a cookie back.
func (c *cookies) used(now time.Time) bool { return !c.epoch.IsZero() && now.Sub(c.last) < 2*c.period }

// check reports whether seq is the cookie of a SYN.
func (c *cookies) check(now time.Time, key halfOpenKey, syn, seq wire.Seq) bool {
	n := c.number(now)
	return seq == c.of(n, key, syn) || seq == c.of(n-1, key, syn)
}

// number returns which period it is.
func (c *cookies) number(now time.Time) int64 { return int64(now.Sub(c.epoch) / c.period) }

func (c *cookies) of(number int64, key halfOpenKey, syn wire.Seq) wire.Seq {
	var b [32 + 16 + 2 + 2 + 2 + 8]byte
	addr := key.from.Addr().As16()
	n := copy(b[:], c.secret[:])
	n += copy(b[n:], addr[:])
	binary.BigEndian.PutUint16(b[n:], key.from.Port())
	binary.BigEndian.PutUint16(b[n+2:], uint16(key.id))
	binary.BigEndian.PutUint16(b[n+4:], uint16(syn))
	binary.BigEndian.PutUint64(b[n+6:], uint64(number))
	sum := sha256.Sum256(b[:])
	return wire.Seq(binary.BigEndian.Uint16(sum[:]))
}
