package main

import (
	"context"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/flute-node/flute-node/actors/notice"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/node"
)

// The metrics have no label for a session: names that come from the network would have no bound.
var (
	descPackets = prometheus.NewDesc("flute_packets_total",
		"Datagrams of sessions, by what became of them.", []string{"result"}, nil)
	descObjects  = prometheus.NewDesc("flute_objects_total", "Files, by how they ended.", []string{"result"}, nil)
	descKernel   = prometheus.NewDesc("flute_kernel_drops_total", "Datagrams that the system dropped.", nil, nil)
	descRestarts = prometheus.NewDesc("flute_actor_restarts_total", "Crashes that the node has survived.", nil, nil)
	descMissed   = prometheus.NewDesc("flute_events_missed_total", "Events that came too fast for us.", nil, nil)
	descSessions = prometheus.NewDesc("flute_sessions", "Transport sessions that are there.", nil, nil)
	descMemory   = prometheus.NewDesc("flute_memory_bytes", "Memory of objects in reception.", nil, nil)
)

// metrics counts the events of a node. It implements prometheus.Collector, and is safe for concurrent use.
type metrics struct {
	node *node.Node

	mu                       sync.Mutex
	live                     map[flute.SessionKey]flute.Counters // latest counters of the sessions that are received
	ended                    flute.Counters                      // of all that have ended
	whole, failed            uint64
	kernel, restarts, missed uint64
}

func newMetrics(n *node.Node) *metrics {
	return &metrics{node: n, live: map[flute.SessionKey]flute.Counters{}}
}

// observe counts an event.
func (m *metrics) observe(e notice.Event) {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch e := e.(type) {
	case event.SessionStats: // once a second, while packets come
		m.live[e.Session] = e.Counters
	case event.SessionClosed:
		if !e.Sending {
			delete(m.live, e.Session)
			m.ended.Add(e.Counters)
		}
	case event.ObjectCompleted:
		if !e.Sending {
			m.whole++
		}
	case event.ObjectFailed:
		if !e.Sending && !e.Retry { // the others are tried again
			m.failed++
		}
	case notice.KernelDrops:
		m.kernel += e.New
	case notice.ActorRestarted:
		m.restarts++
	case notice.Missed:
		m.missed += e.Count
	}
}

// Describe implements prometheus.Collector.
func (m *metrics) Describe(ch chan<- *prometheus.Desc) { prometheus.DescribeByCollect(m, ch) }

// Collect implements prometheus.Collector.
func (m *metrics) Collect(ch chan<- prometheus.Metric) {
	m.collectEvents(ch)
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	s, err := m.node.Snapshot(ctx)
	if err != nil { // the node has stopped
		return
	}
	gauge := func(d *prometheus.Desc, v float64) { ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v) }
	gauge(descSessions, float64(s.SessionCount))
	gauge(descMemory, float64(s.Used))
}

func (m *metrics) collectEvents(ch chan<- prometheus.Metric) {
	m.mu.Lock()
	defer m.mu.Unlock()
	all := m.ended
	for _, c := range m.live {
		all.Add(c)
	}
	count := func(d *prometheus.Desc, v uint64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(v), labels...)
	}
	count(descPackets, all.Accepted, "accepted")
	count(descPackets, all.Duplicate, "duplicate")
	count(descPackets, all.DropTotal(), "dropped")
	count(descObjects, m.whole, "completed")
	count(descObjects, m.failed, "failed")
	count(descKernel, m.kernel)
	count(descRestarts, m.restarts)
	count(descMissed, m.missed)
}
