package report

import (
	"slices"

	"firstbell/runner/results"
	"firstbell/runner/results/stats"
	"firstbell/scenarios"
)

// closedWords are the closed lists of summary.json: by the name of a type, or by type
// and key where the type is a plain text. Words that a later 1.x may add to (reasons,
// signatures, events, why something was skipped) are not among them.
func closedWords() map[string][]string {
	outcomes := Outcomes()
	relations := []string{"<", "<=", ">", ">=", "="}
	censored := []string{stats.Censored, stats.CensoredAtLeast, stats.CensoredLessThan, stats.CensoredNone}
	ended := endings()
	return map[string][]string{
		"Value":  texts(Ready, NotReady, Inconclusive),
		"Status": texts(Met, NotMet, Undecided, Unmeasured, StatusNeutral),
		"Format": texts("", FormatPercent, FormatDuration, FormatCount, FormatYesNo, FormatEnding),
		"Cause":  texts(causes()...),
		"State":  texts(results.StateMet, results.StateNotMet, results.StateUndecided),

		"Gate.id":               allGates(),
		"TrialRow.gates_failed": allGates(),
		"ReasonRow.outcome":     outcomes,
		"SignRow.outcome":       outcomes,
		"RunInfo.ended_as":      ended,
		"TrialRow.ended_as":     ended,
		"Criterion.severity":    texts(scenarios.Blocking, scenarios.Major, scenarios.Minor),
		"Criterion.relation":    relations,
		"Gate.relation":         relations,
		"Measure.relation":      relations,
		"Gate.threshold":        ended,
		"Gate.measured":         ended,
		"Measure.threshold":     ended,
		"Measure.measured":      ended,
		"PhaseRow.name":         {"before", "peak", "after"},
		"Range.censored":        censored,
		"LoadRow.class":         texts(stats.Lower, stats.Upper, stats.Unsettled),
		"Attribution.level":     {"", levelFirst, levelLowest, levelCorroborated},
		"Intervention.level":    {"", levelFirst, levelCause},
		"ResourceRow.state":     {resourceThin, resourceAlways, resourceBelow, resourceApart, resourceWith},
		"Member.state":          {"ok", "warned", "returned", "lost"},
		"Reset.failed":          {results.ResetExit, results.ResetTimeout, results.ResetSilent},
	}
}

// allGates are those of runs, sessions and fleets.
func allGates() []string {
	return []string{"V1", "V2", "V3", "V4", "V5", "V6", "V7", "V8", "V9", "V10"}
}

// texts are words of one type.
func texts[T ~string](words ...T) []string {
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = string(w)
	}
	return out
}

// endings are all the ways a run, a trial or a session ends.
func endings() []string {
	out := texts(results.EndedPlanned, results.EndedEnough)
	for how := range causeOfEnd {
		out = append(out, string(how))
	}
	slices.Sort(out)
	return out
}

// causes are all that a verdict may be inconclusive for.
func causes() []Cause {
	return []Cause{
		CauseNone, CauseNoCriteria, CauseAccountsRejected, CauseBlocked, CauseTargetChanged, CauseInterrupted, CauseCut, CauseEndsAfter,
		CauseStoppedByTarget, CauseInternal, CauseGenerator, CauseStormNotDelivered, CauseConsentLimit, CauseStraddles, CauseTooFew, CauseLimiter,
		CauseWorkerLost, CauseClock, CauseAlone, CauseStopped,
		CauseCalibration, CauseSeeds, CauseDrift, CauseExternal, CauseWitness, CauseQuota, CauseNotReplayed, CauseReset, CauseUnfinished,
	}
}
