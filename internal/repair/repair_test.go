package repair

import (
	"math"
	"math/big"
	"testing"

	"github.com/flute-node/flute-node/fec"
)

func TestFor(t *testing.T) {
	for _, test := range []struct {
		k, extra      uint32
		loss, failure float64
		want          uint32
	}{
		{1, 0, 0.5, 0.01, 6},   // 2^-7 is the first power of 1/2 below 0.01
		{1, 0, 0.1, 1e-6, 5},   // 10^-6
		{10, 2, 0, 1e-6, 0},    // nothing is lost
		{64, 0, 1e-9, 1e-3, 0}, // hardly anything is
		{64, 3, 1e-9, 1e-3, 3},
	} {
		// A hair above the bound, so that a bound that is met exactly is met in floating point too.
		if got := For(test.k, test.extra, test.loss, test.failure*(1+1e-9)); got != test.want {
			t.Errorf("%+v: %d", test, got)
		}
	}
}

// TestForAgainstExact sums the binomial distribution with numbers of 300 bits.
func TestForAgainstExact(t *testing.T) {
	for _, k := range []uint32{1, 4, 10, 64, 150} {
		for _, loss := range []float64{0.01, 0.1, 0.5, 0.75} {
			for _, failure := range []float64{1.3e-2, 1.3e-6, 1.3e-9} {
				for _, extra := range []uint32{0, 2} {
					r := For(k, extra, loss, failure)
					if p := exact(k+r, k+extra, loss); p > failure {
						t.Errorf("k %d, extra %d, loss %v: with %d repair symbols %g fail, more than %g",
							k, extra, loss, r, p, failure)
					}
					if r == 0 {
						continue
					}
					if p := exact(k+r-1, k+extra, loss); p <= failure {
						t.Errorf("k %d, extra %d, loss %v: %d repair symbols are one too many, %g fail, %g may",
							k, extra, loss, r, p, failure)
					}
				}
			}
		}
	}
}

// exact returns the probability that fewer than need of n symbols arrive.
func exact(n, need uint32, loss float64) float64 {
	const precision = 300
	p := new(big.Float).SetPrec(precision).SetFloat64(loss)
	q := new(big.Float).SetPrec(precision).Sub(big.NewFloat(1), p)
	sum := new(big.Float).SetPrec(precision)
	for i := range need {
		term := new(big.Float).SetPrec(precision).SetInt(new(big.Int).Binomial(int64(n), int64(i)))
		for range i {
			term.Mul(term, q)
		}
		for range n - i {
			term.Mul(term, p)
		}
		sum.Add(sum, term)
	}
	f, _ := sum.Float64()
	return f
}

func TestForGrows(t *testing.T) {
	for _, k := range []uint32{1, 50, 1000, 56403} {
		last := uint32(0)
		for _, loss := range []float64{0.001, 0.01, 0.05, 0.2, 0.5, 0.9} {
			r := For(k, 2, loss, 1e-6)
			if r < last || float64(k+r)*(1-loss) < float64(k) {
				t.Errorf("k %d, loss %v: %d repair symbols after %d", k, loss, r, last)
			}
			last = r
		}
	}
}

func TestExtra(t *testing.T) {
	for _, test := range []struct {
		id   fec.EncodingID
		k    uint32
		n1   uint8
		want uint32
	}{
		{fec.ReedSolomonGF28, 200, 0, 0},
		{fec.ReedSolomonGF2m, 1000, 0, 0},
		{fec.RaptorQ, 1000, 0, 2},
		{fec.LDPCStaircase, 1200, 3, 174},
		{fec.LDPCTriangle, 1200, 7, 30},
	} {
		if got := Extra(test.id, test.k, test.n1); got != test.want {
			t.Errorf("%v, k %d, N1 %d: %d, want %d", test.id, test.k, test.n1, got, test.want)
		}
	}
	if e := float64(Extra(fec.Raptor, 1000, 0)); 0.85*math.Pow(0.567, e) > 1.1e-6 || 0.85*math.Pow(0.567, e-1) < 1e-6 {
		t.Errorf("Raptor: %v", e)
	}
}
