//go:build !linux || !(amd64 || arm64)

package udp

// Hear does nothing here: only Linux tells what ICMP says.
func (s *Socket) Hear(func(Report)) error { return nil }

func (s *Socket) heard() bool { return false }

func (*batchReader) reported(error) bool { return false }
