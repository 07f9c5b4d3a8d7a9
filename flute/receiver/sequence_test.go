package receiver

import (
	"testing"
	"time"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute"
)

// upTo returns the ESIs below n, and then others.
func upTo(n uint32, then ...uint32) (esis []uint32) {
	for esi := range n {
		esis = append(esis, esi)
	}
	return append(esis, then...)
}

// lossAndMargin is what sequences have shown.
type lossAndMargin struct {
	due, lost, disorders, blocks, came uint64
	surplus, least                     int64
}

// TestSequence: what the ESIs of one source block tell, at each of the bounds.
func TestSequence(t *testing.T) {
	const far = 1 << 20
	for name, c := range map[string]struct {
		k    uint32
		esis []uint32
		want lossAndMargin
	}{
		"in order":         {10, upTo(10), lossAndMargin{due: 9}},
		"doubled":          {10, upTo(2, 1), lossAndMargin{due: 1}},
		"lost":             {10, upTo(2, 3), lossAndMargin{due: 3, lost: 1}},
		"overtaken":        {10, upTo(2, 3, 2), lossAndMargin{due: 3}},
		"before the first": {10, []uint32{5, 7, 4}, lossAndMargin{due: 2, lost: 1}},
		"the first again": {
			10, upTo(2, 3, 0), lossAndMargin{due: 3, lost: 1, blocks: 1, came: 3, surplus: -7, least: -7},
		},
		"last ones":            {10, upTo(8, 10), lossAndMargin{due: 10, lost: 2}},
		"first of the turn":    {10, upTo(8, 12), lossAndMargin{due: 10, lost: 2}},
		"before the repair":    {10, upTo(8, 12, 11), lossAndMargin{due: 10, lost: 2}},
		"after the repair":     {10, upTo(8, 12, 14, 13), lossAndMargin{due: 12, lost: 2}},
		"source after repair":  {10, upTo(8, 12, 9), lossAndMargin{due: 10, lost: 1}},
		"all after the source": {10, upTo(10, 20, 22), lossAndMargin{due: 12, lost: 1}},
		"longest gap":          {far, []uint32{0, maxGap + 1}, lossAndMargin{due: maxGap + 1, lost: maxGap}},
		"too long a gap": {
			far, []uint32{0, maxGap + 2}, lossAndMargin{blocks: 1, came: 1, surplus: 1 - far, least: 1 - far},
		},
		"within the window": {far, []uint32{0, 100, 37}, lossAndMargin{due: 100, lost: 98}},
		"beyond the window": {
			far,
			[]uint32{0, 100, 36},
			lossAndMargin{due: 100, lost: 99, blocks: 1, came: 2, surplus: 2 - far, least: 2 - far},
		},
		"disorder":           {far, []uint32{200, 65}, lossAndMargin{disorders: 1}},
		"a turn that begins": {far, []uint32{200, 64}, lossAndMargin{}},
		"a turn of repair":   {100, []uint32{200, 100}, lossAndMargin{}},
		"begun in the window": {
			far,
			[]uint32{63, 200, 0},
			lossAndMargin{due: 137, lost: 136, blocks: 1, came: 2, surplus: 2 - far, least: 2 - far},
		},
		"begun after it": {far, []uint32{64, 200, 0}, lossAndMargin{due: 136, lost: 135}},
		"begun with the last": {
			10, []uint32{9, 10, 0, 0, 0}, lossAndMargin{due: 1, blocks: 1, came: 3, surplus: -7, least: -7},
		},
		"begun after the last": {10, []uint32{10, 11, 0, 0}, lossAndMargin{due: 1}},
		"margin":               {10, upTo(12, 0, 1, 0), lossAndMargin{due: 12, blocks: 2, came: 14, surplus: -6, least: -8}},
		"least margin was less": {
			10, append(upTo(3, 0), upTo(12, 0)[1:]...),
			lossAndMargin{due: 13, blocks: 2, came: 15, surplus: -5, least: -7},
		},
	} {
		var s sequences
		q := sequence{used: true, k: c.k}
		for _, esi := range c.esis {
			s.take(&q, esi)
		}
		got := lossAndMargin{s.due, s.lost, s.disorders, s.blocks, s.came, s.surplus, s.least}
		if got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}

// TestSkippedBlocks: source blocks that are left out, where blocks were begun one after the other, are lost with all of
// their symbols, until one of them comes.
func TestSkippedBlocks(t *testing.T) {
	oti := fec.OTI{TransferLength: 1000, SymbolLength: 10, MaxSourceBlockLength: 10}
	long := fec.OTI{TransferLength: 1 << 20 * 10, SymbolLength: 1, MaxSourceBlockLength: maxGap / 2}
	for name, c := range map[string]struct {
		oti  *fec.OTI
		got  uint32 // symbols of each block
		sbns []fec.SBN
		want uint64 // symbols lost
	}{
		"in a row":          {&oti, 6, []fec.SBN{0, 1, 2, 5}, 20},
		"one only":          {&oti, 6, []fec.SBN{0, 1, 2, 4}, 10},
		"none":              {&oti, 6, []fec.SBN{0, 1, 2, 3}, 0},
		"the last":          {&oti, 6, []fec.SBN{0, 1, 2, 9}, 60},
		"beyond the last":   {&oti, 6, []fec.SBN{0, 1, 2, 10}, 0},
		"too few in a row":  {&oti, 6, []fec.SBN{0, 1, 4}, 0},
		"row begins anew":   {&oti, 6, []fec.SBN{0, 1, 0, 1, 3}, 0},
		"as far as it goes": {&long, 9, []fec.SBN{0, 1, 2, 5}, maxGap},
		"too far":           {&long, 9, []fec.SBN{0, 1, 2, 6}, 0},
		"interleaved":       {&oti, 5, []fec.SBN{0, 1, 2, 5}, 0},
		"long, interleaved": {&long, 8, []fec.SBN{0, 1, 2, 4}, 0},
		"first comes":       {&oti, 6, []fec.SBN{0, 1, 2, 5, 3}, 0},
		"last comes":        {&oti, 6, []fec.SBN{0, 1, 2, 5, 4}, 0},
		"both come":         {&oti, 6, []fec.SBN{0, 1, 2, 5, 3, 4}, 0},
		"next comes":        {&oti, 6, []fec.SBN{0, 1, 2, 5, 6}, 20},
	} {
		var s sequences
		due := uint64(0)
		for _, sbn := range c.sbns {
			if q := s.of(flute.NewTOI(1), sbn, c.oti); q != nil && q.got == 0 {
				for esi := range c.got {
					s.take(q, esi)
				}
				due += uint64(c.got) - 1
			}
		}
		if s.lost != c.want || s.due != due+c.want {
			t.Errorf("%s: %d of %d symbols lost, want %d of %d", name, s.lost, s.due, c.want, due+c.want)
		}
	}
}

// TestLossOfASecond: a second is told when it is over, if enough symbols were due in it.
func TestLossOfASecond(t *testing.T) {
	w := second{begin: start}
	for _, c := range []struct {
		after         time.Duration
		due, lost     uint64 // in all
		latest, worst float64
		worstAt       time.Duration
	}{
		{time.Second - 1, 100, 50, 0, 0, 0},
		{time.Second, 100, 50, 0.5, 0.5, 0},
		{2 * time.Second, 199, 60, 0.5, 0.5, 0}, // of 99
		{3 * time.Second, 399, 240, 0.9, 0.9, 2 * time.Second},
		{4 * time.Second, 499, 240, 0, 0.9, 2 * time.Second},
		{5 * time.Second, 599, 239, 0, 0.9, 2 * time.Second}, // an older one was overtaken only
		{7 * time.Second, 699, 329, 0.9, 0.9, 2 * time.Second},
	} {
		w.turn(start.Add(c.after), &sequences{due: c.due, lost: c.lost})
		if w.latest != c.latest || w.worst != c.worst || c.worst > 0 && !w.worstAt.Equal(start.Add(c.worstAt)) {
			t.Errorf("%+v: %+v", c, w)
		}
	}
}

// TestArrivals: jitter is how far packets come from their pace, a sixteenth of each; those of one read have one time,
// and a pause is the sender's.
func TestArrivals(t *testing.T) {
	var a arrivals
	now := start
	for i, c := range []struct {
		after        time.Duration
		same         bool
		pace, jitter time.Duration
	}{
		{0, false, 0, 0},
		{0, true, 0, 0},
		{-time.Millisecond, true, 0, 0},
		{16 * time.Millisecond, false, 5 * time.Millisecond, 0}, // three of the read before
		{5 * time.Millisecond, false, 5 * time.Millisecond, 0},
		{21 * time.Millisecond, false, 6 * time.Millisecond, time.Millisecond},
		{longestPause, false, 6 * time.Millisecond, time.Millisecond},
		{22 * time.Millisecond, false, 7 * time.Millisecond, 1937500 * time.Nanosecond},
		{longestPause - time.Millisecond, false, 12750 * time.Microsecond, 7566406 * time.Nanosecond},
	} {
		now = now.Add(c.after)
		if same := a.take(now); same != c.same || a.pace != c.pace || a.jitter != c.jitter {
			t.Errorf("%d: same read %v, pace %v, jitter %v; want %+v", i, same, a.pace, a.jitter, c)
		}
	}
}

// TestTimeoutIsLearned: a time-out is what was given, or three times the longest pause, a day at most.
func TestTimeoutIsLearned(t *testing.T) {
	for _, c := range []struct{ given, pause, want time.Duration }{
		{0, 0, time.Hour},
		{0, 20 * time.Minute, time.Hour},
		{0, 21 * time.Minute, 63 * time.Minute},
		{0, 8 * time.Hour, maxLearned},
		{0, 8*time.Hour + 1, maxLearned},
		{time.Minute, 8 * time.Hour, time.Minute},
		{48 * time.Hour, 0, 48 * time.Hour},
	} {
		given := c.given
		if got := newTimeout(&given, time.Hour, false).after(c.pause); got != c.want {
			t.Errorf("%+v: %v", c, got)
		}
		if want := max(c.given, time.Hour); c.given == 0 && given != want {
			t.Errorf("%+v: the Config has %v", c, given)
		}
		if got := newTimeout(&given, time.Hour, true).after(c.pause); got != never {
			t.Errorf("no time-out: %v", got)
		}
	}
}

// More than one symbol of so many out of order says that the sender does not count up.
func TestIsShuffled(t *testing.T) {
	for packets, want := range map[uint64]bool{10 * disorderShare: false, 10*disorderShare - 1: true} {
		if s := (&sequences{disorders: 10, packets: packets}); s.isShuffled() != want {
			t.Errorf("10 of %d packets: shuffled %v", packets, !want)
		}
	}
}
