package wire

import "encoding/binary"

// PeekType returns the type of a packet of at least HeaderLen bytes.
func PeekType(b []byte) Type { return Type(b[0] >> typeShift) }

// PeekConnID returns the connection_id of a packet of at least HeaderLen bytes.
func PeekConnID(b []byte) ConnID { return ConnID(binary.BigEndian.Uint16(b[offsetConnID:])) }
