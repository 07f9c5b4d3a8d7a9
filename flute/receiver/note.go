package receiver

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"time"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/fdt"
)

// The notes of an object are records, each of
//
//	"FN" | version | type | length of the body (4 bytes) | CRC-32C of all before it and of the body (4 bytes) | body
//
// in big-endian order. The first has the type noteWhole: its body is the length of a document in JSON (4 bytes), the
// document (see noted), and entries of source blocks (see assembly.AppendBlocks). Records of the type noteMore follow,
// with more entries. What follows a record that is cut off or damaged is not read.
const (
	noteVersion   = 1
	noteWhole     = 1
	noteMore      = 2
	noteHeadBytes = 12
	// maxNoteBytes bounds a record.
	maxNoteBytes = 1 << 30
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// noted is the document: what is known of an object and of its session.
type noted struct {
	Session      flute.SessionKey `json:"session"`
	FLUTEVersion uint8            `json:"flute_version"`
	TOI          string           `json:"toi"`
	InstanceID   flute.InstanceID `json:"fdt_instance_id"` // the newest that describes it
	Instance     *notedInstance   `json:"fdt_instance,omitempty"`
	Expires      notedTime        `json:"expires"`
	File         notedFile        `json:"file"`
	OTI          fec.OTI          `json:"oti"`
	FTI          []byte           `json:"fti,omitempty"`
	Repaired     uint64           `json:"repaired,omitempty"`
}

// notedInstance is what makes an FDT Instance known.
type notedInstance struct {
	CENC    int       `json:"cenc"`
	FTI     []byte    `json:"fti,omitempty"`
	Head    []byte    `json:"head,omitempty"`
	Expires notedTime `json:"expires"`
}

// notedTime is a moment by the wall clock, and how far away it was: whichever is sooner counts, since the clock may
// have been set meanwhile.
type notedTime struct {
	At    time.Time     `json:"at"`
	After time.Duration `json:"after_ns"`
}

func noteTime(now, t time.Time) notedTime { return notedTime{At: t.Round(0), After: t.Sub(now)} }

// read returns the moment by the clock that shows now.
func (t notedTime) read(now time.Time) time.Time {
	return now.Add(min(t.At.Sub(now.Round(0)), t.After))
}

// notedFile is a description, see describedBy.
type notedFile struct {
	ContentLocation string                `json:"content_location"`
	ContentLength   *uint64               `json:"content_length,omitempty"`
	TransferLength  *uint64               `json:"transfer_length,omitempty"`
	ContentType     string                `json:"content_type,omitempty"`
	ContentEncoding flute.ContentEncoding `json:"content_encoding,omitempty"`
	MD5             []byte                `json:"md5,omitempty"`
	SHA256          []byte                `json:"sha_256,omitempty"`
	SHA512          []byte                `json:"sha_512,omitempty"`
	OTI             *fec.OTI              `json:"oti,omitempty"`
	Alternates      *notedAlternates      `json:"alternates,omitempty"` // nil also in older notes
}

// noteFile leaves out from where else f can be had.
func noteFile(f *fdt.File) notedFile {
	n := notedFile{
		ContentLocation: f.ContentLocation, ContentLength: f.ContentLength, TransferLength: f.TransferLength,
		ContentType: f.ContentType, ContentEncoding: f.ContentEncoding, MD5: f.MD5, SHA256: f.SHA256, SHA512: f.SHA512,
	}
	if f.HasOTI {
		oti := f.OTI
		n.OTI = &oti
	}
	return n
}

func (n *notedFile) file(toi flute.TOI) *fdt.File {
	f := &fdt.File{
		TOI: toi, ContentLocation: n.ContentLocation, ContentLength: n.ContentLength, TransferLength: n.TransferLength,
		ContentType: n.ContentType, ContentEncoding: n.ContentEncoding, MD5: n.MD5, SHA256: n.SHA256, SHA512: n.SHA512,
	}
	if n.OTI != nil {
		f.OTI, f.HasOTI = *n.OTI, true
	}
	if n.Alternates != nil {
		f.AlternateLocations1 = n.Alternates.locations()
	}
	return f
}

// appendRecord appends a record whose body the function body appends.
func appendRecord(b []byte, typ byte, body func([]byte) []byte) []byte {
	at := len(b)
	b = append(b, 'F', 'N', noteVersion, typ)
	b = append(b, make([]byte, 8)...)
	b = body(b)
	record := b[at:]
	binary.BigEndian.PutUint32(record[4:], uint32(len(record)-noteHeadBytes))
	binary.BigEndian.PutUint32(record[8:], sumRecord(record))
	return b
}

func sumRecord(record []byte) uint32 {
	return crc32.Update(crc32.Checksum(record[:8], castagnoli), castagnoli, record[noteHeadBytes:])
}

var errNotes = errors.New("receiver: notes are damaged, or not of this version")

// nextRecord takes the first record off notes.
func nextRecord(notes []byte) (typ byte, body, rest []byte, err error) {
	if len(notes) < noteHeadBytes || string(notes[:3]) != string([]byte{'F', 'N', noteVersion}) {
		return 0, nil, nil, errNotes
	}
	n := binary.BigEndian.Uint32(notes[4:])
	if n > maxNoteBytes || int(n) > len(notes)-noteHeadBytes {
		return 0, nil, nil, errNotes
	}
	record := notes[:noteHeadBytes+int(n)]
	if binary.BigEndian.Uint32(record[8:]) != sumRecord(record) {
		return 0, nil, nil, errNotes
	}
	return record[3], record[noteHeadBytes:], notes[len(record):], nil
}

// readNotes returns the document of notes, and the entries of source blocks in the order in which they were noted.
func readNotes(notes []byte) (n *noted, toi flute.TOI, entries [][]byte, err error) {
	typ, body, notes, err := nextRecord(notes)
	if err != nil {
		return nil, toi, nil, err
	}
	if typ != noteWhole || len(body) < 4 {
		return nil, toi, nil, errNotes
	}
	size := binary.BigEndian.Uint32(body)
	if uint64(size) > uint64(len(body)-4) {
		return nil, toi, nil, errNotes
	}
	n = &noted{}
	if err := json.Unmarshal(body[4:4+size], n); err != nil {
		return nil, toi, nil, fmt.Errorf("%w: %w", errNotes, err)
	}
	if toi, err = flute.ParseTOI(n.TOI); err != nil || toi.IsFDT() || n.File.ContentLocation == "" {
		return nil, toi, nil, errNotes
	}
	entries = append(entries, body[4+size:])
	for len(notes) > 0 {
		if typ, body, notes, err = nextRecord(notes); err != nil || typ != noteMore {
			break // what was written last may be cut off
		}
		entries = append(entries, body)
	}
	return n, toi, entries, nil
}

// SessionOf returns the session of notes that this package has written: of an object (see [Config].Leftovers), or of a
// published file (Delivered). It needs nothing of c. false: they are damaged, or of another version.
func (c *Config) SessionOf(notes []byte) (flute.SessionKey, bool) {
	if len(notes) > 0 && notes[0] == '{' {
		var n struct {
			Session flute.SessionKey `json:"session"`
		}
		err := json.Unmarshal(notes, &n)
		return n.Session, err == nil
	}
	n, _, _, err := readNotes(notes)
	if err != nil {
		return flute.SessionKey{}, false
	}
	return n.Session, true
}
