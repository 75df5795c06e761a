package report

import (
	"slices"

	"firstbell/runner/results"
	"firstbell/runner/results/stats"
	"firstbell/scenarios"
)

// BeforeStrengthening reads, from the journal and trials of an earlier session, what
// it measured of the same target before one step was given more: its capacity, and
// the step its trials named. strengthened is that step as the operator writes it, by
// name or as journey/step. It is as pure as [JudgeDossier]. The error is a
// [NotASize], for the reasons of [OtherSize] but the number of servers, which need
// not be known.
func BeforeStrengthening(own, before *results.Dossier, open OpenTrial, sc *scenarios.Scenario, strengthened string) (*results.Before, error) {
	if err := sameSubject(own, before); err != nil {
		return nil, err
	}
	if before.Started.After(own.Started) {
		return nil, &NotASize{"it began after this session", "give the session from before the change, to the one from after it"}
	}
	step, err := stepNamed(strengthened, StepsOf(before, open))
	if err != nil {
		return nil, err
	}
	x := readSession(before, open, sc)
	rate, err := x.sure()
	if err != nil {
		return nil, err
	}
	a := attributionOf(x.trials, before, x.saturation)
	out := &results.Before{RunID: before.RunID, Rate: rate.Value, Low: rate.Lo, High: rate.Hi,
		Named: results.Step{Journey: a.Journey, Name: a.Step}, Level: a.Level, Strengthened: step}
	if err := out.Check(); err != nil {
		return nil, &NotASize{err.Error(), "compare the folder with its MANIFEST.sha256"}
	}
	return out, nil
}

// stepNamed finds a step by what its operator calls it.
func stepNamed(name string, steps []results.Step) (results.Step, error) {
	p := &readingsParser{}
	p.know(steps)
	step := p.step(name, 0)
	if len(p.mistakes.List) > 0 {
		m := p.mistakes.List[0]
		return step, &NotASize{m.What, m.Fix}
	}
	step.InClass = false // of the place in the journey, not of the name
	return step, nil
}

// intervened is point 5 of the claim ladder: between a session before and this one
// only one step was given more. That this step was the limit before is called its
// cause when that session's own trials named it (L1), and the capacity now lies
// wholly above the one before. What this session names is a claim of its own, of the
// limit now, and no stronger for it; where it is the very step that was strengthened
// in vain, it is no more than the first to degrade.
func (x *session) intervened(a *Attribution, k *Capacity) {
	b := x.d.Before
	if b == nil {
		return
	}
	out := &Intervention{RunID: b.RunID, Journey: b.Strengthened.Journey, Step: b.Strengthened.Name, Named: b.Named.Name, NamedLevel: b.Level,
		Before: between(stats.Interval{Lo: b.Low, Hi: b.High}, 3), After: Range{Censored: stats.CensoredNone}}
	a.Intervention = out
	a.measured()
	args := map[string]string{"run": b.RunID, "step": out.Step, "low": string(rounded(b.Low, 1)), "high": string(rounded(b.High, 1))}
	if len(x.lost) > 0 || !x.sureCapacity(k) {
		a.Unmeasured = append(a.Unmeasured, Claim{"intervention_unsure", args})
		return
	}
	a.drop("intervention")
	a.drop("intervention_whole")
	out.After, out.Moved = between(x.saturation.Interval, 3), x.saturation.Lo > b.High
	args["more_low"], args["more_high"] = string(rounded(x.saturation.Lo, 1)), string(rounded(x.saturation.Hi, 1))
	named := b.Level == levelLowest && b.Named.Name == b.Strengthened.Name
	switch {
	case out.Moved && named:
		out.Level = levelCause
		a.Proved = append(a.Proved, Claim{"intervention_cause", args})
	case out.Moved:
		a.Compatible = append(a.Compatible, Claim{"intervention_unnamed", args})
	default:
		a.Compatible = append(a.Compatible, Claim{"intervention_unmoved", args})
		out.lower(a, named)
	}
}

// lower takes back what strengthening a step in vain contradicts.
func (i *Intervention) lower(a *Attribution, named bool) {
	if named {
		i.Level = levelFirst
	}
	if a.Level != "" && a.Step == i.Step {
		a.Level = levelFirst
	}
}

// measured lets a session without trials of single steps say what two sessions show
// together, and what it did not measure.
func (a *Attribution) measured() {
	if a.Status != Unmeasured {
		return
	}
	a.Status, a.Command = Met, ""
	a.Unmeasured = append(a.Unmeasured, Claim{Key: "onset"}, Claim{Key: "isolation"}, Claim{Key: "server_metrics"}, Claim{Key: "pupils_alone"})
}

// drop takes a claim out of what was not measured.
func (a *Attribution) drop(key string) {
	a.Unmeasured = slices.DeleteFunc(a.Unmeasured, func(c Claim) bool { return c.Key == key })
}
