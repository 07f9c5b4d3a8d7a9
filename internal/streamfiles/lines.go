package streamfiles

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
)

const (
	// greeting is the first line of a sender.
	greeting = "flute-node files 1"
	// maxLine bounds a line: a path has some thousand bytes.
	maxLine = 64 << 10
	// maxAhead is how many files are offered before their bytes come.
	maxAhead = 64
	// copySize is how many bytes are read and written at once.
	copySize = 256 << 10
)

// offer begins a file.
type offer struct {
	Name string    `json:"name,omitempty"` // with slashes
	Size int64     `json:"size"`
	Mode uint32    `json:"mode,omitempty"` // permissions
	Time time.Time `json:"time,omitzero"`  // of the last change
	End  bool      `json:"end,omitempty"`  // no file, and none follows
	From *int64    `json:"from,omitempty"` // no offer: bytes follow, from there on
	Sum  string    `json:"sha256,omitempty"`
}

// reply is what a receiver says.
type reply struct {
	Have  *int64 `json:"have,omitempty"`
	Sum   string `json:"sha256,omitempty"`
	Done  bool   `json:"done,omitempty"`
	Error string `json:"error,omitempty"`
}

// errLine is that of a peer that does not keep to the protocol.
var errLine = errors.New("streamfiles: not the protocol of this program")

func writeLine(w io.Writer, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	_, err = w.Write(append(b, '\n'))
	return err
}

// newReader returns a reader of lines and bytes.
func newReader(r io.Reader) *bufio.Reader { return bufio.NewReaderSize(r, copySize) }

// readLine reads a line of JSON into v.
func readLine(r *bufio.Reader, v any) error {
	line, err := readText(r)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(line, v); err != nil {
		return fmt.Errorf("%w: %w", errLine, err)
	}
	return nil
}

// readText reads a line. io.EOF is returned only where the stream ends before it.
func readText(r *bufio.Reader) ([]byte, error) {
	var line []byte
	for {
		part, err := r.ReadSlice('\n')
		if line = append(line, part...); len(line) > maxLine {
			return nil, errLine
		}
		switch {
		case err == nil:
			return line[:len(line)-1], nil
		case errors.Is(err, io.EOF) && len(line) > 0:
			return nil, io.ErrUnexpectedEOF
		case !errors.Is(err, bufio.ErrBufferFull):
			return nil, err
		}
	}
}
