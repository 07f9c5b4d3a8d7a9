package metrics

import (
	"context"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"github.com/flute-node/flute-node/actors/notice"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/sender"
	"github.com/flute-node/flute-node/internal/drop"
	"github.com/flute-node/flute-node/node"
)

// list are the metrics with their labels. Dashboards and alarms are made of them: a name that is here stays.
const list = `
flute_actor_restarts_total kind
flute_api_event_clients
flute_build_info version
flute_bytes_received_total session
flute_clock_offset_seconds session
flute_config_last_reload_success_timestamp_seconds
flute_config_last_reload_successful
flute_events_missed_total
flute_fdt_age_seconds session
flute_fdt_instances_total result,session
flute_fec_decode_seconds
flute_fec_margin_ratio session
flute_fec_margin_symbols quantile,session
flute_log_lines_lost_total
flute_mailbox_depth kind
flute_memory_budget_bytes scope
flute_memory_used_bytes scope
flute_object_bytes_total session
flute_object_duration_seconds session
flute_object_integrity_failures_total kind,session
flute_object_store_failures_total session
flute_objects_in_progress session
flute_objects_lacking session
flute_objects_lacking_seconds session
flute_objects_total session,state
flute_outbox_bytes
flute_outbox_items
flute_packets_accepted_total session
flute_packets_dropped_total reason,session
flute_packets_duplicate_total session
flute_packets_outside_total reason,session
flute_packets_received_total session
flute_programs_total result,session
flute_quarantined kind
flute_session_last_packet_timestamp_seconds session
flute_session_loss_ratio session,window
flute_session_memory_bytes session
flute_session_up session
flute_sessions session
flute_sessions_silent session
flute_sink_dead_letters sink
flute_sink_duration_seconds sink
flute_sink_events_total result,sink
flute_sink_oldest_seconds sink
flute_sink_outbox_depth sink
flute_sink_refused_total sink
flute_socket_drops_total group,iface
flute_tx_bytes_total session
flute_tx_carousel_turns_total session
flute_tx_late_total session
flute_tx_packets_total session
flute_tx_pacing_error_seconds session
flute_tx_queue_objects session
flute_tx_rate_bits session
flute_unit_failures_total kind,session
flute_unit_up kind,session
flute_utp_files_total result,session
flute_warnings_total`

// agreed are the names that operators of such nodes were promised, by which their tools find them. They are in the
// list, or there is a reason why not.
var agreed = map[string]string{
	"flute_packets_received_total": "", "flute_packets_dropped_total": "", "flute_socket_drops_total": "",
	"flute_bytes_received_total": "", "flute_session_up": "", "flute_session_last_packet_timestamp_seconds": "",
	"flute_session_loss_ratio": "", "flute_fec_margin_symbols": "", "flute_objects_total": "",
	"flute_objects_in_progress": "", "flute_object_duration_seconds": "",
	"flute_object_integrity_failures_total": "", "flute_fdt_instances_total": "", "flute_fdt_age_seconds": "",
	"flute_clock_offset_seconds": "", "flute_sink_events_total": "", "flute_sink_outbox_depth": "",
	"flute_actor_restarts_total": "", "flute_quarantined": "", "flute_memory_budget_bytes": "",
	"flute_memory_used_bytes": "", "flute_tx_packets_total": "", "flute_tx_rate_bits": "",
	"flute_tx_carousel_turns_total": "", "flute_tx_queue_objects": "", "flute_fec_decode_seconds": "",
	"flute_mailbox_depth": "", "flute_tx_pacing_error_seconds": "",

	"flute_rule_violations_total": "inspect judges captures; a receiver counts what it drops, by reason",
	"flute_repair_requests_total": "a daemon asks no server for repair",
	"flute_repair_bytes_total":    "a daemon asks no server for repair",
}

// TestAgreedNames: no promised name is missing without a reason, and no reason outlives what it is for.
func TestAgreedNames(t *testing.T) {
	for name, why := range agreed {
		if has := strings.Contains(list, "\n"+name+" ") || strings.Contains(list, "\n"+name+"\n"); has == (why != "") {
			t.Errorf("%s: there: %v, why not: %q", name, has, why)
		}
	}
}

// world is a Source whose node has what a test says.
type world struct {
	meter    *Meter
	snapshot node.Snapshot
	outside  [drop.NumReasons]uint64
	units    []Unit
}

