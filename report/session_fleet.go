package report

// mostTrialLosses bounds the list of a session's losses.
const mostTrialLosses = 100

// fleetOf keeps the worst of what a trial says of its fleet.
func (x *session) fleetOf(trial string, t *tally) {
	f := t.fleetSummary()
	if f == nil {
		return
	}
	if x.fleet == nil {
		x.fleet = &SessionFleet{Unkept: []string{}, Losses: []TrialLoss{}}
	}
	s := x.fleet
	s.Trials, s.Workers = s.Trials+1, max(s.Workers, t.size())
	if !f.Kept {
		s.Unkept = append(s.Unkept, trial)
		return
	}
	s.Kind = f.Kind
	if e := f.Clock.Error; e.Known() && (s.Error == "" || e.order().Cmp(s.Error.order()) > 0) {
		s.Error, s.ErrorTrial = e, trial
	}
	if d := f.Clock.Drift; d.Known() && (s.Drift == "" || d.order().Cmp(s.Drift.order()) > 0) {
		s.Drift, s.DriftTrial = d, trial
	}
	s.Lost += len(f.Losses)
	for _, l := range f.Losses[:min(len(f.Losses), max(0, mostTrialLosses-len(s.Losses)))] {
		s.Losses = append(s.Losses, TrialLoss{trial, l})
	}
}
