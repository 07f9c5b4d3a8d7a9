package browser

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/sender"
	"github.com/flute-node/flute-node/internal/api"
	"github.com/flute-node/flute-node/internal/tlsfiles"
	"github.com/flute-node/flute-node/node"
)

// fake is a daemon of so many sessions, half of which send, whose counts change with each State.
type fake struct {
	api.Backend // what the page does not ask for
	sessions    int
	name        string         // of each file
	tls         tlsfiles.Files // clients show certificates, and no token; empty: the other way round

	mu   sync.Mutex
	turn uint64
	told []api.Entry
}

func (f *fake) State(context.Context) (*api.State, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.turn++
	now := time.Now()
	st := &api.State{
		Version: "v1", Started: now.Add(-time.Hour), LogLevel: "info", Sinks: f.Sinks(),
		Config: api.ConfigState{Files: []string{"/x"}, OK: true},
		Units: []api.Unit{
			{Kind: "receive", Name: "down", Phase: "waiting", Since: now, Error: f.name},
			{Kind: "send", Name: "unit-0001", Phase: "running", Since: now, Paused: true},
		},
		Restarts: []api.Restart{{Actor: "node/hub", Count: 2, At: now, Outcome: "restarted", Reason: f.name}},
		Snapshot: &node.Snapshot{
			Time: now, Actors: []string{"node", "node/hub", "node/transfers/" + f.name}, ActorCount: 3,
			SessionCount: f.sessions, Budget: 1 << 30, Used: f.turn << 20,
		},
	}
	for i := range f.sessions {
		s := node.SessionState{Session: flute.SessionKey{
			Source: netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}),
			Group:  netip.MustParseAddrPort("239.1.1.1:3400"), TSI: flute.TSI(i),
		}, ObjectCount: 2}
		o := event.ObjectState{ContentLocation: f.name, TransferLength: 1 << 20, Done: f.turn << 10}
		if i%2 == 0 {
			s.Reception, s.Received, s.ReceivedRate = 1, &flute.Counters{Received: f.turn * 100}, f.turn*1000
			s.LastPacket = now
			s.Account = &event.Account{
				Due: 100, Loss: .01, LatestLoss: float64(f.turn%10) / 100, MarginBlocks: 20, Margin: .1,
			}
			o.Phase, o.Blocks, o.Lacking, o.Missing = "receiving", 4, 3, [][2]uint64{{f.turn << 10, 1 << 20}}
		} else {
			s.Sent, s.SentRate = &sender.Stats{Packets: f.turn * 100}, f.turn*1000
			o.Phase, o.Resumes = "waiting", now.Add(time.Minute)
		}
		for toi := range uint64(2) {
			o.TOI = flute.NewTOI(toi + 1)
			if toi == 1 {
				o.Resumes = time.Time{} // nothing is known of its next turn
			}
			s.Objects = append(s.Objects, o)
		}
		st.Snapshot.Sessions = append(st.Snapshot.Sessions, s)
		st.UnitOf = append(st.UnitOf, fmt.Sprintf("unit-%04d", i))
	}
	return st, nil
}

func (*fake) Object(_ context.Context, st *api.State, unit string, toi flute.TOI) (list []api.Object, err error) {
	for i, name := range st.UnitOf {
		for _, o := range st.Snapshot.Sessions[i].Objects {
			if name == unit && o.TOI == toi {
				list = append(list, api.Object{Unit: unit, Session: st.Snapshot.Sessions[i].Session, ObjectState: o})
			}
		}
	}
	if len(list) == 0 {
		return nil, api.ErrNoObject
	}
	return list, nil
}

// letters is how many dead letters the fake has.
const letters = 120

func (f *fake) Sinks() api.Sinks {
	now := time.Now()
	return api.Sinks{
		Sinks: []api.Sink{
			{
				Name: "hook", Kind: "webhook", Waiting: 3, Dead: letters, Failures: 4, Error: f.name,
				Oldest: now.Add(-2 * time.Hour), Next: now.Add(time.Minute), Delivered: 7, Refused: 1,
			},
			{Name: "queue", Kind: "nats", Delivered: 9, LastDelivered: now},
		},
		Outbox: api.Outbox{Path: "/var/x", Items: letters + 3, MaxItems: 1000, Bytes: 1 << 20, MaxBytes: 1 << 28},
	}
}

func (f *fake) DeadLetters(sink, after string, most int) (list []api.DeadLetter, next string, err error) {
	if sink != "hook" {
		return nil, "", api.ErrNoSink
	}
	from, _ := strconv.Atoi(after)
	for i := from; i < min(letters, from+most); i++ {
		list = append(list, api.DeadLetter{
			Key: fmt.Sprintf("key-%03d", i), Unit: "in", ContentLocation: f.name, Path: f.name, Size: 5,
			Since: time.Now().Add(-time.Hour), Tries: 9, Error: f.name,
		})
	}
	if from+most < letters {
		next = strconv.Itoa(from + most)
	}
	return list, next, nil
}

func (*fake) Epoch() string { return "e" }

func (*fake) Resume(epoch string, id uint64) (uint64, bool) { return id, epoch == "e" }

func (f *fake) Last() uint64 { return uint64(len(f.told)) }
func (f *fake) After(id uint64, most int) (list []api.Entry, gone uint64, changed <-chan struct{}) {
	for _, e := range f.told {
		if e.ID > id && len(list) < most {
			list = append(list, e)
		}
	}
	return list, 0, make(chan struct{})
}

// tell adds an event.
func (f *fake) tell(name string, fields map[string]any) {
	fields["event"], fields["time"] = name, time.Now()
	text, _ := json.Marshal(fields)
	f.told = append(f.told, api.Entry{ID: uint64(len(f.told) + 1), Name: name, JSON: text})
}

const token = "a-token-of-a-test"

// serve starts the API of a fake daemon until the test ends, and returns where.
func (f *fake) serve(t *testing.T) string {
	t.Helper()
	at, end := f.start(t)
	t.Cleanup(end)
	return at
}

// start is serve until end is called.
func (f *fake) start(t *testing.T) (at string, end func()) {
	t.Helper()
	at = fmt.Sprintf("127.0.0.1:%d", freePort(t))
	cfg := api.Config{
		Backend: f, Journal: f, Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Listen: "tcp:" + at, Token: token,
		Collect: http.NotFoundHandler(),
	}
	where := "http://" + at
	if f.tls.Cert != "" {
		cfg.Listen, cfg.Token, cfg.TLS, where = "tls:"+at, "", f.tls, "https://"+at
	}
	s, err := api.Listen(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return where, func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		_ = s.Close(ctx)
	}
}
