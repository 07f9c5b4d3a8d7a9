package repair

import (
	"math"

	"github.com/flute-node/flute-node/fec"
)

// Extra returns how many encoding symbols beyond k a receiver needs to decode all but one of a million source blocks of
// k source symbols. Reed-Solomon needs none, RaptorQ 2; Raptor fails with 0.85 * 0.567^e. LDPC, whose degree n1 is,
// fails in the same way beyond a share of k, which is smaller for a larger n1; how large, was found out by trial.
func Extra(id fec.EncodingID, k uint32, n1 uint8) uint32 {
	switch id {
	case fec.RaptorQ:
		return 2
	case fec.Raptor:
		return 24
	case fec.LDPCStaircase, fec.LDPCTriangle:
		if n1 < 5 {
			return 24 + k/8
		}
		return 24 + k/200
	default:
		return 0
	}
}

// For returns the least number of repair symbols with which at least k+extra encoding symbols of a source block arrive,
// but for a probability of failure, when each is lost with probability loss, independently of the others. loss is at
// least 0 and below 1, failure above 0 and at most 1/2. extra is what the code needs beyond k once source symbols are
// lost.
func For(k, extra uint32, loss, failure float64) uint32 {
	if loss <= 0 {
		return 0
	}
	need := float64(k) + float64(extra)
	low, high := need, need/(1-loss)+1
	for tooFew(high, need, loss, failure) {
		low, high = high, 2*high
	}
	low, high = math.Floor(low), math.Ceil(high)
	if !tooFew(low, need, loss, failure) {
		return uint32(low) - k
	}
	for high-low > 1 {
		if middle := math.Floor((low + high) / 2); tooFew(middle, need, loss, failure) {
			low = middle
		} else {
			high = middle
		}
	}
	return uint32(min(high, math.MaxUint32)) - k
}

// tooFew reports whether fewer than need of n symbols arrive with a probability above failure. Terms of the binomial
// distribution are added from need-1 downwards, the largest first.
func tooFew(n, need, loss, failure float64) bool {
	if need > math.Ceil(n*(1-loss)) {
		return true // half of all receivers get no more than that, and the terms may be too small for a float64
	}
	term := math.Exp(logBinomial(n, need-1) + (need-1)*math.Log1p(-loss) + (n-need+1)*math.Log(loss))
	sum := 0.0
	for i := need - 1; i >= 0 && sum <= failure && term > sum*1e-12; i-- {
		sum += term
		term *= i / (n - i + 1) * loss / (1 - loss)
	}
	return sum > failure
}

func logBinomial(n, k float64) float64 {
	a, _ := math.Lgamma(n + 1)
	b, _ := math.Lgamma(k + 1)
	c, _ := math.Lgamma(n - k + 1)
	return a - b - c
}
