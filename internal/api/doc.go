// Package api is the HTTP interface of a daemon: what it does, what has happened, and a few orders.
//
//	GET  /                               the dashboard, for browsers
//	GET  /v1/overview                    a page of the sessions, alarms, and what all add up to
//	GET  /v1/state                       units, sessions, memory, the configuration in use
//	GET  /v1/sessions                    transport sessions
//	GET  /v1/objects?unit=NAME           files on their way, with what they lack
//	GET  /v1/units/NAME/objects/TOI      one file, with all that it lacks
//	GET  /v1/units/NAME/objects/TOI/map  which parts of it have come
//	GET  /v1/tree                        actors, and which have crashed
//	GET  /v1/events                      events as they happen (server-sent events), from Last-Event-ID on, but for
//	                                     progress and statistics, for which one asks
//	POST /v1/reload                      the configuration is read anew
//	POST /v1/units/NAME/pause, /resume   a sending session waits, goes on
//	POST /v1/units/NAME/objects/TOI/trigger   its next turn begins now
//	DELETE /v1/units/NAME/objects/TOI    it is sent no longer
//	GET  /v1/sinks                       what files are handed on to, and what waits for it
//	GET  /v1/sinks/NAME/dead             files that a sink has not taken
//	POST /v1/sinks/NAME/replay           they wait again, all or that of ?key=KEY
//	DELETE /v1/sinks/NAME/dead           they are forgotten, likewise
//	PUT  /v1/log-level                   {"level":"debug"}
//	GET  /livez, /readyz, /metrics       for machines
//	GET  /openapi.json                   all of this, as OpenAPI 3.1
//
// It listens on a Unix socket, which nobody but the user has access to, or on TCP, where each request carries a token.
// A browser shows it once, to /login, and has a cookie from then on. A second TCP address may serve /livez, /readyz and
// /metrics only, without a token.
//
// Requests have bounds: 64 KiB of a body, 16 KiB of a header, 10 s for either, 64 clients of events. A client of events
// that is too slow is told how many it has missed; nobody waits for it.
//
// # Limitations
//
// There is no TLS: over networks that are not trusted, put a proxy before it. Files cannot be added by it; watched
// folders take them.
package api
