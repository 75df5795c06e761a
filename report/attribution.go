package report

import (
	"math"

	"firstbell/runner/results"
	"firstbell/runner/results/stats"
)

// Levels of the claim ladder. The trials alone reach L1. L2 takes the readings of
// the target's own servers (corroboration.go), L3 a second session after one step
// was given more (intervention.go); below L3 the word "cause" is never printed.
const (
	levelFirst        = "L0" // first to degrade
	levelLowest       = "L1" // lowest measured capacity: isolation and onset agree, three seeds
	levelCorroborated = "L2" // and the servers' own readings say the same
	levelCause        = "L3" // and strengthening that step alone raised the limit
)

const enoughSeeds = 3

// attributionOf is S12: which step saturates first, and how far that is proved.
//
// A step is named only when three things hold: played alone its capacity is the
// lowest, its upper bound below the next one's lower bound; that capacity is the
// whole login's; and just past the limit no other step left its normal before
// it or with it. Steps that draw on a shared pool fail the second or the third:
// each alone can do more than the whole login, and all slow down together.
// whole is the end-to-end saturation goodput.
func attributionOf(trials []played, d *results.Dossier, whole stats.Estimate) Attribution {
	out := unmeasuredAttribution()
	out.Signatures = signaturesOf(trials, d)
	a := attributing{whole: whole, steps: isolatedSteps(trials, visitsOf(trials))}
	a.onset = onsetTrial(trials)
	if len(a.steps) == 0 && a.onset == nil {
		return out
	}
	out.Command, out.Status = "", Met
	a.rows(&out)
	a.conclude(&out)
	for _, s := range out.Signatures {
		if s.Seen {
			out.Compatible = append(out.Compatible, s.claim())
		}
	}
	out.Unmeasured = append(out.Unmeasured, Claim{Key: "server_metrics"}, Claim{Key: "intervention"}, Claim{Key: "pupils_alone"})
	return out
}

// onsetTrial is the trial just past the limit, the last one that speaks of the
// target; nil for none.
func onsetTrial(trials []played) *played {
	var out *played
	for _, p := range trialsOf(trials, results.StageOnset) {
		if !p.generatorLimited() {
			out = &p
		}
	}
	return out
}

type attributing struct {
	whole  stats.Estimate
	steps  []isolated
	onset  *played
	onsets []onset
}

// rows fills the tables.
func (a *attributing) rows(out *Attribution) {
	for i := range a.steps {
		s := &a.steps[i]
		row := StepCapacity{Journey: s.step.Journey, Step: s.step.Name, Visits: rounded(s.visits, 3), Trial: s.trial,
			Rate: between(s.rate.Interval, 2), Logins: between(s.logins(), 2)}
		if !s.saturated() {
			row.Rate.High, row.Rate.Censored = "", stats.CensoredAtLeast
			row.Logins.High, row.Logins.Censored = "", stats.CensoredAtLeast
		}
		out.Isolation = append(out.Isolation, row)
	}
	if a.onset == nil {
		return
	}
	a.onsets = onsetsOf(a.onset)
	out.Onset = onsetRows(a.onsets, a.onset.Name, a.onset.Reading.Sign)
	out.Little = littleOf(a.onset)
}

// conclude names a step, or says why none is named.
func (a *attributing) conclude(out *Attribution) {
	if broken, found := unbalanced(out.Little); found {
		out.Status = Undecided
		out.Unmeasured = append(out.Unmeasured, Claim{"books", map[string]string{"step": broken.Step, "gap": string(broken.Gap)}})
		return
	}
	if len(out.Little) > 0 {
		out.Proved = append(out.Proved, Claim{Key: "little"})
	}
	first := a.first(out)
	lowest := a.lowest(out)
	switch {
	case lowest == nil:
		return
	case first != nil && first.step.Name != lowest.step.Name:
		out.Compatible = append(out.Compatible, Claim{"contradiction", map[string]string{"step": lowest.step.Name, "first": first.step.Name}})
		return
	case first == nil && a.together():
		return
	}
	out.Journey, out.Step, out.Separable = lowest.step.Journey, lowest.step.Name, true
	if first != nil {
		out.Level = levelFirst
	}
	if first != nil && lowest.seeds >= enoughSeeds {
		out.Level = levelLowest
	}
}

