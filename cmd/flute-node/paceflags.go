package main

import (
	"fmt"
	"time"

	"github.com/flute-node/flute-node/internal/settings"
)

// paceFlags say how fast files are sent.
type paceFlags struct {
	Rate     settings.BitRate `default:"100Mbit" help:"Bits per second at most; 0 is as fast as the socket takes them, or over the loopback interface as fast as receivers read."`
	Counting string           `default:"payload" help:"What of a datagram --rate counts: payload (of UDP), ip (also the headers of UDP and IP), ethernet (also what Ethernet adds)."`
	Within   time.Duration    `type:"natural" placeholder:"10m" help:"Send all files in this time, as slowly as that allows: repair symbols and FDT Instances included. It is refused if --rate is too low for it."`
	Constant bool             `help:"Send at --rate all the time: packets that receivers ignore fill the gaps, so that no burst marks the start or the end of a file."`
	WarmUp   time.Duration    `type:"natural" placeholder:"2s" help:"With --constant: how long that goes on before the first packet and after the last one."`
	By       settings.Moment  `placeholder:"TIME" help:"The same, until TIME: 20:15, 2026-11-28T20:15:00Z, or +1h from now."`
}

// words returns what the flags say, seen from now.
func (f *paceFlags) words(now time.Time) settings.Pace {
	return settings.Pace{
		Counting: f.Counting, Within: f.Within, By: f.By.At(now), Constant: f.Constant, WarmUp: f.WarmUp,
	}
}

// text tells the pace to people.
func (f *paceFlags) text(now time.Time) (text string) {
	switch by := f.By.At(now); {
	case f.Within > 0:
		text = fmt.Sprintf(", within %v", f.Within)
	case !by.IsZero():
		text = ", by " + by.Format(time.DateTime)
	}
	switch {
	case f.Rate > 0 && text != "":
		return text + fmt.Sprintf(", at most %v", f.Rate)
	case f.Constant:
		return fmt.Sprintf(", %v all the time", f.Rate)
	case f.Rate > 0:
		return fmt.Sprintf(", %v", f.Rate)
	}
	return text
}
