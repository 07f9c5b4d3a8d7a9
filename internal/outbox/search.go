package outbox

import (
	"context"
	"crypto/md5"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"hash"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/flute-node/flute-node/store"
)

// maxSearched bounds the files of a folder that are looked at.
const maxSearched = 1_000_000

// search looks for the files of intents that a process has left behind, as it died between a publication and its entry.
// Those that were published enter the outbox. Of the others nothing is known: they are received again, if they are sent
// again. The name under which a file was published is not known, since layout and existing files decide on it: so the
// folder is searched for a name that begins as it should, and for the content.
func (o *Outbox) search(intents []*intent) {
	byDir := map[string][]*intent{}
	for _, in := range intents {
		byDir[in.File.Dir] = append(byDir[in.File.Dir], in)
	}
	for dir, list := range byDir {
		names := map[string][]*intent{}
		for _, in := range list {
			if name, err := store.Name(in.File.ContentLocation); err == nil {
				names[path.Base(name)] = append(names[path.Base(name)], in)
			}
		}
		found := map[*intent]File{}
		if err := o.searchDir(dir, names, found); err != nil {
			if o.leaving.Err() == nil {
				o.cfg.Warn("files that may have been published without entering the outbox are looked for with the " +
					"next start: " + err.Error())
			}
			continue
		}
		for _, in := range list {
			if f, ok := found[in]; ok {
				o.Enter(f, in.Sinks)
				continue
			}
			o.write(func(tx *bolt.Tx) error { return o.disk.forget(tx, in.File.place()) }, nil)
		}
	}
}

// searchDir looks for the files of a folder.
func (o *Outbox) searchDir(dir string, names map[string][]*intent, found map[*intent]File) error {
	looked := 0
	return filepath.WalkDir(dir, func(at string, d fs.DirEntry, err error) error {
		if err != nil {
			if at == dir {
				return err
			}
			return nil // a folder that cannot be read
		}
		if o.leaving.Err() != nil {
			return o.leaving.Err()
		}
		if looked++; looked > maxSearched {
			return filepath.SkipAll
		}
		if d.IsDir() && strings.HasPrefix(d.Name(), ".flute-node") {
			return filepath.SkipDir
		}
		if !d.Type().IsRegular() {
			return nil
		}
		for name := d.Name(); name != ""; {
			for _, in := range names[name] {
				f, ok, err := in.isAt(o.leaving, dir, at)
				if err != nil {
					return err // what cannot be read may be it
				}
				if ok {
					if before, twice := found[in]; !twice || f.Modified.After(before.Modified) {
						found[in] = f
					}
				}
			}
			i := strings.LastIndexByte(name, '.') // NAME.1 is a version
			name = name[:max(i, 0)]
		}
		return nil
	})
}

// isAt reports whether a file is that of the intent, and returns it with its name. It was last changed while it was
// received; that and its content prove it. An error says that this is not known, since ctx has ended or the disk fails.
func (in *intent) isAt(ctx context.Context, dir, at string) (f File, is bool, err error) {
	f = in.File
	file, err := os.Open(at)
	if err != nil {
		return f, false, nil
	}
	defer file.Close() //nolint:errcheck // it was only read
	info, err := file.Stat()
	if err != nil || f.Size != 0 && uint64(info.Size()) != f.Size {
		return f, false, nil
	}
	rel, err := filepath.Rel(dir, at)
	if err != nil {
		return f, false, nil
	}
	f.Name, f.Modified = filepath.ToSlash(rel), info.ModTime()
	kind, want, _ := strings.Cut(f.Digest, ":")
	h := hasher(kind)
	if f.Encoded || h == nil { // nothing can be compared but its time
		return f, !info.ModTime().Before(in.Chosen.Add(-time.Second)), nil
	}
	if _, err := io.Copy(h, &until{ctx, file}); err != nil {
		return f, false, err
	}
	return f, hex.EncodeToString(h.Sum(nil)) == want, nil
}

// until reads as long as ctx goes on: a file may be large.
type until struct {
	ctx context.Context
	r   io.Reader
}

// Read implements io.Reader.
func (u *until) Read(p []byte) (int, error) {
	if err := u.ctx.Err(); err != nil {
		return 0, err
	}
	return u.r.Read(p)
}

func hasher(kind string) hash.Hash {
	switch kind {
	case "md5":
		return md5.New()
	case "sha-256":
		return sha256.New()
	case "sha-512":
		return sha512.New()
	}
	return nil
}
