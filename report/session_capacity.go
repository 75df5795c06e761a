package report

import (
	"math"
	"slices"

	"firstbell/runner/results"
	"firstbell/runner/results/stats"
)

// Why a search is no answer, beside the reasons of [stats.AnswerOf].
const (
	whyQuota   = "quota"
	whyBlocked = "blocked"
	whyNoTime  = "no_time_criterion"
)

// capacity is S11.
func (x *session) capacity() Capacity {
	out := unmeasuredCapacity()
	x.figures(&out)
	loads, by := x.loads()
	for _, l := range loads {
		out.Loads = append(out.Loads, x.loadRow(l, by[l.Rate]))
	}
	x.saturation, x.overload = stats.Sustained(x.flows())
	answer, plateaus := x.answer()
	b := answer.Bracket
	out.Held, out.Monotone = rangeOf(b, 4), b.Monotone
	out.Saturation, out.Overload = estimated(x.saturation, 3), estimated(x.overload, 3)
	if !x.saturated && out.Saturation.Low.Known() {
		out.Saturation = Range{Low: out.Saturation.Low, Censored: stats.CensoredAtLeast}
	}
	out.Control = controlRow(answer, plateaus)
	out.Quota = x.limiter()
	x.broke(&out, b)
	out.Storm = x.stormHeld()
	out.Headroom = x.headroom(out.Storm)
	if len(loads) == 0 && out.Quota == nil && len(x.storms) == 0 && !x.searchedAny() {
		return out
	}
	out.Command, out.Status = "", Met
	if out.Why = x.whyNot(answer, &out); out.Why != "" {
		out.Status = Undecided
	}
	return out
}

func (x *session) searchedAny() bool {
	return slices.ContainsFunc(x.trials, func(t played) bool { return x.searched(t.Stage) && t.Series != nil })
}

// figures are what was asked.
func (x *session) figures(out *Capacity) {
	set := x.d.Settings
	out.Unit, out.Required = "logins/s", rounded(x.d.Required.PeakRate, 3)
	out.Limit, out.P, out.Width = seconds(set.Limit), rounded(set.Quantile, 6), rounded(set.Width, 4)
	out.Ceiling, out.CeilingBy = rounded(set.MaxRate, 2), set.MaxWhy
	plateau, warmup := set.Plateau, set.Warmup
	for i := range x.trials { // the search may have lengthened them
		if c := &x.trials[i].Conduct; isLoad(&x.trials[i].Trial) && c.Length()-c.Warmup > plateau {
			plateau, warmup = c.Length()-c.Warmup, c.Warmup
		}
	}
	out.Plateau, out.Warmup = seconds(plateau), seconds(warmup)
	out.Horizon = out.Plateau
	out.Storm.Required = uint64(max(0, x.d.Required.People))
}

func rangeOf(b stats.Bracket, digits int) Range {
	r := Range{Censored: b.Censored}
	if b.Low > 0 {
		r.Low = rounded(b.Low, digits)
	}
	if b.High > 0 {
		r.High = rounded(b.High, digits)
	}
	return r
}

func estimated(e stats.Estimate, digits int) Range {
	if !e.Sure || math.IsInf(e.Lo, 0) || math.IsInf(e.Hi, 0) || !(e.Value > 0) {
		return Range{Censored: stats.CensoredNone}
	}
	return Range{Low: rounded(max(0, e.Lo), digits), High: rounded(e.Hi, digits)}
}

