// Package runner replays a plan: it releases each person at the intended
// instant, walks them through their journey, and folds what happened into
// numbered deltas.
//
// It declares the interfaces it needs ([Driver], [Session], [Guard], [Clock],
// [Sink]); the packages beside it implement them and cmd wires them. It knows no
// progress bar, no flag and no printer.
//
// # How a run goes
//
// [NewPlan] says what is going to happen. [Run] plays it:
//
//   - The pacer waits through the Clock and releases everybody at the intended
//     instant. It waits for no one: a portal that does not answer gets the next
//     person all the same.
//   - A person is a struct. Thinking, waiting or between two tries it is one
//     entry of a timer queue; a due step borrows a goroutine.
//   - A step is one request with its redirects, judged ([page] knows how to look
//     at it), then its calls, at most six at a time, then its files.
//   - How a page is judged, in this order: content expected and found: good; the
//     file's own signatures, then the built-in ones; the form just submitted (or
//     the login page) came back: login_again; expectation not met: error. An
//     address or a status never overrules a signature.
//   - A waiting page is not a step: its own refresh is obeyed until something
//     else comes. Patience is a deadline on the page; a person who refreshes, or
//     comes back after a refusal, starts again from the last `get` at or before
//     the failed step, cookies kept.
//   - Samples go to one of 64 recorders by person; once a second their deltas are
//     swapped, merged and given to the Sink.
//
// # What counts from when
//
// Every step counts from its intended instant: the arrival, the due time of a
// retry, or the previous page plus the think time. Time to class counts from the
// first click to the proof, minus the person's own thinking. A click that could
// not leave is delayed; one that never left is not_sent. Nobody is dropped:
// whoever is in flight when the run stops is unfinished, on a waiting page
// waiting_room, between two tries as the last one ended.
//
// # Trials
//
// [NewTrialPlan] plans another load for the same people: a plateau, a step
// alone, a storm of another size, a trigger between two stretches of base load.
// Run obeys the plan's conduct:
//
//   - LoginOnly: a person leaves when in class, and the connections with them.
//   - Refreshes: 0, everyone tries once and waits to the step's timeout; R, they
//     refresh and come back R times at most; -1, as the scenario says.
//   - Isolation: browsers are walked to the step before it ahead of the played
//     window ([PreparationTime]), uncounted; each person then performs that step
//     only, and is settled by its proof.
//   - Config.Enough ends the load early. Who was still to come was never due;
//     who is in flight is brought to an end.
//
// Every step keeps the time people spend inside it twice: as the integral of
// their number and as the sum of their times. By Little's identity the two are
// equal over a run; apart, the bookkeeping is wrong.
//
// # A part of a storm
//
// Several processes may each play a part of one storm. Run plays the arrivals it
// is given, whoever plays the rest:
//
//   - [PairAccounts] pairs people and accounts over the whole storm; Config.Lent
//     gives a part its own, so that a person has the same account whatever the
//     number of workers. Of the others' accounts not even the rows are needed.
//   - Config.More hands over the people of a lost worker. Until the last arrival
//     of the whole storm, and two seconds more, a run whose people are all settled
//     waits for them.
//   - Config.LoadEnds ends the load of all parts at one instant.
//   - Config.Held stops the release of people at once, also in a process that was
//     frozen and wakes late. A run that then ends as results.EndedAlone settles who
//     had clicked and leaves the others unrecorded: they may be another's by now.
//   - A request that the guard refuses with results.ReasonInFlight did not leave:
//     the person is settled as they were before it, when the run stops.
//   - All drain to the same instant (Config.Last), an isolation's people are
//     prepared in the same time ([PreparationTime] is the whole plan's), and the
//     answered logins that decide about the accounts are shared (Plan.Workers).
//   - [MergeSnapshots] is what all parts together look like.
//
// # Rejected logins
//
// A rejected login is the test's own fault (invalid) and is never tried again in
// the storm, unless the account has worked before: then the portal lost
// something. Rejected accounts are tried once, calmly, after the storm; one that
// is accepted then was refused under load.
//
// [page]: https://pkg.go.dev/firstbell/runner/page
package runner
