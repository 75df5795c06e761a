// Package arrivals says when each person comes: pure mathematics on a
// scenario's storm, no clock, no I/O.
//
// # The model
//
// The scenario's curve gives the share of people that comes in each interval
// of the morning. Inside an interval, a share of the classes (45 % by default)
// comes as batches: a teacher says "now", at an instant uniform in the interval,
// and each pupil follows after an exponential delay of 3 s on average. Everyone
// else comes at a uniform instant of their own. Batches matter: they make the
// counts per second about three times more variable than independent people
// would, and a portal breaks on its worst seconds.
//
// People live in classes and classes in schools. Every persona follows this
// model: a parent signs in with the child, a teacher with the class.
//
//	s, err := arrivals.New(scenario, seed, 1)
//	for _, a := range s.Arrivals(arrivals.Slice{Residue: 3, Modulus: 7}) {
//		// person a.ID clicks at a.At
//	}
//
// # Design
//
// The schedule is a pure function of (seed, person id). Ids are handed out by
// cohort in file order, then school, then class, to everybody who has an
// account, whether they come or not; so an id means the same person whatever
// the show-up, the curve or the scale. Each question asked about a person
// (do they show up, in which interval, at which instant…) reads its own
// [Stream] of a counter-based generator, so an answer depends neither on the
// order of the questions nor on how many there were: behaviour (journey, think
// time, patience) cannot move an arrival, and W workers that each take the ids
// ≡ w mod W unite to the same schedule for every W.
//
// Show-up is one keyed draw per person rather than an exact count per class:
// the number who come is then binomial, as on a real day, and one person's
// answer never depends on another's.
//
// Nothing depends on the processor: arrival instants use integer arithmetic
// only. Floating-point logarithms were rejected, because compilers may fuse a
// multiplication with an addition, which gives other last bits on other
// machines, and with them another digest.
//
// Scale keeps whole schools in the order of a draw, and of the first that no
// longer fits whole classes in the order of another. Thinning pupils was
// rejected: at 10 % it takes away almost all of the batch effect. Compressing
// time was rejected: patience and autoscaling do not compress.
package arrivals
