package program

import (
	"path"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/flute-node/flute-node/flute/receiver"
	"github.com/flute-node/flute-node/store"
)

// File is what a program is told of its file.
type File struct {
	Offer receiver.Offer
	Path  string // where it is published; empty: it is not
	Size  uint64 // bytes
	Key   string // the same whenever the program is run for the same file: FLUTE_KEY; empty: there is none
}

// fields are the words that stand for what is known of a file: {path} in an argument, FLUTE_PATH in the environment.
var fields = []string{"path", "name", "location", "type", "size", "tsi", "toi", "source", "group"}

// variable returns the environment variable of a field.
func variable(field string) string { return "FLUTE_" + strings.ToUpper(field) }

// Name returns the last element of the name of the file; empty: its Content-Location has none that can be used.
func (f *File) Name() string {
	if f.Path != "" {
		return filepath.Base(f.Path)
	}
	name, err := store.Name(f.Offer.File.ContentLocation)
	if err != nil {
		return ""
	}
	return path.Base(name)
}

// field returns what a field of the file is.
func (f *File) field(name string) string {
	switch name {
	case "path":
		return f.Path
	case "name":
		return f.Name()
	case "location":
		return f.Offer.File.ContentLocation
	case "type":
		return f.Offer.File.ContentType
	case "size":
		return strconv.FormatUint(f.Size, 10)
	case "tsi":
		return strconv.FormatUint(uint64(f.Offer.Session.TSI), 10)
	case "toi":
		return f.Offer.File.TOI.String()
	case "source":
		return f.Offer.Session.Source.String()
	default: // group
		return f.Offer.Session.Group.String()
	}
}

// environment returns the fields for the environment of a program.
func (f *File) environment() []string {
	list := make([]string, 0, len(fields)+1)
	for _, name := range fields {
		list = append(list, variable(name)+"="+f.field(name))
	}
	if f.Key != "" {
		list = append(list, variable("key")+"="+f.Key)
	}
	return list
}
