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
// # Sessions
//
// A session (capacity, certify) is many trials. [JudgeTrial] reads one: a storm
// like any run, a plateau from its [results.Series], over 10-s batches, because
// people who queue behind each other are late together. It is met only if the
// queue also stayed well below the limit: near what a target holds, one plateau
// in three happens to stay within it. [TrialGates] says whether the generator
// was sound.
//
//	trials ──► plateaus ──► capacity ────┬──► sizing
//	      └──► storms ────► N*, verdict ─┼──► Summary of [JudgeDossier]
//	      └──► isolation, recovery ──────┘
//
// Sessions of the same file at other numbers of servers ([OtherSize]) stand in the
// journal as their capacities; from four sizes on the sizing answers how many servers
// the required people need, by the law of scaling and as an interval.
//
// Which step gives way first (S12) is claimed on a ladder. The trials alone reach L0
// (first past the limit) and L1 (lowest capacity by itself, too). Readings of the
// target's own servers ([ParseReadings]) raise L1 to L2 when a resource of that step ran
// out as it gave way, and no other step's did before. A session from before one step
// was given more ([BeforeStrengthening]) makes L3, "cause", of the limit before: a
// claim of its own ([Intervention]) beside what this session names.
//
//	isolation, onset ──► L0, L1 ──┬── readings ──────► L2
//	                              └── session before ─► L3, of its limit
//
// The verdict of a session is that of the storm of the required size: ready when
// every replay is, with gate V4 besides; not ready when most are not and at most
// a fifth of the decided ones are. Whatever else was measured explains it.
//
// [Schema] is the JSON Schema of summary.json, drawn from the types.
//
// [Compare] reads a run against an earlier one.
//
// # Fleets
//
// Of a run on several workers every worker is an engine of its own: gates V1 to V3
// ask each, the worst one decides and is named, and nothing is averaged over them.
// Gate V5 reads their clocks, gate V6 the losses that touch the judged window; both
// come from the coordinator's record (fleet.json), and without it they are not
// measured.
//
//	Run.Shares ──► engines ──► V1, V2, V3 by worker ──┐
//	Run.Fleet ───► clocks, losses ──► V5, V6 ─────────┼──► verdict, [Fleet] (S13)
//	ledger ──────► people a loss took away ───────────┘
//
// Whom a lost worker left unobserved counts as not in class, so that a loss of ours
// never makes a portal ready; and what is not met only because of them is
// inconclusive, so that it never makes one not ready either.
//
// # Design
//
// Targets, files and workers name and say things that end up in sentences, in a
// terminal, in a comment of a pipeline. Every text of a Summary is therefore made
// [Legible] once, where it is judged; the folder keeps what was really said.
//
// Judge is a pure function of the folder: no clock, no map order, the bootstrap
// drawn from the plan's seed. The same folder therefore gives the same bytes,
// on any machine. Numbers that are judged travel as decimal strings, compared
// as exact rationals, so that no rounding can carry one over its threshold.
package report
