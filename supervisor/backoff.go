package supervisor

import (
	"math"
	"math/rand/v2"
	"time"
)

// Backoff delays restarts. Each failure doubles the delay, up to Max; the memory of failures halves every Decay, so
// that a child which fails once a day starts anew each time. The zero value restarts at once.
type Backoff struct {
	Min    time.Duration // delay after the first failure; 0 means no delay, ever
	Max    time.Duration // 0 means 30 s
	Decay  time.Duration // half-life; 0 means Max
	Jitter float64       // the delay varies by this share of it, both ways, up to Max; 0 means 0.25, negative none
	Seed   uint64        // of the jitter; 0 means a random one
}

type backoff struct {
	Backoff
	random *rand.Rand
	level  float64 // failures remembered
	last   time.Time
}

func newBackoff(b Backoff) backoff {
	if b.Max == 0 {
		b.Max = 30 * time.Second
	}
	if b.Decay == 0 {
		b.Decay = b.Max
	}
	if b.Jitter == 0 {
		b.Jitter = 0.25
	}
	if b.Seed == 0 {
		b.Seed = rand.Uint64()
	}
	return backoff{Backoff: b, random: rand.New(rand.NewPCG(b.Seed, b.Seed))}
}

// next returns the delay after a failure at now.
func (b *backoff) next(now time.Time) time.Duration {
	if b.Min <= 0 {
		return 0
	}
	if !b.last.IsZero() {
		b.level *= math.Exp2(-float64(now.Sub(b.last)) / float64(b.Decay))
	}
	b.last = now
	d := float64(b.Min) * math.Exp2(b.level)
	b.level++
	// Beyond the limit the level is not remembered either: it would take ages to decay.
	if d >= float64(b.Max) {
		d = float64(b.Max)
		b.level = math.Log2(float64(b.Max)/float64(b.Min)) + 1
	}
	if b.Jitter > 0 {
		d *= 1 + b.Jitter*(2*b.random.Float64()-1)
	}
	return min(time.Duration(d), b.Max)
}
