package main

import (
	"time"

	"github.com/flute-node/flute-node/internal/settings"
)

// selectionFlags say which files are received.
type selectionFlags struct {
	Only      []string       `placeholder:"PATTERN" help:"Receive only files whose name, or the last elements of it, one of the patterns matches: *.txt, news/**. A pattern with :// is compared with the Content-Location."`
	Except    []string       `placeholder:"PATTERN" help:"Do not receive files that one of the patterns matches."`
	TOI       []uint64       `placeholder:"N" help:"Receive only objects with these TOIs."`
	FileGroup []string       `placeholder:"NAME" help:"Receive only files of one of these groups (3GPP)."`
	Type      []string       `placeholder:"PATTERN" help:"Receive only files of these media types: text/*."`
	MinSize   settings.Bytes `placeholder:"SIZE" help:"Do not receive smaller files."`
	MaxSize   settings.Bytes `placeholder:"SIZE" help:"Do not receive larger files."`
	MaxAge    time.Duration  `type:"positive" placeholder:"30s" help:"Give a file up that is not whole so long after its first packet or its description."`
	Again     string         `default:"updated" help:"What is received again: updated (new versions of a file), never (one version of each), always (each turn of a carousel)."`
}

// words returns what the flags say.
func (f *selectionFlags) words() settings.Selection {
	return settings.Selection{
		TOIs: f.TOI, Only: f.Only, Except: f.Except, Groups: f.FileGroup, Types: f.Type,
		MinSize: f.MinSize, MaxSize: f.MaxSize, MaxAge: f.MaxAge, Again: f.Again,
	}
}
