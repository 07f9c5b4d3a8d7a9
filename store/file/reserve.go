package file

import (
	"math"
	"os"
)

const (
	// reserveAhead is how many bytes behind the last one are reserved at least, while a file comes in order.
	reserveAhead = 16 << 20
	// reserveBytes is how many are reserved at a time, at most. No more are than there are already.
	reserveBytes = 64 << 20
	// leastFree is how much of the disk has to be free: what all calls that are under way may reserve.
	leastFree = calls * reserveBytes
	// restBytes is what a file may take beyond its size and not be worth a call: less than a block, and where its parts
	// lie.
	restBytes = 64 << 10
)

// reserved is what the disk was asked to reserve of an object while it comes. Where ext4 knows the place of the bytes
// before they are written, a write takes a quarter less of a processor.
type reserved struct {
	bytes int64 // written so far
	end   int64 // of what is reserved; math.MaxInt64: no more is
}

// next returns what to reserve before bytes up to end are written; n is 0: nothing. All of it together is less than
// twice what was written and 80 MiB, whatever a header claims, and nothing beyond size.
func (r *reserved) next(end, size int64) (off, n int64) {
	if end < behindBytes || end+reserveAhead <= r.end || r.bytes < end/2 {
		return 0, 0
	}
	off = max(r.end, end)
	n = min(size-off, reserveBytes, end)
	if n <= 0 {
		return 0, 0
	}
	r.end = off + n
	return off, n
}

// reserve has the disk reserve the place behind what is going to be written: n bytes up to end. If it cannot, nothing
// more is reserved for the object.
func (o *object) reserve(f *os.File, end, n int64) {
	s := o.store
	if s.allocate == nil || !o.ground.stage.reserves {
		return
	}
	o.growing.Lock()
	off, length := o.reserved.next(end, o.size)
	o.reserved.bytes += n
	o.growing.Unlock()
	if length == 0 {
		return
	}
	s.gate.enter()
	err := s.allocate(f, off, length)
	s.gate.leave()
	if err == nil {
		return
	}
	o.growing.Lock()
	o.reserved.end = math.MaxInt64
	o.growing.Unlock()
}

// trim gives back what was reserved beyond the end of a file that is shorter than was claimed. It is for the caller
// that made o busy.
func (o *object) trim() error {
	o.growing.Lock()
	end := o.reserved.end
	o.growing.Unlock()
	if end == 0 {
		return nil
	}
	info, err := o.file.Stat()
	if err != nil || end <= info.Size() || allocated(info) <= uint64(info.Size())+restBytes {
		return err
	}
	return o.file.Truncate(info.Size())
}
