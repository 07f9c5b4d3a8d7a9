package config

import (
	"time"

	"github.com/flute-node/flute-node/internal/settings"
)

// Config is what a daemon does. It is not changed after Load.
type Config struct {
	Node    Node      `yaml:"node" help:"The node as a whole."`
	Receive []Receive `yaml:"receive" help:"What is received."`
	Send    []Send    `yaml:"send" help:"What is sent."`
	Sinks   []Sink    `yaml:"sinks" help:"What received files are handed on to."`
	Fleet   Fleet     `yaml:"fleet" help:"Where this node tells what it has, and where leases of sessions are. Takes effect with the next start."`
	UTP     []UTP     `yaml:"utp" help:"uTP sockets (BEP 29) that take files of utp send."`

	// Files are the files that the configuration was read from.
	Files []string
}

// The defaults of Node.
const (
	DefaultAPI    = "unix:/run/flute-node/api.sock"
	defaultMemory = settings.Bytes(1 << 30)
	defaultLevel  = "info"
	defaultFormat = "json"
	defaultEvents = 4096
)

// Node says what concerns all of the node. Of it rate and log_level take effect with a reload, all else with the
// next start.
type Node struct {
	Memory settings.Bytes   `yaml:"memory" help:"Memory for what is being received and for datagrams that wait. Default: 1GiB."`
	Rate   settings.BitRate `yaml:"rate" help:"Bits per second that all sendings together may send. Default: without a bound."`

	LogLevel  string `yaml:"log_level" enum:"debug,info,warn,error" help:"What is logged. Default: info."`
	LogFormat string `yaml:"log_format" enum:"json,text" help:"Form of the log. Default: json."`

	API        string `yaml:"api" help:"Where the HTTP API listens: unix:PATH, tcp:ADDRESS:PORT (with api_token_file), tls:ADDRESS:PORT (with api_cert_file, api_key_file, and api_client_ca_file or api_token_file or both), or off. Default: unix:/run/flute-node/api.sock."`
	TokenFile  string `yaml:"api_token_file" help:"File with the token that clients of the API send, of 16 to 1024 characters. Nobody but the user may read it."`
	CertFile   string `yaml:"api_cert_file" help:"Certificate of the API, in PEM, with those that lead to its authority."`
	KeyFile    string `yaml:"api_key_file" help:"Its private key, in PEM. Nobody but the user may read it."`
	ClientCA   string `yaml:"api_client_ca_file" help:"Certificates of authorities, in PEM: clients of the API need a certificate of one of them (mutual TLS)."`
	Metrics    string `yaml:"metrics" help:"ADDRESS:PORT where /metrics, /livez and /readyz are served without a token. Default: on the API only."`
	Traces     string `yaml:"traces" help:"Where an OpenTelemetry collector takes spans, OTLP over HTTP: http://HOST:4318. Each received file makes one. Default: nowhere."`
	PProf      bool   `yaml:"pprof" help:"Serve profiles on the API, below /debug/pprof/."`
	Events     int    `yaml:"events" help:"Events that are kept for clients that come back, 16 to 65536. Default: 4096."`
	EventsFile string `yaml:"events_file" help:"File that keeps them over restarts, of no other process, or off. Default: events in the StateDirectory of systemd, if the service has one; else off."`

	Outbox      string         `yaml:"outbox" help:"File that holds received files until their sinks have them. Default: /var/lib/flute-node/outbox.db; it is made if there are sinks."`
	OutboxItems int            `yaml:"outbox_items" help:"Files on their way to sinks at most, each sink counted, 1 to 1000000: what is more is refused, and counted. Default: 100000."`
	OutboxBytes settings.Bytes `yaml:"outbox_bytes" help:"Bytes of their records at most. Default: 256MiB."`

	origin origin
}

func (n *Node) locate(o origin) { n.origin = o }

