// Package stats holds the intervals a verdict is judged on: pure functions, no
// clock, no I/O, the same answer for the same arguments.
//
// A criterion is judged on the bounds of a 95 % interval, never on the reading
// alone. For a share of people the interval is the widest of [Wilson], which
// takes people as independent, of Wilson's widened by the design effect
// ([Effect]), and of [Bootstrap], both over 10-second blocks, which let people
// who came together fail together; for a percentile of a time it is
// an order-statistic interval ([QuantileRanks], [Quantile]), where those who
// never got in count as longer than everybody else. Zero failures have an exact
// upper bound ([ZeroUpper]). [Relation] compares counts and limits as exact
// rationals.
//
//	lo, hi := stats.Wilson(failed, n, stats.Z95)
//	block := stats.Bootstrap(blocks, seed)
//	in := stats.Wider(stats.Interval{Lo: lo, Hi: hi}, block)
//
// # Design
//
// Bounds are floating-point numbers, because their own uncertainty is far
// larger than a last bit; readings and limits are integers and rationals,
// because "99.5 %" must not fail by rounding. Every sum of products converts
// explicitly between the two operations, so that no processor may fuse them and
// print another last digit.
package stats
