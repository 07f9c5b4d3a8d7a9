package fdt

import "github.com/flute-node/flute-node/fec"

// AttributesOf returns the FEC-OTI attributes that describe o.
func AttributesOf(o fec.OTI) OTIAttributes { return OTIAttributes{} }

// AppendXML appends the document in the dialect of p to b.
func (i *Instance) AppendXML(b []byte, p Profile) ([]byte, error) { return b, ErrNotWritable }
