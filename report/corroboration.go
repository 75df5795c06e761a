package report

import (
	"cmp"
	"math"
	"slices"
	"time"

	"firstbell/runner/results"
	"firstbell/runner/results/stats"
)

const (
	// fullShare is from which part on a resource counts as at its ceiling. A pool is
	// read at instants, between which a place that has just been given back is not
	// taken yet, and processors are never counted as busy to the last per cent; with
	// less than a twentieth left nobody is served who would wait otherwise.
	fullShare = 0.95
	// onsetReach is how far, in seconds, the ceiling may be from the step's onset: one
	// bin of the comparison to either side. It is also what two clocks may differ by.
	onsetReach = batchSeconds
	// readingGap is the longest stretch of the trial, in seconds, without a reading.
	readingGap = 30
)

// States of a resource in the trial just past the limit.
const (
	resourceThin   = "thin"   // too few readings, or none from before
	resourceAlways = "always" // at its ceiling before the limit too: it tells nothing
	resourceBelow  = "below"  // never at its ceiling for good
	resourceApart  = "apart"  // reached it, not when its step gave way
	resourceWith   = "with"   // reached it when its step gave way
)

// resource is one resource of a step during the trial just past the limit.
type resource struct {
	step    results.Step
	name    string
	at      []float64 // seconds of the trial, of each reading
	shares  []float64
	calm    []float64 // shares read before the limit: in the stretch before, and while plateaus held
	onset   float64   // of the step; +Inf for none
	reached float64   // second from which on it was at its ceiling; +Inf for never
	state   string
	corr    float64 // with the people inside the step, by bins of 10 s; NaN for none
	bins    int
}

// corroborated is point 4 of the claim ladder: L1 becomes L2 when the target's own
// servers say the same of the step that the trials named. A resource of that step,
// below its ceiling before, must have reached it for good (see [forGood]) within one
// bin of 10 s of the step's onset, and no resource of another step may have done so
// before it or at the same reading. How closely a resource followed the people
// inside its step is printed and decides nothing.
//
// The clocks of the servers and ours are taken to agree within that bin.
func corroborated(out *Attribution, trials []played, readings []Reading) {
	if len(readings) == 0 {
		return
	}
	out.drop("server_metrics")
	trial := onsetTrial(trials)
	if trial == nil || trial.Began.IsZero() {
		out.Unmeasured = append(out.Unmeasured, Claim{Key: "server_no_onset"})
		return
	}
	list := watched(trial, calmSpans(trials, trial), readings)
	for i := range list {
		list[i].read(trial)
	}
	out.Resources = resourceRows(list)
	if out.Level != levelLowest {
		out.Compatible = append(out.Compatible, Claim{Key: "server_no_step"})
		return
	}
	var own, others []resource
	for _, r := range list {
		if r.step.Name == out.Step {
			own = append(own, r)
		} else {
			others = append(others, r)
		}
	}
	out.corroborate(own, others)
}

// corroborate draws the conclusion.
func (a *Attribution) corroborate(own, others []resource) {
	args := map[string]string{"step": a.Step}
	best, rival := pick(own, resourceWith), pick(others, resourceWith, resourceApart)
	switch {
	case rival != nil && (best == nil || rival.reached <= best.reached):
		args["resource"], args["other"], args["after_s"] = rival.name, rival.step.Name, string(rounded(rival.reached, 0))
		a.Compatible = append(a.Compatible, Claim{"server_contradiction", args})
	case best != nil:
		a.Level = levelCorroborated
		a.Proved = append(a.Proved, Claim{"server_corroborated", best.args(args)})
	case len(own) == 0:
		a.Unmeasured = append(a.Unmeasured, Claim{"server_other_steps", args})
	case pick(own, resourceApart) != nil:
		a.Compatible = append(a.Compatible, Claim{"server_apart", pick(own, resourceApart).args(args)})
	case pick(own, resourceBelow) != nil:
		a.Compatible = append(a.Compatible, Claim{"server_below", args})
	case pick(own, resourceAlways) != nil:
		a.Compatible = append(a.Compatible, Claim{"server_always", args})
	default:
		a.Unmeasured = append(a.Unmeasured, Claim{"server_thin", args})
	}
}

// args are the values of a claim about a resource that reached its ceiling.
func (r *resource) args(args map[string]string) map[string]string {
	args["resource"], args["apart_s"] = r.name, string(rounded(math.Abs(r.reached-r.onset), 0))
	args["correlation"], args["bins"] = string(rounded(r.corr, 2)), string(rounded(float64(r.bins), 0))
	return args
}

// pick is the resource in one of the states that reached its ceiling first.
func pick(list []resource, states ...string) *resource {
	var best *resource
	for i := range list {
		if slices.Contains(states, list[i].state) && (best == nil || list[i].reached < best.reached) {
			best = &list[i]
		}
	}
	return best
}

// stretch is a part of the wall clock.
type stretch struct{ from, to time.Time }

