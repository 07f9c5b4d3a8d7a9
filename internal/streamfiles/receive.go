package streamfiles

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// partSuffix ends the name of a file that is not whole yet.
const partSuffix = ".flute-node-part"

var (
	errName   = errors.New("not a name below this folder")
	errDigest = errors.New("its SHA-256 differs from that of what came")
)

// receiving is a receiver at work.
type receiving struct {
	root *os.Root
	in   *bufio.Reader
	conn io.ReadWriter
	p    *Progress
	next []offer // that were answered, and whose bytes have not come
	hash []hash.Hash
	have []int64
}

// Receive receives files into a folder until the sender says that these were all. It returns how many are whole. The
// error says why the rest did not come, or names the first file that failed.
func Receive(conn io.ReadWriter, root *os.Root, p Progress) (whole int, err error) {
	r := &receiving{root: root, in: newReader(conn), conn: conn, p: &p}
	if line, err := readText(r.in); err != nil || string(line) != greeting {
		return 0, errors.Join(errLine, err)
	}
	var failed error
	for {
		var m offer
		switch err := readLine(r.in, &m); {
		case errors.Is(err, io.EOF):
			return whole, io.ErrUnexpectedEOF
		case err != nil:
			return whole, err
		case m.End:
			return whole, failed
		case m.From == nil:
			if err := r.answer(m); err != nil {
				return whole, err
			}
			continue
		}
		ended, err := r.take(*m.From)
		if err != nil {
			return whole, err
		}
		if ended == nil {
			whole++
		} else if failed == nil {
			failed = ended
		}
	}
}

// answer says how much of a file is there.
func (r *receiving) answer(m offer) error {
	if len(r.next) >= maxAhead || m.Size < 0 {
		return errLine
	}
	h := sha256.New()
	have := int64(0)
	if isName(m.Name) {
		have = r.found(m, h)
	}
	r.next, r.hash, r.have = append(r.next, m), append(r.hash, h), append(r.have, have)
	return writeLine(r.conn, reply{Have: &have, Sum: hex.EncodeToString(h.Sum(nil))})
}

// found returns how many of the first bytes are there, in part or whole, and hashes them.
func (r *receiving) found(m offer, h hash.Hash) int64 {
	for _, name := range []string{part(m.Name), m.Name} {
		f, err := r.root.Open(filepath.FromSlash(name))
		if err != nil {
			continue
		}
		n, err := io.Copy(h, io.LimitReader(f, m.Size+1))
		_ = f.Close() // nothing was written
		if err == nil && (n == m.Size || n < m.Size && name != m.Name) {
			return n
		}
		h.Reset()
	}
	return 0
}

// isName reports whether a name may be written: below the folder, and no part of another file.
func isName(name string) bool {
	return name != "" && path.Clean(name) == name && filepath.IsLocal(filepath.FromSlash(name)) &&
		name != "." && !strings.HasSuffix(name, partSuffix) && !strings.Contains(name, "\\")
}

// part returns the name of a file that is not whole.
func part(name string) string {
	dir, base := path.Split(name)
	return dir + "." + base + partSuffix
}

// take takes the bytes of the next file. ended says why the file failed; err why the connection has.
func (r *receiving) take(from int64) (ended, err error) {
	if len(r.next) == 0 || from < 0 || from > r.next[0].Size {
		return nil, errLine
	}
	m, h, have := r.next[0], r.hash[0], r.have[0]
	r.next, r.hash, r.have = r.next[1:], r.hash[1:], r.have[1:]
	if from != have && from != m.Size {
		if from != 0 {
			return nil, errLine
		}
		h.Reset()
	}
	r.p.started(m.Name, m.Size, from)
	w, ended := r.open(m, from)
	if err := r.copy(m, w, h, from, &ended); err != nil {
		return nil, err
	}
	var sum offer
	if err := readLine(r.in, &sum); err != nil {
		return nil, err
	}
	if ended == nil && sum.Sum != hex.EncodeToString(h.Sum(nil)) {
		ended = errDigest
		if strings.HasPrefix(sum.Sum, "unreadable: ") {
			ended = errors.New(sum.Sum)
		} else {
			_ = r.root.Remove(filepath.FromSlash(part(m.Name))) // or the next try would begin with it
		}
	}
	if ended == nil {
		ended = r.publish(m)
	}
	r.p.ended(m.Name, m.Size, from, ended)
	answer := reply{Done: ended == nil}
	if ended != nil {
		answer.Error = ended.Error()
		ended = fmt.Errorf("%s: %w", m.Name, ended)
	}
	return ended, writeLine(r.conn, answer)
}

// open opens the part of a file to append to. Of a file that is there whole nothing is opened.
func (r *receiving) open(m offer, from int64) (*os.File, error) {
	if !isName(m.Name) {
		return nil, errName
	}
	name := filepath.FromSlash(part(m.Name))
	if dir := filepath.Dir(name); dir != "." {
		if err := r.root.MkdirAll(dir, 0o777); err != nil {
			return nil, err
		}
	}
	if from == m.Size && m.Size > 0 {
		return nil, nil // it is there; nothing comes
	}
	f, err := r.root.OpenFile(name, os.O_WRONLY|os.O_CREATE, 0o666)
	if err != nil {
		return nil, err
	}
	if err := f.Truncate(from); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	_, err = f.Seek(from, io.SeekStart)
	return f, err
}

// copy takes bytes off the connection, and writes them if there is where to.
func (r *receiving) copy(m offer, w *os.File, h hash.Hash, from int64, ended *error) error {
	defer func() {
		if w != nil {
			*ended = errors.Join(*ended, w.Sync(), w.Close())
		}
	}()
	for at := from; at < m.Size; {
		if _, err := r.in.Peek(1); err != nil {
			return unexpected(err)
		}
		p, _ := r.in.Peek(int(min(int64(r.in.Buffered()), m.Size-at)))
		h.Write(p)
		if w != nil && *ended == nil {
			_, *ended = w.Write(p)
		}
		at += int64(len(p))
		_, _ = r.in.Discard(len(p))
		r.p.moved(m.Name, at)
	}
	return nil
}

func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// publish gives a file its name.
func (r *receiving) publish(m offer) error {
	name, temporary := filepath.FromSlash(m.Name), filepath.FromSlash(part(m.Name))
	err := r.root.Rename(temporary, name)
	if errors.Is(err, fs.ErrNotExist) {
		_, err = r.root.Stat(name) // it was there already
		return err
	}
	if err != nil {
		return err
	}
	if mode := fs.FileMode(m.Mode).Perm(); mode != 0 {
		err = r.root.Chmod(name, mode)
	}
	if !m.Time.IsZero() {
		err = errors.Join(err, r.root.Chtimes(name, m.Time, m.Time))
	}
	return err
}
