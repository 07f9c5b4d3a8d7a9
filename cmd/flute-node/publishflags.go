package main

import (
	"time"

	"github.com/flute-node/flute-node/internal/config"
	"github.com/flute-node/flute-node/internal/settings"
)

// publishFlags say how received files get into their folder.
type publishFlags struct {
	Existing string         `default:"replace" help:"A file that has the name of one that came: replace, keep (what came is discarded), version (what came is NAME.1, NAME.2, …), refuse (what came fails)."`
	Mode     string         `placeholder:"0640" help:"Permissions of files, in octal. Default: 0666 less the umask."`
	DirMode  string         `placeholder:"0750" help:"Permissions of new folders, in octal. Default: 0777 less the umask."`
	Owner    string         `placeholder:"USER[:GROUP]" help:"Owner of files and new folders, by name or number."`
	MTime    string         `name:"mtime" default:"written" help:"Time of change of a file: written (its last byte), published."`
	MaxFiles int            `type:"positive" placeholder:"N" help:"Files that DIR may hold; one that would be too many fails."`
	MaxBytes settings.Bytes `placeholder:"100GB" help:"Bytes that DIR may hold, with what is being received."`
	MinFree  settings.Bytes `placeholder:"1GB" help:"Bytes of the disk that stay free."`
	Allocate string         `default:"sparse" help:"Room on the disk for a file that is being received: sparse (as it comes), full (all at once)."`
	Stage    string         `placeholder:"DIR" help:"Folder in which files are received until they are whole, also on another disk: they are copied then. Default: DIR/.flute-node."`

	ResumeAge   time.Duration  `type:"positive" placeholder:"168h" help:"Unfinished files of earlier processes are kept for this time."`
	ResumeQuota settings.Bytes `placeholder:"50GB" help:"Bytes of the disk for unfinished files of earlier processes; the oldest are removed."`
}

// words returns what the flags say.
func (f *publishFlags) words() settings.Publication {
	return settings.Publication{
		Existing: f.Existing, Mode: f.Mode, DirMode: f.DirMode, Owner: f.Owner, MTime: f.MTime,
		MaxFiles: f.MaxFiles, MaxBytes: uint64(f.MaxBytes), MinFree: uint64(f.MinFree), Allocate: f.Allocate,
		Stage: f.Stage, ResumeAge: f.ResumeAge, ResumeQuota: uint64(f.ResumeQuota), LookupOwner: config.LookupOwner,
	}
}
