package sender

import "time"

// carousel is when an object is sent again.
type carousel struct {
	delay time.Duration // from the end of a transfer to the start of the next one

	left int // transfers that are still to be sent, the current one included; negative: for ever
	sent int // complete ones
}

// newCarousel returns the carousel of a file.
func newCarousel(cfg *Config, f *File) carousel {
	r := carousel{delay: cfg.Delay, left: cfg.TransferCount}
	if f.TransferCount != 0 {
		r.left = f.TransferCount
	}
	return r
}

// endless reports whether the object is sent until it is removed.
func (r *carousel) endless() bool { return r.left < 0 }

// last reports whether the current transfer is the last one.
func (r *carousel) last() bool { return r.left == 1 }

// end notes that a transfer has ended at t. It returns when the next one begins; ok is false: there is none.
func (r *carousel) end(t time.Time) (next time.Time, ok bool) {
	r.sent++
	if r.left > 0 {
		r.left--
	}
	return t.Add(r.delay), r.left != 0
}