// loadRow is every trial at one load. Times and shares are those of the sound
// trials' people together, merged exactly.
func (x *session) loadRow(l stats.LoadTrials, trials []*played) LoadRow {
	row := LoadRow{
		Rate: rounded(l.Rate, 4), Trials: len(trials), Held: l.Met, Class: string(stats.Classify(l)), Names: []string{}, Stages: []string{},
		Valid: l.Met + l.NotMet + l.Undecided,
	}
	var all []batch
	var good, low, high float64
	n := 0.0
	for _, t := range trials {
		row.Names, row.Stages = append(row.Names, t.Name), append(row.Stages, t.Stage)
		r := &t.Reading
		if len(r.Gates) > 0 {
			continue
		}
		if row.First == "" && r.State == results.StateNotMet {
			row.First, row.Step = r.First, r.Step
		}
		p := newPlateau(t.Series, x.sc)
		all = append(all, p.sum)
		good, low, high, n = good+r.Goodput, low+r.GoodputCI[0], high+r.GoodputCI[1], n+1
	}
	if n == 0 {
		return row
	}
	sum := join(all)
	row.Goodput, row.CI95 = rounded(good/n, 3), [2]Decimal{rounded(low/n, 3), rounded(high/n, 3)}
	row.P50, row.P95 = sum.times.decimal(p50), sum.times.decimal(p95)
	row.Success = share(sum.inClass(), sum.valid())
	return row
}

// broke names the criterion and the step that broke first, at the lowest load
// above the answer that did not hold.
func (x *session) broke(out *Capacity, b stats.Bracket) {
	lowest := math.Inf(1)
	for i := range x.trials {
		t := &x.trials[i]
		if !isLoad(&t.Trial) || t.Series == nil || t.Reading.State != results.StateNotMet {
			continue
		}
		if rate := rateOf(&t.Trial); rate >= b.High && rate < lowest {
			lowest, out.FirstCriterion, out.FirstStep = rate, t.Reading.First, t.Reading.Step
		}
	}
}

// answer reads the plateaus of the search together, as the search itself does.
func (x *session) answer() (stats.Answer, []*played) {
	var all []stats.Plateau
	var trials []*played
	longest := 0.0
	for i := range x.trials {
		t := &x.trials[i]
		if !isLoad(&t.Trial) || t.Series == nil {
			continue
		}
		from, to := t.Series.Busy(x.rest)
		all = append(all, stats.Plateau{
			Tried: triedOf(t), P50: t.Reading.P50, Work: t.Series.Work(x.rest, from, to), Control: t.Stage == results.StageControl,
			Cut: t.Series.Ended.How == results.EndedEnough && t.Reading.Lean() != results.StateNotMet,
		})
		trials = append(trials, t)
		longest = math.Max(longest, (t.Conduct.Length() - t.Conduct.Warmup).Seconds())
	}
	ceiling := x.d.Settings.MaxRate
	return stats.AnswerOf(all, ceiling, stats.LowestWorth(longest), x.saturation.Value), trials
}

// controlRow is the control plateau beside the one it repeats.
func controlRow(a stats.Answer, plateaus []*played) *ControlRow {
	if a.Control < 0 || a.Controlled < 0 {
		return nil
	}
	before, after := &plateaus[a.Controlled].Reading, &plateaus[a.Control].Reading
	return &ControlRow{
		Rate: rounded(rateOf(&plateaus[a.Control].Trial), 4), P50Before: timeOf(before.P50), P50After: timeOf(after.P50),
		GoodputBefore: rounded(before.Goodput, 3), GoodputAfter: rounded(after.Goodput, 3), Drift: a.Drift,
	}
}

// timeOf is a reading's time as a Decimal.
func timeOf(t float64) Decimal {
	if t < 0 {
		return Never
	}
	return rounded(t, 6)
}

// whyNot says why the search is no answer, most telling first.
func (x *session) whyNot(a stats.Answer, c *Capacity) string {
	switch {
	case c.Quota != nil && c.Quota.PerIP:
		return whyBlocked
	case c.Quota != nil:
		return whyQuota
	case a.Why != "" && x.d.Settings.Limit <= 0:
		return whyNoTime
	case len(c.Loads) == 0 && x.searchedAny() && x.allUnsound():
		return stats.WhyInvalid
	}
	return a.Why
}

// allUnsound reports whether no trial of the search may be believed.
func (x *session) allUnsound() bool {
	return !slices.ContainsFunc(x.trials, func(t played) bool {
		return t.Series != nil && x.searched(t.Stage) && len(t.Reading.Gates) == 0
	})
}
