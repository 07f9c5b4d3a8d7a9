package outgoing

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/flute-node/flute-node/internal/settings"
)

// Line is a line of a list of files: a file or a folder, and the words that its files have of their own.
type Line struct {
	Path string `json:"path"`
	Name string `json:"name"` // empty: as all are named
	settings.Object

	Number int `json:"-"` // from 1
}

// MaxLine bounds a line of a list in bytes.
const MaxLine = 64 << 10

// ReadList reads a list: one JSON object a line, empty lines aside.
func ReadList(r io.Reader) (lines []Line, err error) {
	scan := bufio.NewScanner(r)
	scan.Buffer(nil, MaxLine)
	for n := 1; scan.Scan(); n++ {
		text := bytes.TrimSpace(scan.Bytes())
		if len(text) == 0 {
			continue
		}
		l := Line{Number: n}
		err := ReadObject(text, &l)
		if err == nil && l.Path == "" {
			err = errors.New("path is missing")
		}
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		lines = append(lines, l)
	}
	return lines, scan.Err()
}

// ReadObject reads one JSON object, which has no other fields than to.
func ReadObject(text []byte, to any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	err := d.Decode(to)
	if err == nil {
		switch rest := bytes.TrimSpace(text[d.InputOffset():]); {
		case d.More():
			err = errors.New("more than one object")
		case len(rest) > 0:
			err = fmt.Errorf("%.40q follows the object", rest)
		case bytes.TrimSpace(text)[0] != '{': // null, which any type takes
			err = errors.New("it is no object")
		}
	}
	if e, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		field := e.Field[strings.LastIndexByte(e.Field, '.')+1:]
		return fmt.Errorf("%s: it is no %s", cmp.Or(field, "the line"), e.Value)
	}
	return err
}