// first is the step that left its normal before all others; nil when none did
// or several did together.
func (a *attributing) first(out *Attribution) *onset {
	lead := leads(a.onsets)
	switch {
	case a.onset == nil:
		out.Unmeasured = append(out.Unmeasured, Claim{Key: "onset"})
		return nil
	case lead >= onsetLead:
		o := &a.onsets[0]
		args := map[string]string{"step": o.step.Name, "rate": string(rounded(a.onset.Reading.Offered, 1)), "after_s": string(rounded(o.at, 0))}
		out.Proved = append(out.Proved, Claim{"first", args})
		return o
	case a.together():
		out.Compatible = append(out.Compatible, Claim{"together", map[string]string{
			"step": a.onsets[0].step.Name, "other": a.onsets[1].step.Name, "apart_s": string(rounded(lead, 0))}})
	default:
		out.Unmeasured = append(out.Unmeasured, Claim{Key: "no_onset"})
	}
	return nil
}

// together reports whether two steps left their normal at the same time, as
// those do that wait for one shared thing.
func (a *attributing) together() bool {
	lead := leads(a.onsets)
	return len(a.onsets) > 1 && !math.IsInf(a.onsets[0].at, 1) && lead < onsetLead
}

// lowest is the step with the lowest capacity, if it is clearly the lowest and
// the whole login's.
func (a *attributing) lowest(out *Attribution) *isolated {
	if len(a.steps) == 0 {
		out.Unmeasured = append(out.Unmeasured, Claim{Key: "isolation"})
		return nil
	}
	s := &a.steps[0]
	if !s.saturated() {
		out.Compatible = append(out.Compatible, Claim{"none_saturated", map[string]string{"low": string(rounded(s.logins().Lo, 1))}})
		a.sharing(out)
		return nil
	}
	if len(a.steps) > 1 && !(s.logins().Hi < a.least(1)) {
		out.Compatible = append(out.Compatible, Claim{"not_separable", map[string]string{"step": s.step.Name, "other": a.steps[1].step.Name}})
		a.sharing(out)
		return nil
	}
	if !explains(s, a.whole) {
		key := "not_explained"
		if !a.whole.Sure {
			key = "no_whole"
		}
		out.Compatible = append(out.Compatible, Claim{key, map[string]string{"step": s.step.Name,
			"alone": string(rounded(s.middle(), 1)), "whole": string(rounded(a.whole.Value, 1))}})
		a.sharing(out)
		return nil
	}
	args := map[string]string{"step": s.step.Name, "low": string(rounded(s.logins().Lo, 1)), "high": string(rounded(s.logins().Hi, 1))}
	key := "lowest_alone"
	if len(a.steps) > 1 {
		key, args["next"] = "lowest", string(rounded(a.least(1), 1))
		args["other"] = a.steps[1].step.Name
	}
	if s.seeds < enoughSeeds {
		key += "_once"
		out.Compatible = append(out.Compatible, Claim{key, args})
		return s
	}
	out.Proved = append(out.Proved, Claim{key, args})
	return s
}

// least is the lowest lower bound of the steps from i on.
func (a *attributing) least(i int) float64 {
	low := math.Inf(1)
	for ; i < len(a.steps); i++ {
		low = math.Min(low, a.steps[i].logins().Lo)
	}
	return low
}

// sharing says when the isolated capacities add up to the whole login's: the
// steps may draw on one resource.
func (a *attributing) sharing(out *Attribution) {
	if all := sharedCapacity(a.steps); a.whole.Sure && len(a.steps) > 1 && math.Abs(all-a.whole.Value) < 0.1*a.whole.Value {
		out.Compatible = append(out.Compatible, Claim{"shared", map[string]string{
			"sum": string(rounded(all, 1)), "whole": string(rounded(a.whole.Value, 1))}})
	}
}
