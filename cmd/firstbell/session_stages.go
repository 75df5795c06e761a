package main

import (
	"slices"
	"time"

	"firstbell/runner/capacity"
	"firstbell/runner/results"
)

// Why a stage of the search was not played; keys of the catalogue. Other stages
// take theirs from package capacity.
const (
	skippedQuick     = "quick"      // shortened session: planned so
	skippedNotNeeded = "not_needed" // the answer was there
	skippedNotFound  = "not_found"  // the search came to no answer
)

// stage runs one stage unless the journal says it is done or left out, and notes
// its end. A stage that is left out while it runs is not done.
func (s *session) stage(name string, work func() error) error {
	i := slices.IndexFunc(s.d.Stages, func(st results.Stage) bool { return st.Name == name })
	if i < 0 || s.d.Stages[i].Skipped != "" {
		return nil
	}
	s.say("console.stage_begins", "n", s.text.Int(i+1), "of", s.text.Int(len(s.d.Stages)), "stage", s.stageName(name),
		"time", s.d.Stages[i].Planned.Round(time.Second).String())
	if err := work(); err != nil {
		return err
	}
	s.d.Stages[i].Done = s.d.Stages[i].Skipped == ""
	return s.save()
}

// stagesAgain is stage for a part whose trials number those that follow: a part
// that was done before is asked again, and its trials answer from the journal.
func (s *session) stagesAgain(name string, work func() error) error {
	played := false
	err := s.stage(name, func() error { played = true; return work() })
	if err != nil || played || s.skipped(name) {
		return err
	}
	return work()
}

// part plays what follows a search, from trial next on. What could not be played is
// noted as not proved; and when that was all of it, the stage was left out.
func (s *session) part(name string, next int, play func() (capacity.Played, error)) (p capacity.Played, err error) {
	p.Next = next
	err = s.stagesAgain(name, func() (err error) {
		p, err = play()
		if p.Skipped != "" {
			s.unproved(name + "_" + p.Skipped)
			if len(p.Trials) == 0 {
				s.skip(name, p.Skipped)
			}
		}
		return err
	})
	return p, err
}

// markPlayed notes what a stage came to that is played within another one: why is
// the reason if no trial was needed for it, "" when the answer was there.
func (s *session) markPlayed(name, why string) {
	if why == "" {
		why = skippedNotNeeded
	}
	played := slices.ContainsFunc(s.d.Trials, func(t results.Trial) bool { return t.Stage == name })
	for i := range s.d.Stages {
		st := &s.d.Stages[i]
		switch {
		case st.Name != name:
		case played:
			st.Done, st.Skipped = true, ""
		case st.Skipped != skippedQuick:
			st.Done, st.Skipped = false, why
		}
	}
}

// leftOut is why a search leaves out what it has not played: it had its answer, or
// it came to none.
func leftOut(f *capacity.Found) string {
	switch f.Why {
	case "":
		return skippedNotNeeded
	case capacity.WhyQuota, capacity.WhyBlocked, capacity.WhyDrift:
		return f.Why
	}
	return skippedNotFound
}

// skip notes a stage that will not be played, and why.
func (s *session) skip(name, why string) {
	for i := range s.d.Stages {
		if s.d.Stages[i].Name == name && !s.d.Stages[i].Done {
			s.d.Stages[i].Skipped = why
		}
	}
}

// skipped reports whether a stage is left out, or none of this command.
func (s *session) skipped(name string) bool {
	i := slices.IndexFunc(s.d.Stages, func(st results.Stage) bool { return st.Name == name })
	return i < 0 || s.d.Stages[i].Skipped != ""
}

// skipReason is why a stage is left out, "" for one that is not.
func (s *session) skipReason(name string) string {
	for _, st := range s.d.Stages {
		if st.Name == name {
			return st.Skipped
		}
	}
	return ""
}
