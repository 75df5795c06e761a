package report

import (
	"errors"
	"time"

	"firstbell/runner/results"
	"firstbell/scenarios"
)

// OpenTrial opens the run folder of a trial by its name below trials/.
type OpenTrial = func(name string) (*results.Run, error)

// JudgeDossier reads a capacity or certify session and says what it means. It is
// pure but for what open reads: the same journal and folders give the same
// Summary, whose texts are [Legible]. open is asked for each trial in order, and for
// one of them once more. A trial that cannot be opened is listed with nothing in it, and forbids ready.
//
// Sections S1 to S9 describe one trial, [Session.Main]: a storm of the required
// size, else any storm, else the highest plateau that held, else any trial. A
// session without a trial gives an inconclusive summary that says so.
//
// readings are the target's own, as [ParseReadings] gives them; nil for none.
func JudgeDossier(d *results.Dossier, open OpenTrial, sc *scenarios.Scenario, readings []Reading) (*Summary, error) {
	if d == nil || open == nil || sc == nil {
		return nil, errors.New("judging a session: no journal or no scenario")
	}
	x := readSession(d, open, sc)
	x.v4 = x.calibrated()
	x.judgeStorms(open)
	s, err := x.mainSummary(open)
	if err != nil {
		return nil, err
	}
	x.target.judge(s.Validity)
	x.describe(s)
	s.Capacity = x.capacity()
	s.Attribution = attributionOf(x.trials, d, x.saturation)
	x.bySize(&s.Attribution, &s.Capacity)
	corroborated(&s.Attribution, x.trials, readings)
	x.intervened(&s.Attribution, &s.Capacity)
	s.Session.Sizes = x.sizeRows(&s.Capacity)
	s.Recovery = recoveryOf(x.trials, knownFrom(x.trials, x.saturation), sc)
	s.Sizing = x.sizing(s)
	s.Verdict = x.verdict(s)
	s.Verdict.Actions = x.actions(s)
	return s.legible(), nil
}

// describe fills what was played, and when.
func (x *session) describe(s *Summary) {
	d := x.d
	s.Run.ID, s.Run.Started = d.RunID, d.Started.Format(time.RFC3339)
	s.Run.EndedAs, s.Run.Ended, s.Run.EndedCause = string(results.EndedCut), "", ""
	if d.Ended != nil {
		s.Run.EndedAs, s.Run.EndedCause = string(d.Ended.How), d.Ended.Cause
		if !d.Ended.Wall.IsZero() {
			s.Run.Ended = d.Ended.Wall.Format(time.RFC3339)
		}
	}
	s.Session = &Session{
		Command: d.Command, Quick: d.Quick, Window: Span{secondOf(x.sc.Storm.Play.From), secondOf(x.sc.Storm.Play.To)}, Stages: nonNil(d.Stages), Resumed: nonNil(d.Resumed), Cold: coldStart(d), Unproved: nonNil(d.Unproved),
		Calibration: d.Calibration, Witness: d.Witness, Control: d.Control, SynLadder: nonNil(d.SynLadder),
		Trials: x.rows(), Main: x.main, Checks: x.checks(), Fleet: x.fleet,
	}
}

// coldStart counts the trials that want a target at rest, and those that had one.
func coldStart(d *results.Dossier) ColdStart {
	out := ColdStart{Resets: []Reset{}}
	var longest time.Duration
	before := map[string]bool{}
	for _, r := range d.Resets {
		row := Reset{Trial: r.Trial, Took: seconds(r.Took), Failed: r.Failed}
		if r.Failed == "" {
			before[r.Trial] = true
			row.Answered, longest = seconds(r.Answered), max(longest, r.Answered)
			out.Longest = seconds(longest)
		}
		out.Resets = append(out.Resets, row)
	}
	for _, t := range d.Trials {
		if t.Conduct.Kind == results.TrialStorm || t.Conduct.Kind == results.TrialRecovery {
			out.Needed++
			if before[t.Name] {
				out.Reset++
			}
		}
	}
	return out
}

func (x *session) rows() []TrialRow {
	out := make([]TrialRow, len(x.trials))
	for i := range x.trials {
		t := &x.trials[i]
		out[i] = TrialRow{
			Name: t.Name, Stage: t.Stage, Kind: string(t.Conduct.Kind), Role: t.Role, State: results.StateUndecided, Gates: []string{},
			EndedAs: string(results.EndedCut),
		}
		if t.Series == nil {
			continue
		}
		r := &out[i]
		r.State, r.Gates, r.EndedAs = t.Reading.State, nonNil(t.Reading.Gates), string(t.Series.Ended.How)
		r.Seconds = rounded(t.Series.Due().Seconds(), 1)
		for _, sec := range t.Series.Seconds {
			r.People += uint64(sec.Intended)
		}
		if n := len(t.Conduct.Segments); n > 0 {
			r.Rate = rounded(t.Conduct.Segments[n-1].Rate, 4)
		}
	}
	return out
}

// secondOf is a time of the morning in whole seconds since midnight.
func secondOf(t scenarios.TimeOfDay) int { return int(time.Duration(t) / time.Second) }