// Receive is a reception: one address or several, a folder or a program, and the sessions that arrive there.
type Receive struct {
	Name           string              `yaml:"name" help:"Name of the reception in the API, in metrics and in the log: letters, digits, . _ -; each name once."`
	Group          []settings.Endpoint `yaml:"group" help:"Multicast groups or local addresses, with their UDP ports."`
	Feed           []settings.Feed     `yaml:"feed" help:"Further ways on which the same sessions come: GROUP:PORT[,source=HOST][,interface=NAME][,channel=N]."`
	SDP            string              `yaml:"sdp" help:"File with a session description, in place of group, feed, source and tsi."`
	Profile        string              `yaml:"profile" enum:"auto,route,rfc6726,rfc3926,mbms-extended,mbms-download,dvb-mabr,mbs,dvb-nip" help:"What is received: auto (FLUTE in any dialect), a dialect of FLUTE, or route (RFC 9223). Default: auto."`
	STSID          string              `yaml:"s_tsid" help:"File with an S-TSID, for profile route, in place of that which comes with TSI 0."`
	Source         string              `yaml:"source" help:"Sender: source-specific multicast."`
	Interface      string              `yaml:"interface" help:"Interface to receive on: name, index or address."`
	TSI            []uint64            `yaml:"tsi" help:"Transport sessions wanted. Default: all."`
	RSMatrix       string              `yaml:"rs_matrix" enum:"auto,rizzo,rfc5510-8.2.1,backblaze" help:"Variant of Reed-Solomon codes. Default: auto."`
	MaxDatagram    int                 `yaml:"max_datagram" help:"Longest datagram that is received, up to 65536 bytes. Default: 2048."`
	SessionTimeout string              `yaml:"session_timeout" help:"Silence that ends a session: auto, off, or a time. Default: auto."`
	ObjectTimeout  string              `yaml:"object_timeout" help:"The same for a try to receive a file. Default: auto."`
	Expiry         string              `yaml:"expiry" enum:"auto,enforce,ignore" help:"Whose clock says that a description has expired. Default: auto."`
	Digest         string              `yaml:"digest" help:"Digests that are computed besides the strongest announced one: md5, sha-256, sha-512, with commas."`
	Offload        string              `yaml:"offload" enum:"auto,off" help:"Messages of several datagrams from the system. Default: auto."`
	Resume         string              `yaml:"resume" enum:"auto,off" help:"Notes of unfinished files, with which the next process goes on. Default: auto."`
	Once           string              `yaml:"once" enum:"auto,off" help:"Files that are there unchanged are not received again. Default: auto."`
	Layout         string              `yaml:"layout" help:"Folders below dir: flat, source, session, or a template such as {date}/{source}/{path}. Default: flat."`
	Selection
	Publication
	Exec
	Sinks []string `yaml:"sinks" help:"Sinks that each file is handed on to once it is published."`
	Dir   string   `yaml:"dir" help:"Folder for the files; it is made if it does not exist. It may be missing with exec."`

	origin      origin
	description string // the text of SDP
	signalling  []byte // what is in STSID
}

func (r *Receive) locate(o origin) { r.origin = o }

// Selection says which files are received.
type Selection struct {
	Only      []string       `yaml:"only" help:"Receive only files whose name one of the patterns matches: *.txt, news/**."`
	Except    []string       `yaml:"except" help:"Do not receive files that one of the patterns matches."`
	TOI       []uint64       `yaml:"toi" help:"Receive only objects with these TOIs."`
	FileGroup []string       `yaml:"file_group" help:"Receive only files of one of these groups (3GPP)."`
	Type      []string       `yaml:"type" help:"Receive only files of these media types: text/*."`
	MinSize   settings.Bytes `yaml:"min_size" help:"Do not receive smaller files."`
	MaxSize   settings.Bytes `yaml:"max_size" help:"Do not receive larger files."`
	MaxAge    time.Duration  `yaml:"max_age" help:"Give a file up that is not whole so long after its first packet or its description."`
	Again     string         `yaml:"again" enum:"updated,never,always" help:"What is received again. Default: updated."`
}

// Publication says how received files get into their folder.
type Publication struct {
	Existing    string         `yaml:"existing" enum:"replace,keep,version,refuse" help:"A file that has the name of one that came. Default: replace."`
	Mode        string         `yaml:"mode" help:"Permissions of files, in octal, such as 0640. Default: 0666 less the umask."`
	DirMode     string         `yaml:"dir_mode" help:"Permissions of new folders, in octal. Default: 0777 less the umask."`
	Owner       string         `yaml:"owner" help:"Owner of files and new folders: USER[:GROUP], by name or number."`
	MTime       string         `yaml:"mtime" enum:"written,published" help:"Time of change of a file. Default: written."`
	MaxFiles    int            `yaml:"max_files" help:"Files that dir may hold."`
	MaxBytes    settings.Bytes `yaml:"max_bytes" help:"Bytes that dir may hold, with what is being received."`
	MinFree     settings.Bytes `yaml:"min_free" help:"Bytes of the disk that stay free."`
	Allocate    string         `yaml:"allocate" enum:"sparse,full" help:"Room on the disk for a file that is being received. Default: sparse."`
	Stage       string         `yaml:"stage" help:"Folder in which files are received until they are whole. Default: one in dir."`
	ResumeAge   time.Duration  `yaml:"resume_age" help:"Unfinished files of earlier processes are kept for this time. Default: 168h."`
	ResumeQuota settings.Bytes `yaml:"resume_quota" help:"Bytes of the disk for unfinished files of earlier processes."`
}

// Exec is a program that takes each file.
type Exec struct {
	Exec        string        `yaml:"exec" help:"Command to run for each file that is whole and verified, without a shell; {path}, {name}, {location}, {type}, {size}, {tsi}, {toi}, {source}, {group} are replaced."`
	Shell       bool          `yaml:"shell" help:"Have /bin/sh run the command of exec, which finds all in its environment. Write $${FLUTE_PATH} for ${FLUTE_PATH}."`
	ExecTimeout time.Duration `yaml:"exec_timeout" help:"End a command that takes longer for a file. Default: 10m."`
	ExecJobs    int           `yaml:"exec_jobs" help:"Commands that run at the same time, 1 to 32. Default: 4."`
}
