// Package ent is the example ENT: a French school portal that is plausible to
// a browser and whose capacity is known in closed form.
//
// It has two uses. It is the target of `firstbell demo`, so that a newcomer can
// see a first morning without owning a portal. And it is the oracle of the
// known-answer tests: because its truth is a formula ([FreezeQuantile],
// [TokenBucketRefusedShare], [WaitFIFO], [Capacity.PerSecond]…), a load tool that
// measures something else is wrong.
//
// # The portal
//
// The flow is that of entcore, the engine of several regional portals in 2021:
// the login page is a shell without a form, which a script draws; the quota is
// checked when that page is read, not when the password is posted; the quota page
// is served with HTTP 200; the home page does not name the user, only the JSON of
// /auth/oauth2/userinfo does. A second door is an Apereo CAS server, with its
// one-time execution token, tickets and validation, in front of a portal that
// names its user. It is not kinder than the real ones.
//
// # The capacity
//
// A request that costs something waits for one of c workers, first come first
// served, and keeps it for its service time s: C = c/s requests per second,
// whatever the machine does meanwhile, because the workers' schedule is kept in
// absolute instants (see [Capacity]). The workers sleep; they burn no processor.
// With a [Chain] each class of request has workers of its own, so that the weakest
// step is known ([Capacity.LoginsPerSecond]); a shared pool in front of them hides
// it ([SharedPoolPerSecond]). Without a queue the workers are Erlang's
// ([ErlangB]); with clients who leave, [ErlangA].
//
// The capacity can change while it is measured: [Dips], [Drift], a [Healer] that
// does not come back whole, a [Crash] at a rate, an [Accept] queue that overflows.
//
// # The loop
//
// [ENT.Serve] speaks HTTP/1.1 by itself. Requests are read by one goroutine for all
// sockets (one for each connection over TLS and in memory), wait as entries in the
// simulation of the workers, and are answered by whoever ends the wait: the load
// tool on the same machine is left most of its processor. ENT is an [http.Handler]
// too, for other servers.
//
// # Degraded modes
//
// [Modes] switches, one by one or together, what broke on 6 April 2021: quotas,
// waiting rooms, blank pages, refused passwords, freezes… They can be changed while
// the ENT runs, through [ENT.SetModes] or the handler of [ENT.Admin], which belongs
// on another listener than the load. [Counters] say what was really answered, to be
// reconciled with what the load tool says it saw.
//
// # Virtual time
//
// Time comes from package time and an ENT owns no goroutine but those of Serve, so
// the whole ENT runs inside a testing/synctest bubble, on the connections of package
// memnet. Create it inside the bubble.
package ent
