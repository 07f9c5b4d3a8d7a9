package api

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/node"
)

// maxAlarms bounds the alarms of an Overview; the count beside them is not.
const maxAlarms = 100

// The levels of an Alarm.
const (
	LevelError   = "error"
	LevelWarning = "warning"
)

// When there is an alarm. deploy/alerts.yaml has these for Prometheus.
const (
	alarmSilence  = 5 * time.Minute
	alarmLoss     = 0.05
	alarmMargin   = 0.02
	alarmBlocks   = 10 // as many source blocks make a margin
	alarmFDTAge   = 10 * time.Minute
	alarmClock    = time.Minute
	alarmRecently = 15 * time.Minute // files that fail, actors that crash
	alarmMemory   = 0.9              // of the budget
	alarmLacking  = time.Hour        // that a file lacks
	alarmSink     = time.Hour        // that a file waits for a sink
)

// Alarm is what somebody should look at. docs/operations.md says what to do about each Kind.
type Alarm struct {
	Level   string    `json:"level"` // error or warning
	Kind    string    `json:"kind"`  // no_packets, loss_high, …
	Unit    string    `json:"unit,omitempty"`
	Session string    `json:"session,omitempty"` // ID of the row
	Sink    string    `json:"sink,omitempty"`
	Text    string    `json:"text"`
	Since   time.Time `json:"since,omitzero"`
}

// daemonAlarms are those of the daemon and its units.
func daemonAlarms(st *State, now time.Time) (list []Alarm) {
	if !st.Config.OK {
		list = append(list, Alarm{
			Level: LevelError, Kind: "reload_failed",
			Text: "the latest reload has changed nothing: " + strings.ReplaceAll(st.Config.Error, "\n", "; "),
		})
	}
	if s := st.Snapshot; s.Budget > 0 && float64(s.Used) > alarmMemory*float64(s.Budget) {
		list = append(list, Alarm{
			Level: LevelWarning, Kind: "memory_high",
			Text: fmt.Sprintf("%.0f %% of the memory for objects is used", 100*float64(s.Used)/float64(s.Budget)),
		})
	}
	for _, u := range st.Units {
		if u.Phase == "waiting" || u.Phase == "standby" && u.Error != "" {
			list = append(list, Alarm{
				Level: LevelError, Kind: "unit_down", Unit: u.Name, Since: u.Since, Text: "does not run: " + u.Error,
			})
		}
		list = append(list, fileAlarms(&u, now)...)
	}
	for _, r := range st.Restarts {
		if now.Sub(r.At) < alarmRecently {
			list = append(list, Alarm{
				Level: LevelWarning, Kind: "actor_restarted", Since: r.At,
				Text: fmt.Sprintf("%s crashed, %d times so far; %s: %s", r.Actor, r.Count, r.Outcome, r.Reason),
			})
		}
	}
	return append(list, sinkAlarms(st.Sinks.Sinks, now)...)
}

// fileAlarms are those of the files of a unit.
func fileAlarms(u *Unit, now time.Time) (list []Alarm) {
	add := func(level, kind, text string, since time.Time) {
		list = append(list, Alarm{Level: level, Kind: kind, Unit: u.Name, Text: text, Since: since})
	}
	if now.Sub(u.LastStoreFailed) < alarmRecently {
		add(LevelError, "store_fails", "the folder does not take files: "+u.StoreError, u.LastStoreFailed)
	}
	if now.Sub(u.LastFailed) < alarmRecently {
		add(LevelError, "files_fail", fmt.Sprintf("a file failed for good, %d since the start", u.Failed), u.LastFailed)
	}
	if u.Lacking > 0 && now.Sub(u.LackingSince) > alarmLacking {
		atLeast := ""
		if u.LackingMore {
			atLeast = "at least "
		}
		text := fmt.Sprintf("%s%d files have failed and have not come since", atLeast, u.Lacking)
		add(LevelWarning, "files_lack", text, u.LackingSince)
	}
	return list
}

// sinkAlarms are those of the sinks.
func sinkAlarms(sinks []Sink, now time.Time) (list []Alarm) {
	for _, s := range sinks {
		if !s.Oldest.IsZero() && now.Sub(s.Oldest) > alarmSink {
			list = append(list, Alarm{
				Level: LevelWarning, Kind: "sink_behind", Sink: s.Name, Since: s.Oldest,
				Text: fmt.Sprintf("%d files wait for sink %s: %s", s.Waiting, s.Name, cmp.Or(s.Error, "it is slow")),
			})
		}
		if s.Dead > 0 {
			list = append(list, Alarm{
				Level: LevelWarning, Kind: "sink_dead_letters", Sink: s.Name,
				Text: fmt.Sprintf("sink %s has not taken %d files", s.Name, s.Dead),
			})
		}
	}
	return list
}

// sessionAlarms are those of a session.
func sessionAlarms(r *Row, s *node.SessionState, now time.Time) (list []Alarm) {
	add := func(level, kind, text string, since time.Time) {
		list = append(list, Alarm{Level: level, Kind: kind, Unit: r.Unit, Session: r.ID, Text: text, Since: since})
	}
	if s.Silent {
		add(LevelError, "stuck", "the session does not answer", time.Time{})
		return list
	}
	a := s.Account
	if a == nil {
		return nil
	}
	if age := now.Sub(s.LastPacket); !s.LastPacket.IsZero() && age > alarmSilence {
		add(LevelError, "no_packets", "nothing comes any more", s.LastPacket)
		return list // what follows is of long ago
	}
	if r.LatestLoss != nil && *r.LatestLoss > alarmLoss {
		add(LevelWarning, "loss_high", fmt.Sprintf("%.1f %% of the packets are lost", 100**r.LatestLoss), time.Time{})
	}
	list = append(list, qualityAlarms(r, a)...)
	return list
}

// qualityAlarms tell of FEC, descriptions and clocks.
func qualityAlarms(r *Row, a *event.Account) (list []Alarm) {
	add := func(kind, text string) {
		list = append(list, Alarm{Level: LevelWarning, Kind: kind, Unit: r.Unit, Session: r.ID, Text: text})
	}
	if a.MarginBlocks >= alarmBlocks && a.Margin < alarmMargin && a.Lost > 0 {
		add("margin_low", fmt.Sprintf("source blocks hardly decode: %.1f %% to spare", 100*a.Margin))
	}
	if a.FDTAge > alarmFDTAge {
		add("fdt_stale", fmt.Sprintf("no FDT Instance for %v", a.FDTAge.Round(time.Second)))
	}
	if a.ClockOffset.Abs() > alarmClock {
		add("clock_skew", fmt.Sprintf("the sender's clock differs by %v", a.ClockOffset.Round(time.Second)))
	}
	return list
}
