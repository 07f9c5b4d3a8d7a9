package wire

// Seq is a sequence number. It counts packets modulo 2^16; two of them are compared along the shorter way around.
type Seq uint16

// Less reports whether s comes before t.
func (s Seq) Less(t Seq) bool { return s.Sub(t) < 0 }

// Sub returns how many packets s is after t: from -32768 to 32767.
func (s Seq) Sub(t Seq) int { return int(int16(s - t)) }
