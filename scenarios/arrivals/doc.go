// Package arrivals says when each person comes: pure mathematics on a
// scenario's storm, no clock, no I/O.
//
// The schedule is a pure function of (seed, person id). Behaviour (think times,
// patience, journey) draws from streams of its own, so changing a behaviour
// leaves every arrival where it was. Nothing depends on the number of workers,
// on the order of generation or on the processor: inverse distributions are
// integer or table based, because fused multiply-add gives other last bits on
// other machines.
package arrivals