func newWorld() *world {
	w := &world{
		meter: NewMeter(),
		units: []Unit{{"receive", "in", true, 0}, {"send", "out", true, 1}, {"utp", "up", false, 2}},
	}
	for _, u := range w.units {
		w.meter.Know(u.Name)
	}
	return w
}

// gather returns the value of each metric, as name{values of its labels}; of a histogram its count.
func (w *world) gather(t *testing.T) (values map[string]float64, labels []string) {
	t.Helper()
	registry := prometheus.NewRegistry()
	registry.MustRegister(NewCollector(w.meter, Source{
		Snapshot: func(context.Context) (*node.Snapshot, error) { return &w.snapshot, nil },
		UnitOf: func(s *node.Snapshot) (names []string) {
			for _, one := range s.Sessions {
				if one.Reception == 0 {
					names = append(names, "out")
				} else {
					names = append(names, "in")
				}
			}
			return names
		},
		Outside: func(string) [drop.NumReasons]uint64 { return w.outside },
		Units: func() []Unit {
			if !w.meter.mu.TryLock() { // as Files does, which the daemon calls here
				t.Error("the Meter is locked while the daemon is asked for its units")
				return w.units
			}
			w.meter.mu.Unlock()
			return w.units
		},
		Reload:  func() (bool, time.Time) { return true, time.Unix(5, 0) },
		Clients: func() int { return 3 }, LogLost: func() uint64 { return 5 },
		Sinks: func() ([]Sink, int, int64) {
			return []Sink{{"hook", map[string]uint64{"delivered": 4, "retried": 2}, 1, 5, 6, time.Minute}}, 11, 7000
		},
		Version: "v1",
	}))
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	values = map[string]float64{}
	for _, f := range families {
		for i, m := range f.GetMetric() {
			var names, of []string
			for _, l := range m.GetLabel() {
				names, of = append(names, l.GetName()), append(of, l.GetValue())
			}
			if i == 0 {
				labels = append(labels, strings.TrimSpace(f.GetName()+" "+strings.Join(names, ",")))
			}
			values[f.GetName()+"{"+strings.Join(of, ",")+"}"] = value(m)
		}
	}
	return values, labels
}

func value(m *dto.Metric) float64 {
	switch {
	case m.Counter != nil:
		return m.GetCounter().GetValue()
	case m.Histogram != nil:
		return float64(m.GetHistogram().GetSampleCount())
	}
	return m.GetGauge().GetValue()
}

func key(tsi uint64) flute.SessionKey {
	return flute.SessionKey{
		Source: netip.MustParseAddr("10.0.0.1"), Group: netip.MustParseAddrPort("239.1.1.1:1"), TSI: flute.TSI(tsi),
	}
}

// counters returns counts that add up.
func counters(accepted, duplicate, dropped uint64) (c flute.Counters) {
	c.Received, c.Accepted, c.Duplicate = accepted+duplicate+dropped, accepted, duplicate
	c.Dropped[drop.Budget] = dropped
	return c
}

// all has each metric shown.
func all(w *world) {
	now := time.Now()
	account := event.Account{
		Due: 100, Lost: 10, LatestLoss: 0.5, MarginBlocks: 1, MarginSymbols: 10, Surplus: 2, LeastSurplus: 2,
		FDTAge: time.Second, ClockOffset: -time.Second,
	}
	for _, e := range []notice.Event{
		event.SessionOpened{Session: key(1)},
		event.SessionStats{Session: key(1), Counters: counters(5, 1, 2), Bytes: 800, Account: account},
		event.ObjectStarted{},
		event.ObjectCompleted{Size: 7},
		event.ObjectRefused{},
		event.ObjectFailed{Reason: event.FailDigest},
		event.ObjectFailed{Session: key(1), TOI: flute.NewTOI(7), Reason: event.FailStore, Retry: true},
		event.ObjectFailed{Reason: event.FailExpired},
		event.FDTReceived{},
		event.FDTRejected{},
		event.FDTRejected{STSID: true},
		notice.Missed{Count: 4},
		notice.Warning{},
		notice.ActorRestarted{Actor: "node/transfers/sessions/tsi-7-2"},
		notice.KernelDrops{Group: key(1).Group, Interface: "eth1", New: 9},
	} {
		w.meter.Observe("in", e, now)
	}
	w.meter.Observe("out", event.Late{}, now)
	w.meter.Count("in", "program", false)
	for _, late := range []time.Duration{0, time.Millisecond} {
		w.meter.Pace("out")(late)
	}
	w.meter.Decoded(time.Second)
	w.meter.Count("up", "stream", true)
	w.outside[drop.Version] = 6
	w.snapshot = node.Snapshot{
		Budget: 100, Used: 10, SessionCount: 2,
		Sessions: []node.SessionState{
			{Session: key(1), Reception: 1, Held: 8, ObjectCount: 3, Silent: true, Waiting: 5},
			{Session: key(2), Sent: &sender.Stats{Packets: 11, Bytes: 12, Pending: 2, Transfers: 3}, SentRate: 13},
		},
	}
}

