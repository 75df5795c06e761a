package report

import (
	"math"
	"time"

	"firstbell/runner/results"
	"firstbell/runner/results/stats"
)

// stormHeld is N*: the storms replayed, and what the model said of them.
func (x *session) stormHeld() StormHeld {
	out := StormHeld{
		Required: uint64(max(0, x.d.Required.People)), Replays: []Replay{}, Formula: StormFormula,
		Predicted: Range{Censored: stats.CensoredNone},
	}
	for i := range x.storms {
		out.Replays = append(out.Replays, x.replay(&x.storms[i]))
	}
	b := x.bracketStorms()
	out.Range = x.inPeople(b)
	x.predict(&out)
	if b.Censored == stats.Censored && out.Predicted.Censored == stats.Censored && x.predicted.Value > 0 {
		low, high := out.Range.Low.Float(), out.Range.High.Float()
		out.Ratio = rounded((low+high)/2/x.predicted.Value, 4)
	}
	return out
}

func (x *session) replay(s *storm) Replay {
	sum := s.sum
	return Replay{
		Trial: s.trial.Name, Role: s.trial.Role, People: sum.People.Intended, Factor: rounded(s.trial.Conduct.Factor, 6), Seed: s.trial.Seed,
		Verdict: sum.Verdict.Value, InTime: sum.PeopleShare.InTime, InClass: share(sum.Outside.InClass, sum.People.Started-sum.People.Invalid),
		P95: sum.Latency.Usable.P95, EveryoneIn: rounded(float64(max(0, s.last-x.bell())), 0),
	}
}

// bell is the first bell of the played window, seconds after its start; 0 when
// there is none.
func (x *session) bell() int {
	from, to := x.sc.Storm.Play.From, x.sc.Storm.Play.To
	for _, b := range x.sc.Storm.Bells {
		if b >= from && b <= to {
			return int(time.Duration(b-from) / time.Second)
		}
	}
	return 0
}

// bracketStorms is the largest storm that held and the smallest that did not,
// as factors, each size by all its seeds.
func (x *session) bracketStorms() stats.Bracket {
	tried := make([]stats.Tried, len(x.storms))
	for i, s := range x.storms {
		v := s.sum.Verdict.Value
		tried[i] = stats.Tried{
			Rate: s.trial.Conduct.Factor, Met: v == Ready, NotMet: v == NotReady,
			Invalid: v == Inconclusive && len(failedGates(s.sum.Validity)) > 0,
		}
	}
	return stats.BracketOf(stats.Loads(tried))
}

// inPeople turns factors into people: the fewest of the storms that held, the
// most of those that did not, since seeds differ by a few.
func (x *session) inPeople(b stats.Bracket) Range {
	out := Range{Censored: b.Censored}
	low, high := uint64(math.MaxUint64), uint64(0)
	for _, s := range x.storms {
		n := s.sum.People.Intended
		switch s.trial.Conduct.Factor {
		case b.Low:
			low = min(low, n)
		case b.High:
			high = max(high, n)
		}
	}
	if b.Low > 0 {
		out.Low = rounded(float64(low), 0)
	}
	if b.High > 0 {
		out.High = rounded(float64(high), 0)
	}
	return out
}

// predict fills what the fluid model says, in people. Where the search saw no
// saturation the target can do at least that much.
func (x *session) predict(out *StormHeld) {
	n := stats.Fold(x.curve, max(1, len(x.curve)))
	if len(n) == 0 || x.d.Settings.Limit <= 0 || !x.saturation.Sure || !(x.saturation.Value > 0) {
		return
	}
	people := n[0] * float64(len(x.curve))
	f := PredictStorm(Prediction{
		Arrivals: x.curve, PeakFrom: x.peak.from, PeakTo: x.peak.to, Saturation: x.saturation, Overload: x.overload,
		Rest: x.rest, Settings: x.d.Settings,
	})
	if !(f.Value > 0) || math.IsInf(f.Value, 0) {
		return
	}
	x.predicted = stats.Estimate{Value: f.Value * people, Interval: stats.Interval{Lo: f.Lo * people, Hi: f.Hi * people}, Sure: f.Sure}
	switch {
	case !f.Sure:
	case !x.saturated:
		out.Predicted = Range{Low: rounded(x.predicted.Lo, 0), Censored: stats.CensoredAtLeast}
	default:
		out.Predicted = Range{Low: rounded(x.predicted.Lo, 0), High: rounded(x.predicted.Hi, 0)}
	}
}

// headroom is the largest storm that held over the required one.
func (x *session) headroom(s StormHeld) Decimal {
	if s.Required == 0 || !s.Range.Low.Known() {
		return ""
	}
	return rounded(s.Range.Low.Float()/float64(s.Required), 4)
}

// held is how many people the target holds: replayed, else predicted; 0 when
// neither is known.
func (x *session) heldPeople(s *StormHeld) (people float64, trial string) {
	if s.Range.Low.Known() {
		best := ""
		for _, r := range s.Replays {
			if r.Verdict == Ready && rounded(float64(r.People), 0) == s.Range.Low {
				best = r.Trial
			}
		}
		return s.Range.Low.Float(), best
	}
	if s.Predicted.Low.Known() {
		return s.Predicted.Low.Float(), ""
	}
	return 0, ""
}

// everyoneIn is the longest that a storm of the required size took until the
// last of those who got in was in class.
func (x *session) everyoneIn() (worst Decimal, trial string) {
	for i := range x.storms {
		s := &x.storms[i]
		if s.trial.Role != roleRequired || s.sum.Run.EndedAs != string(results.EndedPlanned) {
			continue
		}
		if d := x.replay(s).EveryoneIn; worst == "" || d.order().Cmp(worst.order()) > 0 {
			worst, trial = d, s.trial.Name
		}
	}
	return worst, trial
}
