package file

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"os"
	"strconv"
	"strings"
	"time"
)

// delivery is a file that was published. Its line is the CRC-32C of a document in hex, a space, and the document, in
// JSON.
type delivery struct {
	Path string    `json:"path"`
	Size int64     `json:"size"`
	Time time.Time `json:"time"` // of its last change
	Note []byte    `json:"note"`
}

// sumSize is the length of what is in front of the document.
const sumSize = len("00000000 ")

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// appendLine appends the line of d to b. The document is what encoding/json makes of d; there is one for each of
// tens of thousands of files.
func (d *delivery) appendLine(b []byte) ([]byte, error) {
	at, before := len(b), b
	b = append(b, "00000000 "...) // the CRC comes when the document is there
	b, err := appendString(append(b, `{"path":`...), d.Path)
	if err != nil {
		return before, err
	}
	b = strconv.AppendInt(append(b, `,"size":`...), d.Size, 10)
	if b, err = d.Time.AppendText(append(b, `,"time":"`...)); err != nil {
		return before, err
	}
	if d.Note == nil {
		b = append(b, `","note":null}`...)
	} else {
		b = base64.StdEncoding.AppendEncode(append(b, `","note":"`...), d.Note)
		b = append(b, `"}`...)
	}
	document := b[at+sumSize:]
	var sum [4]byte
	binary.BigEndian.PutUint32(sum[:], crc32.Checksum(document, castagnoli))
	hex.Encode(b[at:], sum[:])
	return append(b, '\n'), nil
}

// appendString appends s in JSON.
func appendString(b []byte, s string) ([]byte, error) {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || strings.IndexByte(`"\<>&`, c) >= 0 {
			quoted, err := json.Marshal(s)
			return append(b, quoted...), err
		}
	}
	return append(append(append(b, '"'), s...), '"'), nil
}

// parseDelivery returns what a line says, with its end, if it is whole.
func parseDelivery(line []byte) (d delivery, ok bool) {
	if len(line) <= sumSize || line[sumSize-1] != ' ' {
		return d, false
	}
	document := line[sumSize : len(line)-1]
	ok = fmt.Sprintf("%08x", crc32.Checksum(document, castagnoli)) == string(line[:sumSize-1]) &&
		json.Unmarshal(document, &d) == nil
	return d, ok
}

// isThere reports whether the file is as it was when it was published.
func (d *delivery) isThere(root *os.Root) bool {
	info, err := root.Lstat(d.Path)
	return err == nil && info.Size() == d.Size && info.ModTime().Equal(d.Time)
}
