package sender

import "github.com/flute-node/flute-node/flute"

// Find returns the TOI of the newest object with this Content-Location that is described or will be, and whether there
// is one.
func (s *Session) Find(location string) (flute.TOI, bool) {
	o := s.names.locations[location]
	if o == nil {
		return flute.TOI{}, false
	}
	return o.toi, true
}
