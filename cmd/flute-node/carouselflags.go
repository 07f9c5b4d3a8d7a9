package main

import (
	"time"

	"github.com/flute-node/flute-node/internal/settings"
)

// carouselFlags say when files are sent, how often, and which go first.
type carouselFlags struct {
	Repeat     settings.Transfers  `placeholder:"N|forever" help:"Transfers of each file; default 1, or forever with --carousel or --until. A file that changes is sent anew; files that are added to a folder after the start are not sent."`
	Delay      time.Duration       `type:"natural" placeholder:"10s" help:"Time between two transfers of a file."`
	Carousel   settings.Carousel   `placeholder:"interval=10s|delay=10s[,burst=N]" help:"Send the files again and again: in an interval from start to start, or after a delay from the end; N times each time."`
	Until      settings.Moment     `placeholder:"TIME" help:"No transfer begins at TIME or later: 20:15, 2026-11-28T20:15:00Z, or +1h from now."`
	StartAt    settings.Moment     `placeholder:"TIME" help:"Begin at TIME."`
	Priority   []settings.Priority `placeholder:"[PATTERN=]N" help:"Files whose name matches PATTERN have priority N, -128 to 127; a lower one is sent first, the others wait meanwhile. Default 0."`
	Parallel   int                 `type:"positive" default:"${parallel}" help:"Files of one priority sent at once."`
	Queue      map[int8]int        `placeholder:"PRIORITY=N" help:"Files of this priority sent at once, in place of --parallel."`
	Interleave int                 `type:"positive" default:"1" placeholder:"N" help:"Source blocks of a file sent at once, a symbol of each in turn: a burst of losses then takes little of each."`
	Order      string              `default:"in-order" help:"Source blocks of a file: in-order; random-start, from a random one in each transfer; spread, neighbours far apart in time. Receivers may hold in memory what comes out of order."`
	Cache      *settings.Bytes     `placeholder:"16MiB" help:"Memory for source blocks that are sent again: they need not be read and encoded again."`
	// TransferEvents is for --json: people are told of no transfer.
	TransferEvents bool `help:"With --json, a line for the start and the end of each transfer."`
}