func (s stretch) holds(at time.Time) bool { return !at.Before(s.from) && at.Before(s.to) }

// calmSpans are when the target was below its limit: while plateaus held, and before
// the onset trial went past it.
func calmSpans(trials []played, onset *played) []stretch {
	from, _ := onsetPhases(&onset.Conduct)
	out := []stretch{{onset.Began, onset.Began.Add(time.Duration(from) * time.Second)}}
	for i := range trials {
		if p := &trials[i]; p.Series != nil && isLoad(&p.Trial) && p.Reading.State == results.StateMet && !p.Began.IsZero() {
			out = append(out, stretch{p.Began, p.Began.Add(time.Duration(p.Series.Played) * time.Second)})
		}
	}
	return out
}

// watched sorts the readings by resource, in the order of steps and names.
func watched(trial *played, calm []stretch, readings []Reading) []resource {
	type key struct{ step, name string }
	at, out := map[key]int{}, []resource{}
	for _, r := range readings {
		k := key{r.Step.Name, r.Resource}
		i, ok := at[k]
		if !ok {
			i, at[k] = len(out), len(out)
			out = append(out, resource{step: r.Step, name: r.Resource})
		}
		if slices.ContainsFunc(calm, func(s stretch) bool { return s.holds(r.At) }) {
			out[i].calm = append(out[i].calm, r.share())
		}
		if s := r.At.Sub(trial.Began).Seconds(); s >= 0 && s < float64(trial.Series.Played) {
			out[i].at, out[i].shares = append(out[i].at, s), append(out[i].shares, r.share())
		}
	}
	slices.SortStableFunc(out, func(a, b resource) int {
		return cmp.Or(cmp.Compare(a.step.Name, b.step.Name), cmp.Compare(a.name, b.name))
	})
	return out
}

// read says what a resource did in the trial.
func (r *resource) read(trial *played) {
	from, _ := onsetPhases(&trial.Conduct)
	r.onset, r.reached, r.corr = math.Inf(1), math.Inf(1), math.NaN()
	for _, o := range onsetsOf(trial) {
		if o.step.Name == r.step.Name {
			r.onset = o.at
			r.corr, r.bins = r.follows(insideAll(trial.Series, r.step.Name))
		}
	}
	full := make([]bool, len(r.shares))
	for i, s := range r.shares {
		full[i] = s >= fullShare
	}
	if i := forGood(full); i >= 0 {
		r.reached = r.at[i]
	}
	switch {
	case r.thin(float64(trial.Series.Played)) || len(r.calm) == 0:
		r.state = resourceThin
	case r.reached < float64(from) || middleOf(r.calm) >= fullShare:
		r.state = resourceAlways
	case math.IsInf(r.reached, 1):
		r.state = resourceBelow
	case math.Abs(r.reached-r.onset) <= onsetReach:
		r.state = resourceWith
	default:
		r.state = resourceApart
	}
}

// thin reports whether a stretch of the trial had no reading for too long.
func (r *resource) thin(end float64) bool {
	last := 0.0
	for _, at := range append(slices.Clone(r.at), end) {
		if at-last > readingGap {
			return true
		}
		last = at
	}
	return false
}

// follows correlates the resource with the people inside its step, by bins of 10 s.
func (r *resource) follows(people []float64) (corr float64, bins int) {
	sum, n := map[int]float64{}, map[int]float64{}
	for i, at := range r.at {
		bin := int(at) / batchSeconds
		sum[bin], n[bin] = sum[bin]+r.shares[i], n[bin]+1
	}
	var x, y []float64
	for bin := range len(people) / batchSeconds {
		if n[bin] > 0 {
			x = append(x, sum[bin]/n[bin])
			y = append(y, stats.Fold(people[bin*batchSeconds:(bin+1)*batchSeconds], batchSeconds)[0])
		}
	}
	return stats.Pearson(x, y), len(x)
}

// middleOf is the median.
func middleOf(values []float64) float64 {
	s := slices.Sorted(slices.Values(values))
	return (s[(len(s)-1)/2] + s[len(s)/2]) / 2
}

func resourceRows(list []resource) []ResourceRow {
	out := make([]ResourceRow, 0, len(list))
	for _, r := range list {
		row := ResourceRow{Journey: r.step.Journey, Step: r.step.Name, Resource: r.name, State: r.state, Readings: len(r.at),
			Correlation: rounded(r.corr, 2), Bins: r.bins}
		if len(r.shares) > 0 {
			row.Highest = rounded(slices.Max(r.shares), 3)
		}
		if len(r.calm) > 0 {
			row.Calm = rounded(middleOf(r.calm), 3)
		}
		if !math.IsInf(r.reached, 1) {
			row.Reached = rounded(r.reached, 0)
			if !math.IsInf(r.onset, 1) {
				row.Lag = rounded(r.reached-r.onset, 0)
			}
		}
		out = append(out, row)
	}
	return out
}
