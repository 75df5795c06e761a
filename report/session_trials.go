package report

import (
	"slices"
	"time"

	"firstbell/runner/results"
	"firstbell/runner/results/stats"
	"firstbell/scenarios"
)

// session is a dossier being judged.
type session struct {
	d          *results.Dossier
	sc         *scenarios.Scenario
	trials     []played
	lost       []string     // trials of the journal whose folder is not there
	rest       results.Rest // the target when nobody waits
	saturation stats.Estimate
	overload   stats.Estimate
	saturated  bool           // a trial of the search was
	typing     span           // seconds after the load in which who still types clicks
	predicted  stats.Estimate // people
	curve      []float64      // people due per second in the storm of the required size
	peak       span           // judged seconds of it
	peakRate   float64        // of all storms played and plateaus confirmed
	storms     []storm
	main       string
	v4         Gate
	fleet      *SessionFleet // nil while every trial was one process's
	target     identity
}

func newSession(d *results.Dossier, sc *scenarios.Scenario) *session {
	return &session{d: d, sc: sc, peakRate: d.Required.PeakRate}
}

// add reads one trial. Its folder is not kept: a session has many.
func (x *session) add(trial results.Trial, run *results.Run, err error) {
	if err != nil || run == nil || run.Plan == nil || run.Total == nil || run.Plan.PlayTo <= run.Plan.PlayFrom {
		x.lost = append(x.lost, trial.Name)
		x.trials = append(x.trials, played{Trial: trial})
		return
	}
	p := played{Trial: trial, Series: results.SeriesOf(run), Began: run.Plan.Start, Traces: tracesOf(run)}
	t := newTally(run)
	p.Series.Gates = t.failedGates(x.sc)
	x.fleetOf(trial.Name, t)
	x.target.see(run.Events)
	if trial.Conduct.Kind == results.TrialStorm {
		p.Reading = newPlateau(p.Series, x.sc).read() // its verdict follows, with gate V4
		x.shape(&trial, t)
	} else {
		p.Reading = JudgeTrial(p.Series, x.sc)
	}
	if rest, ok := p.Series.AtRest(); ok && trial.Stage == results.StageProbe && (x.rest.Time == 0 || rest.Time < x.rest.Time) {
		x.rest = rest
	}
	x.demand(&trial, run)
	x.trials = append(x.trials, p)
}

// shape takes the arrival curve of the required storm, from it or from another
// one brought to its size.
func (x *session) shape(trial *results.Trial, t *tally) {
	factor := trial.Conduct.Factor
	if !(factor > 0) || x.curve != nil && factor != 1 {
		return
	}
	x.curve = arrivals(t.plan)
	for i := range x.curve {
		x.curve[i] /= factor
	}
	x.peak = t.peak()
	from, to := t.plan.LastClicks(0)
	x.typing = span{int(from / time.Second), int(to / time.Second)}
}

// arrivals are the people due in each second, all groups together.
func arrivals(p *results.Plan) []float64 {
	out := make([]float64, min(max(p.PlayTo-p.PlayFrom, 1), maxPlay))
	for _, group := range p.Intended {
		for second, n := range group {
			if second < len(out) {
				out[second] += float64(n)
			}
		}
	}
	return out
}

// demand keeps the highest load that gate V4 asks about: of confirmed plateaus
// and of storms, people per second in their busiest 10 s. Probes look for the
// limit, and overload on purpose is not judged.
func (x *session) demand(trial *results.Trial, run *results.Run) {
	switch {
	case trial.Conduct.Kind == results.TrialStorm:
		x.peakRate = max(x.peakRate, busiest(arrivals(run.Plan)))
	case isLoad(trial):
		x.peakRate = max(x.peakRate, rateOf(trial))
	}
}

func busiest(perSecond []float64) float64 {
	most := 0.0
	for _, ten := range stats.Fold(perSecond, min(batchSeconds, len(perSecond))) {
		most = max(most, ten)
	}
	return most
}

// isLoad reports whether a trial is one of those that the answer is read from.
func isLoad(t *results.Trial) bool {
	switch t.Stage {
	case results.StageConfirm, results.StageBracket, results.StageRepeat, results.StageControl:
		return t.Conduct.Kind == results.TrialPlateau && len(t.Conduct.Segments) > 0
	}
	return false
}

func rateOf(t *results.Trial) float64 { return t.Conduct.Segments[0].Rate }

// storm is one whole storm replayed and judged.
type storm struct {
	trial results.Trial
	sum   *Summary
	last  int // second in which the last person got in
}

// judgeStorms judges every storm as a run of its own, gate V4 included.
func (x *session) judgeStorms(open OpenTrial) {
	for i := range x.trials {
		t := &x.trials[i]
		if t.Conduct.Kind != results.TrialStorm || t.Series == nil {
			continue
		}
		run, err := open(t.Name)
		if err != nil {
			continue
		}
		sum, err := judge(run, x.sc, []Gate{x.v4})
		if err != nil {
			continue
		}
		last := 0
		for second, sec := range t.Series.Seconds {
			if sec.Done > 0 {
				last = second + 1
			}
		}
		putStorm(&t.Reading, sum)
		x.storms = append(x.storms, storm{trial: t.Trial, sum: sum, last: last})
	}
}

