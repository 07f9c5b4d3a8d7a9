package receiver

import (
	"crypto/md5"
	"crypto/sha256"
	"crypto/sha512"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute/sender"
)

func md5Of(b []byte) []byte    { s := md5.Sum(b); return s[:] }
func sha256Of(b []byte) []byte { s := sha256.Sum256(b); return s[:] }
func sha512Of(b []byte) []byte { s := sha512.Sum512(b); return s[:] }

// testSender is a sending session with small symbols.
func testSender() sender.Config {
	return sender.Config{OTI: fec.OTI{SymbolLength: 100, MaxSourceBlockLength: 8}, FDTOTI: fec.OTI{SymbolLength: 1400}}
}
