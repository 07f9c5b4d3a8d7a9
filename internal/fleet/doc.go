// Package fleet has many nodes tell what they have, by NATS JetStream, and answers from that: which sites lack a file,
// which are silent, who has which version, who sends a session.
//
//	conn, err := fleet.Dial(fleet.DialConfig{URL: "nats://a:4222,nats://b:4222,nats://c:4222"})
//	names := fleet.Names{Fleet: "flute"}
//	err = names.Make(ctx, conn, fleet.Room{Replicas: 3})                 // once, by an operator
//
//	r, err := fleet.NewReporter(conn, names, "site-7", …)                // at a site
//	box.Set("fleet", r, outbox.Terms{…})
//	go r.Run(ctx)
//
//	v, err := fleet.NewView(ctx, conn, names)                            // wherever somebody asks
//	object, err := v.Object(ctx, "news/map.bin")
//
//	FLEET.beat.SITE           heartbeat, the latest                      stream FLEET_SITES
//	FLEET.have.SITE.OBJECT    the version that the site has              stream FLEET_OBJECTS
//	FLEET.fail.SITE.OBJECT    why the latest try failed for good           the same
//	FLEET.event.SITE          each file that was received                stream FLEET_EVENTS
//	lease.NAME, object.NAME.… leases of sessions, see package lease      bucket FLEET_LEASES
//
// OBJECT is 128 bits of the SHA-256 of the Content-Location: no name that comes from the network is in a subject. What
// is received comes from an outbox, at least once and in any order; an event has the Nats-Msg-Id SITE/KEY, and an older
// version takes the place of no newer one.
//
// # Limitations
//
// That a site has a file means that it has published it: what became of it later is not known. Heartbeats and failures
// are not kept over a restart of the node. Whoever may write to FLEET.*.SITE can speak for that site: give each site
// credentials for its own subjects only. What a site receives a million names of takes a million subjects, within the
// bound of the stream, and then the oldest give way.
package fleet
