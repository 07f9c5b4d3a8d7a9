package receiver

import (
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/flute-node/flute-node/internal/allocbound"
	"github.com/flute-node/flute-node/store"
)

// hostileROUTE is hostileRig for ROUTE; its session is the one that brings an S-TSID, too.
func hostileROUTE(t testing.TB) *rig {
	r := newRig(t, func(c *Config) {
		c.Registry, c.ROUTE = hostileSchemes(), true
		c.Budget = store.NewBudget(300_000, nil)
		c.MaxObjects, c.MaxUndescribed, c.UndescribedBytes, c.MaxInstances = 8, 4, 100_000, 3
		c.MaxObjectSize = 1 << 20
	})
	return r
}

// routeSeeds are the cases, each as a stream of one session.
func routeSeeds(t testing.TB, most int) (seeds [][]byte) {
	for _, c := range routeCases(t) {
		var own [][]byte
		for _, d := range c.datagrams {
			d = slices.Clone(d)
			binary.BigEndian.PutUint32(d[8:], uint32(key.TSI))
			if own = append(own, d); len(own) == most {
				break
			}
		}
		seeds = append(seeds, stream(own))
	}
	return seeds
}

func FuzzROUTE(f *testing.F) {
	for _, s := range routeSeeds(f, 12) {
		f.Add(s)
	}
	// Two objects of one datagram each, whose content cannot be decoded, take the buffers of the Works for that.
	bound := allocbound.Bound{PerByte: 2 << 10, Fixed: 4 << 20}
	f.Fuzz(func(t *testing.T, b []byte) {
		bound.Check(t, len(b), func() { play(hostileROUTE(t), b) })
	})
}

// Random damage to streams of ROUTE, in every run of the tests.
func TestDamagedROUTE(t *testing.T) {
	all := routeSeeds(t, 80)
	for seed := range uint64(300) {
		rng := rand.New(rand.NewPCG(seed, 4))
		b := slices.Clone(all[rng.IntN(len(all))])
		damage(rng, b, 40)
		play(hostileROUTE(t), b)
	}
}

// Each kind of datagram of ROUTE cut at every byte.
func TestTruncatedROUTE(t *testing.T) {
	for _, c := range routeCases(t) {
		r := hostileROUTE(t)
		for _, d := range c.datagrams[:min(6, len(c.datagrams))] {
			d = slices.Clone(d)
			binary.BigEndian.PutUint32(d[8:], uint32(key.TSI))
			for i := range d {
				r.feed(d[:i])
			}
		}
		r.close()
	}
}
