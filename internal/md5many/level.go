package md5many

// level is an implementation.
type level uint8

const (
	portable level = iota // crypto/md5, one content after the other
	avx2
	avx512
)

// width returns how many contents the level takes at a time.
func (l level) width() int {
	switch l {
	case avx512:
		return most
	case avx2:
		return most / 2
	default:
		return 1
	}
}

// least returns for how many contents the level is faster than crypto/md5.
func (l level) least() int {
	if l == portable {
		return most + 1
	}
	return 3
}

// active is the level in use: the fastest of this processor.
var active = levels()[len(levels())-1]

// Width returns how many contents are computed at a time; 1: this processor has nothing for it.
func Width() int { return active.width() }
