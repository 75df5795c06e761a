// Package witness watches a target from beside the load: an independent view of
// the same minutes.
//
// Two probers, each a handful of requests a second at most:
//
//   - [Logins] walks one whole login after another through the very journeys of
//     the scenario, with accounts of its own ([Reserve]). When it sees other times
//     than the people of the load, the load generator is the suspect.
//   - [Control] fetches a neutral address that carries no load. When its times
//     move, something outside the target has.
//
// Both belong in a process of their own: a witness that shares a starved
// processor with the generator repeats its errors. Both ask the guard before every
// request and carry the run's header, like any other request of firstbell.
//
// A prober runs until its context ends. Windows ([Logins.Begin], [Logins.End])
// say which of its probes belong to a trial. A login that is not over when its
// window closes counts as never in once it has taken longer than the limit, and
// not at all before.
package witness
