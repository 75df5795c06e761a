package report

import (
	"cmp"
	"math"
	"slices"

	"firstbell/runner/results"
	"firstbell/runner/results/stats"
)

// stormHeldOf is N*: the largest storm replayed that held and the smallest that
// did not, in people, by all replays of each size. predicted is what the fluid
// model made of the capacity; required the scenario's own people; bell the
// second of the played window of the first bell, 0 when there is none in it.
//
// Sizes are told apart by their factor. A storm in which our own generator was
// the limit counts as a replay that could not tell. A size that held above one
// that did not widens the answer.
func stormHeldOf(trials []played, predicted Range, required uint64, bell int) StormHeld {
	out := StormHeld{Predicted: predicted, Required: required, Replays: []Replay{}, Formula: "storm"}
	bySize := map[float64]*sizeTrials{}
	for _, p := range trialsOf(trials, results.StageStorm) {
		if p.Conduct.Kind != results.TrialStorm {
			continue
		}
		r := replayOf(&p, bell)
		out.Replays = append(out.Replays, r)
		z := bySize[p.Conduct.Factor]
		if z == nil {
			z = &sizeTrials{}
			bySize[p.Conduct.Factor] = z
		}
		z.add(r, p.Reading.State)
	}
	var loads []stats.LoadTrials
	for _, z := range bySize {
		loads = append(loads, z.load())
	}
	slices.SortFunc(loads, func(a, b stats.LoadTrials) int { return cmp.Compare(a.Rate, b.Rate) })
	b := stats.BracketOf(loads)
	out.Range = Range{Censored: b.Censored}
	if b.Low > 0 {
		out.Range.Low = rounded(math.Floor(b.Low), 0)
	}
	if b.High > 0 {
		out.Range.High = rounded(math.Ceil(b.High), 0)
	}
	out.Ratio = ratioOf(out.Range, predicted)
	return out
}

// sizeTrials is all replays of one size.
type sizeTrials struct {
	people, n, met, not, open float64
}

func (z *sizeTrials) add(r Replay, s results.State) {
	z.people += float64(r.People)
	z.n++
	switch s {
	case results.StateMet:
		z.met++
	case results.StateNotMet:
		z.not++
	default:
		z.open++
	}
}

// load is the size in people: seeds differ a little in who shows up.
func (z *sizeTrials) load() stats.LoadTrials {
	return stats.LoadTrials{Rate: z.people / math.Max(1, z.n), Met: int(z.met), NotMet: int(z.not), Undecided: int(z.open)}
}

// ratioOf is measured ÷ predicted, of the middles; "" while either has one side
// only. Outside 0.9 to 1.1 the model misses something: sessions, caches, a
// collapse.
func ratioOf(measured, predicted Range) Decimal {
	middle := func(r Range) float64 { return (r.Low.Float() + r.High.Float()) / 2 }
	m, p := middle(measured), middle(predicted)
	if math.IsNaN(m) || math.IsInf(m, 0) || !(p > 0) || math.IsInf(p, 0) {
		return ""
	}
	return rounded(m/p, 3)
}

func replayOf(p *played, bell int) Replay {
	out := Replay{Trial: p.Name, Role: p.Role, Factor: rounded(p.Conduct.Factor, 4), Seed: p.Seed, Verdict: verdictOf(p.Reading.State)}
	var b bag
	last := -1
	for t := range p.Series.Seconds {
		s := &p.Series.Seconds[t]
		out.People += uint64(s.Intended)
		b.Started += uint64(s.Started)
		for o, n := range s.By {
			b.Out[o] += uint64(n)
		}
		if s.Done > 0 {
			last = t
		}
	}
	b.Out[results.NotSent] = 0
	if b.Started < b.Out[results.Invalid] {
		return out
	}
	out.InTime = share(min(b.Out[results.InTime], b.valid()), b.valid())
	out.InClass = share(min(b.inClass(), b.valid()), b.valid())
	out.P95 = readingTime(p.Reading.P95)
	if last >= 0 {
		out.EveryoneIn = rounded(float64(last+1-bell), 0)
	}
	return out
}

func verdictOf(s results.State) Value {
	switch s {
	case results.StateMet:
		return Ready
	case results.StateNotMet:
		return NotReady
	}
	return Inconclusive
}

// readingTime is a time of a reading: Never for one that was not reached.
func readingTime(s float64) Decimal {
	if s < 0 {
		return Never
	}
	return rounded(s, 3)
}
