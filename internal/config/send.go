package config

import (
	"time"

	"github.com/flute-node/flute-node/internal/settings"
)

// Send is a sending session, with what it sends.
type Send struct {
	Name      string            `yaml:"name" help:"Name of the session in the API, in metrics and in the log: letters, digits, . _ -; each name once."`
	To        settings.Endpoint `yaml:"to" help:"Multicast group or unicast address, and UDP port."`
	Interface string            `yaml:"interface" help:"Interface to send on: name, index or address."`
	TTL       int               `yaml:"ttl" help:"Time to live of multicast datagrams. Default: 1."`
	TSI       *uint64           `yaml:"tsi" help:"Transport Session Identifier. Default: 1."`
	Trace     bool              `yaml:"trace" help:"With node.traces: put the context of a span into the FDT entry of each file (X-Optel-Propagator), so that spans of receivers belong to its trace."`
	Offload   string            `yaml:"offload" enum:"auto,off" help:"Messages of up to 64 KiB to the system. Default: auto."`
	Lease     string            `yaml:"lease" help:"Send while this node holds the lease of this name in the fleet: another node with the same section takes over when it dies. Needs fleet and tsi."`
	Profile   string            `yaml:"profile" enum:"rfc6726,rfc3926,mbms-extended,mbms-download,dvb-mabr,mbs,dvb-nip" help:"Dialect of FLUTE. Default: rfc6726."`
	Files
	Watch
	Object
	Turns
	FEC
	Pace
	Announce

	origin origin
	listed string // the text of List
}

func (s *Send) locate(o origin) { s.origin = o }

// Files are the files that are sent from the start.
type Files struct {
	Paths []string `yaml:"paths" help:"Files, and folders with all that is in them, sent when the session begins."`
	List  string   `yaml:"list" help:"File with one line of JSON for each file that is sent: path, and what the file has of its own."`
	Links string   `yaml:"links" enum:"skip,follow,error" help:"Symbolic links below a path. Default: skip."`
	Names string   `yaml:"names" enum:"base,path" help:"How files are named: the last element of the path, or the whole of it. Default: base."`
}

// Watch is a folder whose files are sent when they are whole, and again when they change.
type Watch struct {
	Watch      string        `yaml:"watch" help:"Send the files of this folder when they are whole, again when they change, and no longer when they are removed."`
	WatchState string        `yaml:"watch_state" help:"File that remembers what was sent. Not for files that are sent for ever."`
	Settle     time.Duration `yaml:"settle" help:"A file is whole when it has not changed for so long, or when it is renamed. Default: 1s."`
	Include    []string      `yaml:"include" help:"Files of watch: those whose name matches."`
	Exclude    []string      `yaml:"exclude" help:"Files of watch: not those whose name matches."`
}

// Object says how each file is sent.
type Object struct {
	CENC         string `yaml:"cenc" enum:"null,zlib,deflate,gzip,auto" help:"Content encoding of the files. Default: null."`
	Digest       string `yaml:"digest" help:"Digests that are announced: auto, none, or a list of md5, sha-256, later. Default: auto."`
	ETag         string `yaml:"etag" help:"Entity tag of the files; auto: made of the digest."`
	CacheControl string `yaml:"cache_control" help:"How long receivers may keep the files: no-cache, max-stale, max-age=1h, expires=TIME."`
}

// Turns says when files are sent, how often, and which go first.
type Turns struct {
	Repeat         settings.Transfers  `yaml:"repeat" help:"Transfers of each file: a number or forever. Default: 1, or forever with carousel or until."`
	Delay          time.Duration       `yaml:"delay" help:"Time between two transfers of a file."`
	Carousel       settings.Carousel   `yaml:"carousel" help:"Send the files again and again: interval=10s or delay=10s, and with a comma burst=N."`
	Until          settings.Moment     `yaml:"until" help:"No transfer begins then or later: 20:15, 2026-11-28T20:15:00Z, or +1h from the start of the session."`
	StartAt        settings.Moment     `yaml:"start_at" help:"No transfer begins before."`
	Priority       []settings.Priority `yaml:"priority" help:"[PATTERN=]N: files whose name matches have this priority; a lower one is sent first."`
	Parallel       int                 `yaml:"parallel" help:"Files of one priority sent at once. Default: 3."`
	Queue          map[int8]int        `yaml:"queue" help:"For a priority, files sent at once, in place of parallel."`
	Interleave     int                 `yaml:"interleave" help:"Source blocks of a file sent at once. Default: 1."`
	Order          string              `yaml:"order" enum:"in-order,random-start,spread" help:"Order of the source blocks of a file. Default: in-order."`
	Cache          *settings.Bytes     `yaml:"cache" help:"Memory for source blocks that are sent again. Default: 16MiB."`
	TransferEvents bool                `yaml:"transfer_events" help:"An event for the start and the end of each transfer."`
}

