package api

import (
	"time"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/node"
)

// silence is how long nothing may come of a session that is said to be receiving.
const silence = 10 * time.Second

// The states of a session.
const (
	StateReceiving = "receiving"
	StateSilent    = "silent" // nothing has come for 10 seconds
	StateStuck     = "stuck"  // it does not answer
	StateSending   = "sending"
	StateIdle      = "idle" // it has nothing to send now
	StatePaused    = "paused"
)

// Row is a session in an Overview.
type Row struct {
	ID      string           `json:"id"` // names it as long as the daemon runs
	Unit    string           `json:"unit,omitempty"`
	Session flute.SessionKey `json:"session"`
	Sending bool             `json:"sending,omitempty"`
	State   string           `json:"state"`
	Alarms  int              `json:"alarms,omitempty"`
	Rate    uint64           `json:"rate"`    // bits of UDP payload in the latest second
	Packets uint64           `json:"packets"` // datagrams so far
	Files   int              `json:"files"`   // on their way

	// What follows is of a session that is received. A share that is not known is left out.
	LatestLoss *float64      `json:"loss_latest,omitempty"` // of the latest whole second
	Loss       *float64      `json:"loss,omitempty"`        // since the session began
	Margin     *float64      `json:"margin,omitempty"`      // that FEC has left
	LastPacket time.Time     `json:"last_packet,omitzero"`
	FDTAge     time.Duration `json:"fdt_age_ns,omitempty"`
}

// rowOf returns the row of a session.
func rowOf(unit string, paused bool, s *node.SessionState, now time.Time) Row {
	r := Row{
		ID: rowID(unit, s), Unit: unit, Session: s.Session, Sending: s.Reception == 0, Files: s.ObjectCount,
		LastPacket: s.LastPacket,
	}
	if s.Sent != nil {
		r.Rate, r.Packets = s.SentRate, s.Sent.Packets
	}
	if s.Received != nil {
		r.Rate, r.Packets = s.ReceivedRate, s.Received.Received
	}
	if a := s.Account; a != nil {
		if a.Due > 0 {
			r.LatestLoss, r.Loss = &a.LatestLoss, &a.Loss
		}
		if a.MarginBlocks > 0 {
			r.Margin = &a.Margin
		}
		r.FDTAge = a.FDTAge
	}
	switch {
	case s.Silent:
		r.State = StateStuck
	case r.Sending && paused:
		r.State = StatePaused
	case r.Sending && r.Rate == 0:
		r.State = StateIdle
	case r.Sending:
		r.State = StateSending
	case now.Sub(s.LastPacket) > silence:
		r.State, r.Rate = StateSilent, 0
		r.LatestLoss = nil // of a second long ago
	default:
		r.State = StateReceiving
	}
	return r
}

// rowID names a session.
func rowID(unit string, s *node.SessionState) string {
	way := "in"
	if s.Reception == 0 {
		way = "out"
	}
	return unit + " " + way + " " + s.Session.String()
}

// pausedUnits are the units that were told to pause.
func pausedUnits(st *State) map[string]bool {
	paused := map[string]bool{}
	for _, u := range st.Units {
		paused[u.Name] = u.Paused
	}
	return paused
}
