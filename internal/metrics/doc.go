// Package metrics counts what happens in a daemon, and shows it to Prometheus.
//
// Counters are made of events, so that they go on when a session ends and another begins: each is the sum over all
// sessions of a unit, past and present. What is a state is asked of the node at each scrape.
//
// The label session is the name of a section of the configuration: receptions and sendings that an operator has named,
// 1,000 of each at most. No label has anything that comes from the network. The names and their labels are listed in
// the test of the package, and do not change.
//
// # Limitations
//
// Counters begin at zero with the process. Where two receptions take the same sessions of one address, what comes is
// counted for the first of them.
package metrics
