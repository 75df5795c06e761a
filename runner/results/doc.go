// Package results holds what happened: outcomes, samples, the numbered deltas
// they fold into, and the run folder the deltas are written to. It is a leaf:
// it knows no scenario, no engine and no report.
//
// # From a sample to a report
//
// A recorder gives what happens to a [Delta]: starts, attempts, people, steps,
// exchanges. Once a second it appends the delta to the [Folder] and resets it.
// Memory and files grow with seconds, groups and steps, never with requests:
// counts are kept in cells, durations in sparse HDR histograms ([Hist]).
//
// [Open] reads a folder back, however its process ended, and merges its deltas
// by addition. [LedgerOf] then balances people and attempts to the unit.
// Quantiles are taken from merged histograms only, by one estimator
// ([Hist.Quantile], [Hist.ValueAt] for those who count people that never
// came), and never averaged.
//
// # The folder
//
//	plan.json scenario.yaml     before the first byte of load
//	deltas/w000.delta           frames with length and CRC, appended each second
//	fleet.json                  who played, when several workers did; see [Fleet]
//	events.ndjson               flags on the timeline
//	hdr/*.hlog outcomes.csv     derived by [Run.WriteDerived]
//	workers.json
//	MANIFEST.sha256             by [WriteManifest], last
//
// One process writes a [Folder]. Of a fleet the coordinator writes a [FleetFolder]:
// each worker's frames, byte for byte, in a file of the worker's own. Reading merges
// them as if one had written all, and [Run.Shares] keeps apart what must be judged
// worker by worker.
//
// A frame is written by one call. A process killed between two bytes leaves a
// torn last frame, which reading ignores and says; what had returned before is
// there. A folder without an end frame was cut; how a fleet's run ended is for its
// coordinator to say, in fleet.json. What a lost worker took with it is in the
// ledgers, person by person, and in [Run.Gaps], second by second.
//
// # Two clocks
//
// Every count is keyed by the second that was intended (offset from the start
// of the played window), and stands in the delta of the second it was written
// in. So a late answer counts against the second the person meant to click in,
// and a live view still sees it when it comes.
package results