// required are the storms of the operator's size.
func (x *session) required() []storm {
	var out []storm
	for _, s := range x.storms {
		if s.trial.Role == roleRequired {
			out = append(out, s)
		}
	}
	return out
}

const roleRequired = "required"

// choose names the trial that sections S1 to S9 describe.
func (x *session) choose() string {
	name, best, rate := "", 0, 0.0
	for i := range x.trials {
		t := &x.trials[i]
		n, r := x.rank(t), 0.0
		if n == rankHeld {
			r = rateOf(&t.Trial)
		}
		if n > best || n == best && r > rate {
			name, best, rate = t.Name, n, r
		}
	}
	return name
}

// Ranks of trials as the one to describe. Of the required storms the one that
// speaks most against the target: it is what a verdict rests on.
const (
	rankNone = iota
	rankCalibration
	rankAny
	rankHeld
	rankStorm
	rankReady
	rankUndecided
	rankNotReady
)

func (x *session) rank(t *played) int {
	switch {
	case t.Series == nil:
		return rankNone
	case t.Conduct.Kind == results.TrialStorm && t.Role != roleRequired:
		return rankStorm
	case t.Conduct.Kind == results.TrialStorm:
		switch t.Reading.State {
		case results.StateMet:
			return rankReady
		case results.StateNotMet:
			return rankNotReady
		}
		return rankUndecided
	case isLoad(&t.Trial) && t.Reading.State == results.StateMet:
		return rankHeld
	case t.Conduct.Kind == results.TrialCalibration:
		return rankCalibration
	}
	return rankAny
}

// mainSummary judges the chosen trial, or an empty morning where there is none.
func (x *session) mainSummary(open OpenTrial) (*Summary, error) {
	x.main = x.choose()
	for _, s := range x.storms {
		if s.trial.Name == x.main {
			sum := *s.sum // what follows is written over it
			return &sum, nil
		}
	}
	if x.main != "" {
		if run, err := open(x.main); err == nil {
			return judge(run, x.sc, []Gate{x.v4})
		}
	}
	return judge(x.nothing(), x.sc, []Gate{x.v4})
}

// nothing is a run that never began.
func (x *session) nothing() *results.Run {
	play, d := x.sc.Storm.Play, x.d
	p := &results.Plan{
		RunID: d.RunID, Tool: d.Tool, Name: d.Name, Target: d.Target, Start: d.Started, Seed: d.Seed, ScenarioHash: d.ScenarioHash,
		Profile: x.sc.Storm.Profile, Date: x.sc.Storm.Date, Scale: 1, InTime: x.sc.Criteria.InTime, Lang: d.Lang,
		PlayFrom: int(time.Duration(play.From) / time.Second), PlayTo: int(time.Duration(play.To) / time.Second),
	}
	if p.PlayTo <= p.PlayFrom || p.PlayTo-p.PlayFrom > maxPlay {
		p.PlayFrom, p.PlayTo = 0, 60
	}
	return &results.Run{Plan: p, Total: results.NewDelta(0), Ended: results.Ended{How: results.EndedCut}}
}

// loads groups the trials that the answer is read from, by rate, rising.
func (x *session) loads() ([]stats.LoadTrials, map[float64][]*played) {
	var tried []stats.Tried
	by := map[float64][]*played{}
	for i := range x.trials {
		t := &x.trials[i]
		if !isLoad(&t.Trial) || t.Series == nil {
			continue
		}
		rate := rateOf(&t.Trial)
		by[rate] = append(by[rate], t)
		tried = append(tried, triedOf(t))
	}
	return stats.Loads(tried), by
}

// triedOf is what a plateau says of its load.
func triedOf(t *played) stats.Tried {
	lean := t.Reading.Lean()
	return stats.Tried{
		Rate: rateOf(&t.Trial), Met: t.Reading.State == results.StateMet, NotMet: t.Reading.State == results.StateNotMet,
		LeanMet: lean == results.StateMet, LeanNot: lean == results.StateNotMet, Invalid: len(t.Reading.Gates) > 0,
	}
}

// flows are what came out of the sound trials of the search, as the search reads
// them.
func (x *session) flows() []stats.Flow {
	var out []stats.Flow
	for i := range x.trials {
		t := &x.trials[i]
		if t.Series == nil || t.Conduct.Kind != results.TrialPlateau || len(t.Reading.Gates) > 0 || !x.searched(t.Stage) {
			continue
		}
		r := &t.Reading
		f := stats.Flow{Offered: r.Offered, Goodput: stats.Estimate{
			Value: r.Goodput, Interval: stats.Interval{Lo: r.GoodputCI[0], Hi: r.GoodputCI[1]}, Sure: r.GoodputCI[1] > 0,
		}}
		from, to := t.Series.Busy(x.rest)
		f.Work = t.Series.Work(x.rest, from, to)
		x.saturated = x.saturated || len(f.Work) > 0
		out = append(out, f)
	}
	return out
}

func (x *session) searched(stage string) bool {
	return slices.Contains([]string{
		results.StageProbe, results.StageConfirm, results.StageBracket, results.StageRepeat, results.StageControl,
	}, stage)
}
