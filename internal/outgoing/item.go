package outgoing

import (
	"fmt"
	"time"

	"github.com/flute-node/flute-node/flute/sender"
	"github.com/flute-node/flute-node/internal/settings"
	"github.com/flute-node/flute-node/source"
	"github.com/flute-node/flute-node/store"
)

// Item is a file to be sent, with words of its own.
type Item struct {
	sender.File
	Words *settings.Object // nil: it has none
	Line  int              // of the list; 0: it is of none
}

// Find returns the files of paths and of the lines of a list. Two files of one name are an error, which wraps
// [source.ErrClash] where it comes from one of the two alone. Each Item has memory of its own: a caller that forgets
// what a session has taken holds a long list only once.
func Find(paths []string, lines []Line, options source.Options) (items []*Item, skipped []source.Skipped, err error) {
	list, err := source.Find(paths, options)
	if err != nil {
		return nil, nil, err
	}
	items = make([]*Item, 0, len(list.Files)+len(lines))
	for _, one := range list.Files {
		items = append(items, &Item{File: one})
	}
	skipped = list.Skipped
	for i := range lines {
		l := &lines[i]
		found, err := source.Find([]string{l.Path}, options)
		if err == nil && l.Name != "" && len(found.Files) != 1 {
			err = fmt.Errorf("name %q: %s is no file", l.Name, l.Path)
		}
		if err != nil {
			return nil, nil, &LineError{l.Number, err}
		}
		for _, one := range found.Files {
			if l.Name != "" {
				one.ContentLocation = source.Location(l.Name)
			}
			items = append(items, &Item{one, &l.Object, l.Number})
		}
		skipped = append(skipped, found.Skipped...)
	}
	names := make(map[string]bool, len(items))
	for _, i := range items {
		at := i.ContentLocation
		if names[at] {
			return nil, nil, fmt.Errorf("two files would be sent as %s", NameOf(at))
		}
		names[at] = true
	}
	return items, skipped, nil
}

// NameOf writes a Content-Location as the name of a file with slashes.
func NameOf(location string) string {
	if name, err := store.Name(location); err == nil {
		return name
	}
	return location
}

// Doubts returns why receivers like ours will refuse files for their names, which is not known to the sender: of some
// files, and then how many there are more.
func Doubts(items []*Item) (texts []string) {
	more := 0
	for _, i := range items {
		text := doubt(i.ContentLocation)
		switch {
		case text == "":
		case len(texts) == maxDoubts:
			more++
		default:
			texts = append(texts, text)
		}
	}
	if more > 0 {
		texts = append(texts, fmt.Sprintf("receivers will refuse the names of %d more files", more))
	}
	return texts
}

// maxDoubts bounds the files of which Doubts tells.
const maxDoubts = 20

func doubt(location string) string {
	_, err := store.Name(location)
	if err == nil {
		return ""
	}
	return "receivers will refuse the name of a file that is sent: " + err.Error()
}

// How says how files are sent. It is not changed once it is used, so that several goroutines may use it.
type How struct {
	Words    *settings.Send
	Core     *sender.Config // of the session
	StartAt  time.Time      // zero: at once
	Priority []settings.Priority
	Now      time.Time          // from which words such as max-age=1h count
	Also     func(*sender.File) // is called with each file that is prepared; nil: nothing is
}

// LineError is an error of one line of a list.
type LineError struct {
	Line int
	Err  error
}

// Error implements error.
func (e *LineError) Error() string { return fmt.Sprintf("line %d: %v", e.Line, e.Err) }

// Unwrap returns the cause.
func (e *LineError) Unwrap() error { return e.Err }

// Prepare puts what is said of all files, and then of this one, into the file. An error is a [*settings.Error], or a
// [*LineError] that wraps one.
func (h *How) Prepare(i *Item) error {
	i.StartAt = h.StartAt
	i.File.Priority = settings.PriorityOf(h.Priority, NameOf(i.ContentLocation))
	if err := h.Words.Object.Apply(&i.File, h.Core, h.Now); err != nil {
		return err
	}
	if i.Words != nil {
		if err := i.Words.Apply(&i.File, h.Core, h.Now); err != nil {
			return &LineError{i.Line, err}
		}
	}
	if h.Also != nil {
		h.Also(&i.File)
	}
	return nil
}

// Largest returns the length of the largest file, for [settings.Send.Config].
func Largest(items []*Item) (n uint64) {
	for _, i := range items {
		n = max(n, i.Size)
	}
	return n
}
