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
// # Plateaus
//
// A steady load is judged in batches of time, because people who queue together
// are late together: [PlateauLength], [Warmup] and [Batches] say how long,
// [ShareOver] and [Mean] read the batches, [MSER5] and [Tau] doubt them. While a
// plateau runs only [Sequential] may be asked again and again. [Classify] and
// [BracketOf] make an interval of all trials of all loads.
//
//	cut := stats.Batches(120, stats.Relaxation(400, 0.9))
//	over := stats.ShareOver(stats.FoldBlocks(perSecond, cut.Length), 1)
//
// # Models
//
// [Storm] is the fluid of a morning before a server of known capacity, and
// [LargestStorm] the largest of its shape that keeps a criterion; [ErlangB],
// [ErlangC], [Sojourn] and [ErlangA] are the steady queues; [QuotaFor],
// [TimeSlots], [EveryoneIn] and [FitUSL] answer questions of size. A model's
// figure is printed beside the replayed one, never instead of it.
//
// # Signs
//
// [Overloaded], [LimiterOf], [Rungs], [Slope], [ChangePoints], [Kendall] and
// [Difference] look for one thing each in series of one-second counts, and are
// built to find nothing in noise.
//
// # Design
//
// Bounds are floating-point numbers, because their own uncertainty is far
// larger than a last bit; readings and limits are integers and rationals,
// because "99.5 %" must not fail by rounding. Every sum of products converts
// explicitly between the two operations, so that no processor may fuse them and
// print another last digit.
package stats
