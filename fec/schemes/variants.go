package schemes

import "github.com/flute-node/flute-node/fec"

// The codes of Reed-Solomon that have one wire format: values of Config.Variant and File.Variant. None understands
// another.
const (
	Rizzo     fec.Variant = "rizzo"         // L. Rizzo's codec, which RFC 5510 names; all current peers
	RFC5510   fec.Variant = "rfc5510-8.2.1" // the formula printed in RFC 5510, section 8.2.1
	Backblaze fec.Variant = "backblaze"     // flute-rs up to 1.11.0
)
