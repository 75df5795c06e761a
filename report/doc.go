// Package report says what a run means. [Judge] reads a run folder and gives
// one [Summary]; every face of the report (HTML, terminal, JSON, JUnit,
// Markdown) prints that Summary and computes nothing of its own.
//
// # The walk
//
//	results.Run ──► tally ──► gates (V1…V10)  ──┐
//	                   └────► criteria ─────────┼──► verdict ──► Summary
//	                   └────► series, tables ───┘
//
// # Terms
//
// A Gate asks whether the measurement can be believed, a Criterion asks whether
// the portal did well. A gate that is not met can never give `ready`. A
// criterion is judged on a 95 % interval, never on the point measured: it is
// met, not met, inconclusive (the interval holds the threshold) or not
// measured.
//
// # Design
//
// Judge is a pure function of the folder: no clock, no map order, the bootstrap
// drawn from the plan's seed. The same folder therefore gives the same bytes,
// on any machine. Numbers that are judged travel as decimal strings, compared
// as exact rationals, so that no rounding can carry one over its threshold.
package report
