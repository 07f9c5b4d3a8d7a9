package content

import (
	"crypto/md5" //nolint:gosec // Content-MD5 is what RFC 6726 carries; it detects errors, not attacks
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"sync"
)

// ReadSize is how many bytes of an object are read, hashed or decoded at a time: large enough that the calls cost
// nothing beside the hashing, small enough to stay in the cache of a core.
const ReadSize = 256 << 10

// Algorithms is a set of digest algorithms.
type Algorithms uint8

// The algorithms. MD5 and SHA512 cost twice as much as SHA256.
const (
	MD5 Algorithms = 1 << iota
	SHA256
	SHA512
)

// Digest is the state of the digests over the first bytes of a file or of an object. It is not safe for concurrent use.
type Digest struct {
	done                uint64    // bytes hashed; or passed over, when no digest is wanted
	md5, sha256, sha512 hash.Hash // nil: not wanted
}

// ParseAlgorithms returns the algorithms of names, which are those of Sums.
func ParseAlgorithms(names []string) (all Algorithms, err error) {
	for _, name := range names {
		switch name {
		case "md5":
			all |= MD5
		case "sha-256":
			all |= SHA256
		case "sha-512":
			all |= SHA512
		default:
			return 0, fmt.Errorf("%q is no digest: md5, sha-256 and sha-512 are", name)
		}
	}
	return all, nil
}

// NewDigest returns a Digest of no bytes by the algorithms wanted.
func NewDigest(wanted Algorithms) *Digest {
	d := &Digest{}
	if wanted&MD5 != 0 {
		d.md5 = md5.New()
	}
	if wanted&SHA256 != 0 {
		d.sha256 = sha256.New()
	}
	if wanted&SHA512 != 0 {
		d.sha512 = sha512.New()
	}
	return d
}

// anew returns a Digest of no bytes by the same algorithms.
func (d *Digest) anew() *Digest {
	var wanted Algorithms
	for _, a := range [...]Algorithms{MD5, SHA256, SHA512} {
		if d.Covers(a) {
			wanted |= a
		}
	}
	return NewDigest(wanted)
}

// Covers reports whether d has all digests wanted.
func (d *Digest) Covers(wanted Algorithms) bool {
	return (wanted&MD5 == 0 || d.md5 != nil) && (wanted&SHA256 == 0 || d.sha256 != nil) &&
		(wanted&SHA512 == 0 || d.sha512 != nil)
}

// isEmpty reports whether no digest is wanted.
func (d *Digest) isEmpty() bool { return d.md5 == nil && d.sha256 == nil && d.sha512 == nil }

// Done returns how many bytes were hashed.
func (d *Digest) Done() uint64 { return d.done }

// Write hashes the next bytes. It implements io.Writer and never fails.
func (d *Digest) Write(p []byte) (int, error) {
	for _, h := range [...]hash.Hash{d.sha256, d.md5, d.sha512} {
		if h != nil {
			h.Write(p)
		}
	}
	d.done += uint64(len(p))
	return len(p), nil
}

// Sum returns the digest of one algorithm so far; nil when d does not have it.
func (d *Digest) Sum(of Algorithms) []byte {
	var h hash.Hash
	switch of {
	case MD5:
		h = d.md5
	case SHA256:
		h = d.sha256
	case SHA512:
		h = d.sha512
	}
	if h == nil {
		return nil
	}
	return h.Sum(nil)
}

// Sums returns the digests so far, in lower-case hex by name: "md5", "sha-256", "sha-512".
func (d *Digest) Sums() map[string]string {
	m := map[string]string{}
	for _, a := range [...]struct {
		name string
		of   Algorithms
	}{{"md5", MD5}, {"sha-256", SHA256}, {"sha-512", SHA512}} {
		if sum := d.Sum(a.of); sum != nil {
			m[a.name] = hex.EncodeToString(sum)
		}
	}
	return m
}

// Extend hashes the bytes of object from Done to end. It holds cpu, which may be nil, while it hashes.
func (d *Digest) Extend(cpu sync.Locker, object io.ReaderAt, end uint64) error {
	if d.isEmpty() {
		d.done = max(d.done, end)
		return nil
	}
	if d.done >= end {
		return nil
	}
	buf := steps.get()
	defer steps.put(buf)
	for d.done < end {
		p := buf[:min(uint64(len(buf)), end-d.done)]
		n, err := object.ReadAt(p, int64(d.done))
		d.compute(cpu, p[:n])
		if n < len(p) {
			if err == nil || err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			return err
		}
	}
	return nil
}

func (d *Digest) compute(cpu sync.Locker, p []byte) {
	lock(cpu)
	defer unlock(cpu)
	_, _ = d.Write(p)
}