// TestList: names and labels are those of the list, and no others.
func TestList(t *testing.T) {
	w := newWorld()
	all(w)
	w.meter.Handed("hook", 1)
	_, got := w.gather(t)
	want := strings.Split(strings.TrimSpace(list), "\n")
	slices.Sort(want)
	slices.Sort(got)
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// TestValues: each has the value that it says.
func TestValues(t *testing.T) {
	w := newWorld()
	all(w)
	got, _ := w.gather(t)
	for name, want := range map[string]float64{
		"flute_packets_received_total{in}":                     8,
		"flute_packets_accepted_total{in}":                     5,
		"flute_bytes_received_total{in}":                       800,
		"flute_packets_duplicate_total{in}":                    1,
		"flute_packets_dropped_total{budget,in}":               2,
		"flute_packets_outside_total{version,in}":              6,
		"flute_session_up{in}":                                 1,
		"flute_session_up{up}":                                 0,
		"flute_sessions_silent{in}":                            1,
		"flute_objects_in_progress{in}":                        3,
		"flute_session_loss_ratio{in,all}":                     0.1,
		"flute_session_loss_ratio{in,latest}":                  0.5,
		"flute_fec_margin_ratio{in}":                           0.2,
		"flute_fec_margin_symbols{0,in}":                       2,
		"flute_objects_total{in,delivered}":                    1,
		"flute_objects_total{in,failed}":                       1,
		"flute_objects_total{in,expired}":                      1,
		"flute_objects_total{in,retried}":                      1,
		"flute_objects_lacking{in}":                            1,
		"flute_object_store_failures_total{in}":                1,
		"flute_object_integrity_failures_total{digest,in}":     1,
		"flute_object_duration_seconds{in}":                    1,
		"flute_object_bytes_total{in}":                         7,
		"flute_fdt_instances_total{rejected,in}":               1,
		"flute_fdt_instances_total{s_tsid_rejected,in}":        1,
		"flute_clock_offset_seconds{in}":                       -1,
		"flute_programs_total{failed,in}":                      1,
		"flute_utp_files_total{ok,up}":                         1,
		"flute_tx_packets_total{out}":                          11,
		"flute_tx_rate_bits{out}":                              13,
		"flute_tx_late_total{out}":                             1,
		"flute_actor_restarts_total{receiving}":                1,
		"flute_socket_drops_total{239.1.1.1:1,eth1}":           9,
		"flute_log_lines_lost_total{}":                         5,
		"flute_mailbox_depth{receiving}":                       5,
		"flute_mailbox_depth{sending}":                         0,
		"flute_tx_pacing_error_seconds{out}":                   2,
		"flute_fec_decode_seconds{}":                           1,
		"flute_events_missed_total{}":                          4,
		"flute_warnings_total{}":                               1,
		"flute_unit_up{utp,up}":                                0,
		"flute_unit_failures_total{utp,up}":                    2,
		"flute_config_last_reload_successful{}":                1,
		"flute_config_last_reload_success_timestamp_seconds{}": 5,
	} {
		if v, ok := got[name]; !ok || v != want {
			t.Errorf("%s: %v (%v), want %v", name, v, ok, want)
		}
	}
}

// TestCountersGoOn: what a session has counted is kept when it ends, also when nobody was told of that.
func TestCountersGoOn(t *testing.T) {
	w := newWorld()
	now := time.Now().Add(-2 * overdue)
	received := func() float64 {
		t.Helper()
		got, _ := w.gather(t)
		if packets := got["flute_packets_received_total{in}"]; got["flute_bytes_received_total{in}"] != 100*packets {
			t.Errorf("%v bytes of %v packets", got["flute_bytes_received_total{in}"], packets)
		}
		return got["flute_packets_received_total{in}"]
	}
	w.snapshot = node.Snapshot{SessionCount: 1, Sessions: []node.SessionState{{Session: key(1), Reception: 1}}}
	w.meter.Observe("in", event.SessionStats{Session: key(1), Counters: counters(5, 0, 0), Bytes: 500}, now)
	if n := received(); n != 5 {
		t.Errorf("running: %v", n)
	}
	w.meter.Observe("in", event.SessionClosed{Session: key(1), Counters: counters(6, 0, 0), Bytes: 600}, now)
	if n := received(); n != 6 {
		t.Errorf("ended: %v", n)
	}
	w.meter.Observe("in", event.SessionStats{Session: key(1), Counters: counters(2, 0, 0), Bytes: 200}, now)
	if n := received(); n != 8 {
		t.Errorf("begun anew: %v", n)
	}
	w.snapshot = node.Snapshot{}
	if n := received(); n != 8 || len(w.meter.units["in"].live) != 0 {
		t.Errorf("gone: %v, %d live", n, len(w.meter.units["in"].live))
	}
}

// TestBound: forged sessions take no memory without end, and no counts are lost.
func TestBound(t *testing.T) {
	w := newWorld()
	for i := range uint64(maxLive + 1000) {
		w.meter.Observe("in", event.SessionStats{Session: key(i), Counters: counters(1, 0, 0)}, time.Now())
	}
	if n := len(w.meter.units["in"].live); n > maxLive {
		t.Errorf("%d sessions are told apart", n)
	}
	if got, _ := w.gather(t); got["flute_packets_received_total{in}"] != maxLive+1000 {
		t.Error(got["flute_packets_received_total{in}"])
	}
}

// TestSinks: what is told of sinks.
func TestSinks(t *testing.T) {
	w := newWorld()
	w.meter.Handed("hook", 2)
	values, _ := w.gather(t)
	for name, want := range map[string]float64{
		"flute_sink_events_total{delivered,hook}": 4, "flute_sink_events_total{retried,hook}": 2,
		"flute_sink_refused_total{hook}": 1, "flute_sink_outbox_depth{hook}": 5, "flute_sink_dead_letters{hook}": 6,
		"flute_sink_oldest_seconds{hook}": 60, "flute_sink_duration_seconds{hook}": 1,
		"flute_outbox_items{}": 11, "flute_outbox_bytes{}": 7000,
	} {
		if values[name] != want {
			t.Errorf("%s is %v, want %v", name, values[name], want)
		}
	}
	w.meter.ForgetSink("hook")
	if values, _ = w.gather(t); values["flute_sink_duration_seconds{hook}"] != 0 {
		t.Error("a sink that is configured no longer is still told")
	}
}

// TestForget: a unit that the configuration has no more is not shown, and nothing is counted for it.
func TestForget(t *testing.T) {
	w := newWorld()
	all(w)
	w.meter.Forget("in")
	w.units = w.units[1:]
	w.snapshot = node.Snapshot{}
	w.meter.Observe("in", event.ObjectCompleted{}, time.Now())
	got, _ := w.gather(t)
	for name := range got {
		if strings.Contains(name, "in,") || strings.Contains(name, ",in}") || strings.Contains(name, "{in}") {
			t.Error(name)
		}
	}
}

// TestKind: an actor has one of a few kinds, whatever its id.
func TestKind(t *testing.T) {
	for id, want := range map[string]string{
		"node/hub": "hub", "node/transfers/sessions": "sessions", "node/transfers/sessions/tsi-7-2": "receiving",
		"node/transfers/sessions/tsi-7-2/toi-1": "object", "node/transfers/sessions/send-7-1": "sending",
		"node/transfers/sockets": "sockets", "node/transfers/sockets/socket-1-1": "socket",
		"node/utp/channels/channel-1": "channel", "node/utp/sockets/socket-1": "utp", "x": "other",
	} {
		if got := kindOf(id); got != want {
			t.Errorf("%s: %s, want %s", id, got, want)
		}
	}
}

// TestQuarantined: what was given up after crashes is counted for all units together.
func TestQuarantined(t *testing.T) {
	w := newWorld()
	for range 2 {
		w.meter.Observe("in", event.ObjectFailed{Reason: event.FailQuarantined}, time.Now())
	}
	if got, _ := w.gather(t); got["flute_quarantined{object}"] != 2 {
		t.Errorf("%v", got["flute_quarantined{object}"])
	}
}
