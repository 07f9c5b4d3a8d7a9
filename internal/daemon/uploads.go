package daemon

import (
	"cmp"
	"context"
	"log/slog"
	"net"
	"os"
	"sync"
	"time"

	"github.com/flute-node/flute-node/internal/config"
	"github.com/flute-node/flute-node/internal/streamfiles"
	"github.com/flute-node/flute-node/utp"
	"github.com/flute-node/flute-node/utp/connection"
)

const (
	defaultPeers  = 16
	defaultLinger = 30 * time.Second
	// peerSilence is how long a peer may say nothing before its place is given to another.
	peerSilence = 5 * time.Minute
	// streamBuffer is what a connection holds of either direction.
	streamBuffer = 4 << 20
)

// upload is the end of a file that a peer has sent by uTP.
type upload struct {
	Unit  string `json:"unit"`
	Peer  string `json:"peer"`
	Name  string `json:"name"`
	Size  int64  `json:"size"`
	From  int64  `json:"from,omitempty"` // bytes that were there
	Error string `json:"error,omitempty"`
}

// EventName implements [notice.Event].
func (u upload) EventName() string {
	if u.Error != "" {
		return "file_failed"
	}
	return "file_completed"
}

// take runs a uTP socket until ctx ends.
func (d *Daemon) take(ctx context.Context, u *unit, section *config.UTP) error {
	local, err := section.Local()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(section.Dir, 0o777); err != nil {
		return err
	}
	root, err := os.OpenRoot(section.Dir)
	if err != nil {
		return err
	}
	defer root.Close() //nolint:errcheck // nothing was written to it
	linger := cmp.Or(section.Timeout, defaultLinger)
	conn := connection.Config{
		LossTolerant: section.LossTolerant, Target: section.Target, Linger: linger,
		SendBuffer: streamBuffer, ReceiveBuffer: streamBuffer,
	}
	switch section.Congestion {
	case "ledbat++":
		conn.Congestion = connection.LEDBATPlusPlus
	case "cubic":
		conn.Congestion = connection.Cubic
	}
	peers := cmp.Or(section.Peers, defaultPeers)
	socket, err := d.node.UTP().Open(utp.SocketConfig{Local: local, Conn: conn, MaxConns: 2 * peers, Backlog: peers})
	if err != nil {
		return err
	}
	defer socket.Close() //nolint:errcheck // what its connections have to tell they have told
	listener, err := socket.Listen()
	if err != nil {
		return err
	}
	u.attach(nil, nil)
	d.log.Info("taking files by uTP", "unit", u.name, "listen", listener.Addr().String(), "dir", section.Dir)
	stop := context.AfterFunc(ctx, func() { _ = listener.Close() })
	defer stop()
	var serving sync.WaitGroup
	defer serving.Wait()
	places := make(chan struct{}, peers)
	for {
		select {
		case places <- struct{}{}:
		case <-ctx.Done():
			return nil
		}
		c, err := listener.AcceptUTP()
		if err != nil {
			return err // of no interest once ctx has ended
		}
		serving.Go(func() {
			defer func() { <-places }()
			d.serve(ctx, u, c, root)
		})
	}
}

// serve takes the files of one peer.
func (d *Daemon) serve(ctx context.Context, u *unit, c *utp.Conn, root *os.Root) {
	stop := context.AfterFunc(ctx, func() {
		c.SetLinger(0)
		_ = c.Close()
	})
	defer stop()
	peer := c.RemoteAddr().String()
	files, err := streamfiles.Receive(&alive{Conn: c}, root, streamfiles.Progress{
		Ended: func(name string, size, from int64, err error) {
			e := upload{Unit: u.name, Peer: peer, Name: name, Size: size, From: from}
			if err != nil {
				e.Error = err.Error()
			}
			d.journal.add(e)
		},
	})
	if closed := c.Close(); err == nil {
		err = closed
	}
	if err != nil && ctx.Err() == nil {
		d.events.say(slog.LevelWarn, "peer "+u.name, "peer", "unit", u.name, "peer", peer, "files", files,
			"error", err.Error())
	}
}

// alive is a connection whose peer must say something from time to time.
type alive struct{ net.Conn }

func (a *alive) Read(b []byte) (int, error) {
	if err := a.SetReadDeadline(time.Now().Add(peerSilence)); err != nil {
		return 0, err
	}
	return a.Conn.Read(b)
}
