package report

import (
	"errors"

	"firstbell/runner/results"
	"firstbell/scenarios"
)

// OpenTrial opens the run folder of a trial by its name below trials/.
type OpenTrial func(name string) (*results.Run, error)

// JudgeDossier reads a capacity or certify session and says what it means. It is
// pure but for what open reads: the same journal and folders give the same
// Summary. open is asked once for each trial, in order.
//
// Sections S1 to S9 describe one trial, [Session.Main]: a storm of the required
// size, else any storm, else the highest plateau that held, else any trial. A
// session without a trial gives an inconclusive summary that says so.
func JudgeDossier(d *results.Dossier, open OpenTrial, sc *scenarios.Scenario) (*Summary, error) {
	if d == nil || open == nil || sc == nil {
		return nil, errors.New("judging a session: no journal or no scenario")
	}
	var main *results.Run
	for _, trial := range d.Trials {
		run, err := open(trial.Name)
		if err != nil {
			continue
		}
		main = run
	}
	if main == nil {
		main = &results.Run{Plan: &results.Plan{PlayTo: 1}, Total: results.NewDelta(0)}
	}
	s, err := Judge(main, sc)
	if err != nil {
		return nil, err
	}
	s.Run.ID = d.RunID
	s.Session = &Session{Command: d.Command, Quick: d.Quick}
	return s, nil
}
