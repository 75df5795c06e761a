// Package bus carries a fleet's messages over NATS: a server inside the
// coordinator's process by default, an external cluster otherwise. It is the only
// package that knows NATS; package fleet declares the interface it implements.
//
//	server, err := bus.Serve(bus.ServerConfig{Roster: roster, Store: dir})
//	conn, err := bus.Connect(ctx, bus.Config{Server: server, Credentials: &roster.Coordinator})
//	err = conn.Setup(ctx, []string{"w000", "w001"}, 0)
//
// and on another machine
//
//	conn, err := bus.Connect(ctx, bus.Config{URL: "tls://coordinator.example:4222", Credentials: credentials})
//
// # What is durable
//
// Results go to one JetStream stream per fleet, a subject per worker. The embedded
// server syncs each message to disk before it acknowledges it (NATS itself does so
// every two minutes); an external cluster must be told to: jetstream {
// sync_interval: always }. Nothing stored can be deleted or purged while the stream
// exists, and what does not fit is refused. Everything else is said at most once:
// while the link is down nothing is kept to be sent late.
//
// # Who may do what
//
// Everybody proves who they are with their own key. A worker may publish under its
// own name, store its own results and read its own bucket; it cannot hear another
// worker, list, change or remove a stream, or make a consumer. An operator may ask
// for the state and for a stop. Beyond loopback the server speaks TLS 1.3 or does
// not listen.
//
// A server sees to what a member publishes, but not to the reply address it names: it
// acknowledges a record, or answers a direct get with what was stored, to any subject,
// also to $JS.API.STREAM.DELETE or to another's results. So each worker has an account
// of its own, joined to the fleet's by its own subjects, and between accounts the
// server puts an address of its own in the place of the sender's.
//
// On an external cluster the permissions are its operator's to set; those of
// workerMay and the accounts of roomsOf are what to copy: with all members in one
// account any worker can have the streams deleted. Signatures and sealed objects (package keys)
// keep results and accounts from being forged and read there all the same.
//
// # Design
//
// Workers read objects by JetStream's direct get rather than by a consumer, because
// whoever may make a consumer may have it deliver to any subject. A record names
// the sequence that it follows on its subject, beside its id, so that one whose
// acknowledgement was lost is not stored again when the server has forgotten the
// id. One connection carries all: a dead one is noticed within three seconds and
// left, rather than waited for.
package bus
