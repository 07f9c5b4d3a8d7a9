package event

import "time"

// Account says how well a session is received. Its counts are since the beginning of the session. Loss and margin are
// estimates, since LCT has no sequence numbers: they rest on the ESIs of each source block, which senders count up.
// They stay 0, with Due and MarginBlocks, where nothing can be told: of a session whose source blocks have one packet
// each, or whose sender shuffles its symbols.
//
// Of a session that comes on several feeds, Symbols and Jitter rest on each feed alone, and so do loss and margin,
// if the feeds are of one channel: what one feed has lost counts, also where another brought it. The counts are the
// sums over the feeds; LatestLoss, WorstLoss, LeastSurplus and Jitter are those of the feed that is the worst.
type Account struct {
	Symbols  uint64  `json:"symbols"`       // encoding symbols of files that came, those included that came again
	Useful   uint64  `json:"useful"`        // source symbols that came for the first time, or that FEC recovered
	Repaired uint64  `json:"repaired"`      // of Useful: what FEC recovered
	Put      uint64  `json:"put,omitempty"` // source symbols that came another way than in packets; not of Useful
	Overhead float64 `json:"overhead"`      // Symbols beyond Useful, in parts of Useful: what was received and not needed

	// Due are the symbols whose ESIs lie between two that came; Lost is how many of them have not come.
	Due        uint64    `json:"due"`
	Lost       uint64    `json:"lost"`
	Loss       float64   `json:"loss"`                   // Lost in parts of Due
	LatestLoss float64   `json:"loss_latest"`            // the same of the latest whole second in which much came
	WorstLoss  float64   `json:"loss_worst"`             // the same of the worst second
	WorstAt    time.Time `json:"loss_worst_at,omitzero"` // when that began

	// MarginBlocks are the transfers of a source block that were watched from their beginning to their end, and
	// MarginSymbols the symbols of them that came, Surplus of these beyond their source symbols: as many more might
	// have been lost. A transfer that did not suffice alone has a surplus below zero.
	MarginBlocks  uint64  `json:"margin_blocks"`
	MarginSymbols uint64  `json:"margin_symbols"`
	Surplus       int64   `json:"surplus"`
	LeastSurplus  int64   `json:"surplus_least"` // of one transfer
	Margin        float64 `json:"margin"`        // Surplus in parts of MarginSymbols

	// Jitter is by how much packets of files come earlier or later than at a steady rate, on average over the latest
	// ones; pauses of 100 ms and more are none. It includes what this machine adds until they are handled.
	Jitter      time.Duration `json:"jitter_ns"`
	ClockOffset time.Duration `json:"clock_offset_ns,omitempty"` // sender's clock less this one; 0: it has not told it
	FDTAge      time.Duration `json:"fdt_age_ns,omitempty"`      // since an FDT Instance was heard that was read; 0: none
	FDTInterval time.Duration `json:"fdt_interval_ns,omitempty"` // usual time between two of them; 0: not known
}

// Derive computes the shares from the counts: Overhead, Loss and Margin.
func (a *Account) Derive() {
	a.Overhead, a.Loss, a.Margin = 0, 0, 0
	if a.Useful > 0 && a.Symbols > a.Useful {
		a.Overhead = float64(a.Symbols-a.Useful) / float64(a.Useful)
	}
	if a.Due > 0 {
		a.Loss = float64(a.Lost) / float64(a.Due)
	}
	if a.MarginSymbols > 0 {
		a.Margin = float64(a.Surplus) / float64(a.MarginSymbols)
	}
}

// Add adds the counts of o, another session, to a. The worst second is that of both; the latest one, jitter, offset and
// what is said of FDT Instances stay.
func (a *Account) Add(o *Account) {
	if a.MarginBlocks == 0 || o.MarginBlocks > 0 && o.LeastSurplus < a.LeastSurplus {
		a.LeastSurplus = o.LeastSurplus
	}
	a.Symbols += o.Symbols
	a.Useful += o.Useful
	a.Repaired += o.Repaired
	a.Put += o.Put
	a.Due += o.Due
	a.Lost += o.Lost
	a.MarginBlocks += o.MarginBlocks
	a.MarginSymbols += o.MarginSymbols
	a.Surplus += o.Surplus
	if o.WorstLoss > a.WorstLoss {
		a.WorstLoss, a.WorstAt = o.WorstLoss, o.WorstAt
	}
	a.Derive()
}