// FEC chooses the FEC of the files.
type FEC struct {
	Scheme    string            `yaml:"fec" help:"FEC scheme: auto, no-code, rs, rs129, rs2, rs16, raptor, raptorq, ldpc, ldpc-triangle. Default: auto."`
	RSMatrix  string            `yaml:"rs_matrix" enum:"rizzo,rfc5510-8.2.1,backblaze" help:"Variant of Reed-Solomon codes. Default: rizzo."`
	FieldBits uint8             `yaml:"field_bits" help:"rs2: m, 2 to 16. Default: 8."`
	Symbol    uint16            `yaml:"symbol" help:"Symbol length in bytes. Default: 1400, divided by group."`
	Block     uint32            `yaml:"block" help:"Source symbols of a source block at most."`
	Repair    *settings.Percent `yaml:"repair" help:"Repair symbols, in percent of the source symbols. Default: 20%, with auto 10%."`
	MaxRepair *settings.Percent `yaml:"max_repair" help:"rs, rs129, rs2, rs16: repair symbols of the code; each transfer has the next of them."`
	SubBlocks uint16            `yaml:"sub_blocks" help:"raptor, raptorq: sub-blocks of a source block."`
	Alignment uint8             `yaml:"alignment" help:"raptor, raptorq: symbols and sub-symbols are multiples of so many bytes. Default: 4."`
	N1        uint8             `yaml:"ldpc_n1" help:"ldpc: equations of each source symbol, 3 to 10. Default: 7."`
	LDPCSeed  uint32            `yaml:"ldpc_seed" help:"ldpc: seed of the code, 1 to 2147483646. Default: 1."`
	Group     uint8             `yaml:"group" help:"rs2, rs16, raptor, raptorq, ldpc: symbols in a packet, 1 to 31. Default: 1."`
}

// Pace says how fast the session sends.
type Pace struct {
	Rate     *settings.BitRate `yaml:"rate" help:"Bits per second at most; 0 is as fast as the socket takes them. Default: 100Mbit."`
	Counting string            `yaml:"counting" enum:"payload,ip,ethernet" help:"What of a datagram rate counts. Default: payload."`
	Within   time.Duration     `yaml:"within" help:"Send all files in this time, as slowly as that allows."`
	By       settings.Moment   `yaml:"by" help:"The same, until a time."`
	Constant bool              `yaml:"constant" help:"Send at rate all the time: packets that receivers ignore fill the gaps."`
	WarmUp   time.Duration     `yaml:"warm_up" help:"With constant: how long that goes on before the first packet and after the last one."`
	Weight   int               `yaml:"weight" help:"Part of the node's rate beside other sessions', 1 to 1000000. Default: 1."`
}

// Announce is about the FDT, the headers of packets, and what outlives the session.
type Announce struct {
	FDTMode     string         `yaml:"fdt_mode" enum:"all,transfer,full" help:"Files that the FDT describes. Default: all."`
	FDTInterval time.Duration  `yaml:"fdt_interval" help:"Time between two transmissions of an FDT Instance. Default: 1s."`
	FDTDuration time.Duration  `yaml:"fdt_duration" help:"Time after which an FDT Instance expires. Default: 1h."`
	FDTCENC     string         `yaml:"fdt_cenc" enum:"null,zlib,deflate,gzip" help:"Content encoding of FDT Instances. Default: null."`
	FDTFEC      string         `yaml:"fdt_fec" help:"FEC scheme of FDT Instances. Default: that of the files."`
	FDTGroup    []string       `yaml:"fdt_group" help:"Groups of 3GPP to which all files belong."`
	FDTStartID  uint32         `yaml:"fdt_start_id" help:"First FDT Instance ID. Default: by the clock, or by state."`
	FDTXML      bool           `yaml:"fdt_xml" help:"Put the XML of each FDT Instance into its event."`
	FTI         string         `yaml:"fti" enum:"every,first,fdt" help:"Packets of files with EXT_FTI. Default: every, or what the profile requires."`
	Times       string         `yaml:"times" help:"Times in EXT_TIME: sct, file-sct, ert, slc, with commas, or none. Default: sct, or what the profile has."`
	TOIBits     int            `yaml:"toi_bits" help:"Bits of TOIs at most: 16, 32, 48, 64, 80, 96 or 112. Default: 112, or what the profile requires."`
	FirstTOI    string         `yaml:"first_toi" help:"TOI of the first file: a number, or random. Default: by the clock, or by state."`
	State       string         `yaml:"state" help:"File that keeps FDT Instance ID and TOI for the next start."`
	CloseRepeat *time.Duration `yaml:"close_repeat" help:"Time for which the end of the session is told again and again. Default: 600ms."`
}
