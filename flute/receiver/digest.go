package receiver

import (
	"crypto/md5" //nolint:gosec // Content-MD5 is what RFC 6726 carries; it detects errors, not attacks
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"hash"
	"io"

	"github.com/flute-node/flute-node/flute/fdt"
)

// readSize is how many bytes of an object are hashed at a time.
const readSize = 256 << 10

// digest is the state of the hashes over the first bytes of the object as it was transferred.
type digest struct {
	done   uint64 // bytes hashed
	sha256 hash.Hash
	md5    hash.Hash // nil unless the sender announced one: it costs twice as much as SHA-256
	sha512 hash.Hash // the same
}

// newDigest returns the hashes that the description f asks for, and SHA-256.
func newDigest(f *fdt.File) *digest {
	d := &digest{sha256: sha256.New()}
	if len(f.MD5) > 0 {
		d.md5 = md5.New()
	}
	if len(f.SHA512) > 0 {
		d.sha512 = sha512.New()
	}
	return d
}

// covers reports whether d has all hashes that f asks for.
func (d *digest) covers(f *fdt.File) bool {
	return (len(f.MD5) == 0 || d.md5 != nil) && (len(f.SHA512) == 0 || d.sha512 != nil)
}

// write hashes the next bytes.
func (d *digest) write(p []byte) {
	d.sha256.Write(p)
	if d.md5 != nil {
		d.md5.Write(p)
	}
	if d.sha512 != nil {
		d.sha512.Write(p)
	}
	d.done += uint64(len(p))
}

// sums returns the digests so far, in lower-case hex by name.
func (d *digest) sums() map[string]string {
	m := map[string]string{"sha-256": hex.EncodeToString(d.sha256.Sum(nil))}
	if d.md5 != nil {
		m["md5"] = hex.EncodeToString(d.md5.Sum(nil))
	}
	if d.sha512 != nil {
		m["sha-512"] = hex.EncodeToString(d.sha512.Sum(nil))
	}
	return m
}

// extend hashes the object's bytes from done to end.
func (d *digest) extend(object io.ReaderAt, end uint64) error {
	buf := make([]byte, min(readSize, end-min(end, d.done)))
	for d.done < end {
		p := buf[:min(uint64(len(buf)), end-d.done)]
		n, err := object.ReadAt(p, int64(d.done))
		d.write(p[:n])
		if n < len(p) {
			if err == nil || err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			return err
		}
	}
	return nil
}
