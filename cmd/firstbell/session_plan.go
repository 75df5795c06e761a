package main

import (
	"fmt"
	"slices"
	"time"

	"firstbell/runner/capacity"
	"firstbell/runner/results"
)

// quickTime is the most a quick session takes.
const quickTime = 25 * time.Minute

// Estimates of what a plan cannot know before it is played.
const (
	smokeTime    = 30 * time.Second
	calibrations = 10               // loads
	quickLoads   = 6                // loads of a quick calibration
	idleAgain    = 20 * time.Second // for a target to be idle after a load it did not hold
	probeTime    = 2 * time.Minute
	stormSeeds   = 3
	stormSizes   = 3
)

// planStages says what the session is going to play, and for how long at most.
// A quick one leaves out what does not fit its 25 minutes, the least telling
// first, and notes it as not proved.
func (s *session) planStages() {
	st := s.d.Settings
	plateau := s.trialTime(st.Warmup + st.Plateau)
	s.d.Stages = []results.Stage{
		{Name: results.StageSmoke, Planned: smokeTime},
		{Name: results.StageCalibration, Planned: s.calibrationTime()},
		{Name: results.StageProbe, Planned: probeTime + s.sc.OwnTime()},
		{Name: results.StageConfirm, Planned: 2 * plateau},
		{Name: results.StageBracket, Planned: s.searchTime() - probeTime - 2*plateau},
		{Name: results.StageRepeat, Planned: time.Duration(2*st.Repeats) * plateau},
		{Name: results.StageControl, Planned: plateau},
	}
	if s.command == "certify" {
		s.addStage(results.StageIsolation, s.isolationTime())
		s.addStage(results.StageOnset, s.trialTime(30*time.Second+max(time.Minute, st.Plateau)))
	}
	s.addStage(results.StageStorm, s.stormsTime())
	if s.command == "certify" {
		s.addStage(results.StageRecovery, s.recoveryTime())
	}
	if s.o.quick {
		s.fitQuick()
	}
}

func (s *session) addStage(name string, planned time.Duration) {
	s.d.Stages = append(s.d.Stages, results.Stage{Name: name, Planned: planned})
}

// trialTime is one trial with the way back to idle and the rest after it.
func (s *session) trialTime(load time.Duration) time.Duration {
	return load + s.sc.OwnTime() + idleAgain + rest
}

func (s *session) calibrationTime() time.Duration {
	loads := calibrations
	if s.o.quick {
		loads = quickLoads
	}
	return time.Duration(loads) * (12*time.Second + s.sc.OwnTime())
}

func (s *session) searchTime() time.Duration { return capacity.Budget(s.o.quick) }

// isolationTime counts the preparation too: at 0.6 of the capacity for a load
// of 1.5 of it, two and a half times the trial's own length.
func (s *session) isolationTime() time.Duration {
	each, seeds := 70*time.Second, stormSeeds
	if s.o.quick {
		each, seeds = 35*time.Second, 1
	}
	steps := len(stepsAlone(s.sc))
	prepared := time.Duration(max(0, steps-1)) * (each*5/2 + 10*time.Second)
	return time.Duration(seeds) * (time.Duration(steps)*s.trialTime(each) + prepared)
}

// oneStorm is a whole morning with its drain, which is over when everybody is
// settled.
func (s *session) oneStorm() time.Duration {
	return time.Duration(s.storm.PlayTo-s.storm.PlayFrom)*time.Second + s.drain()/2 + rest
}

// drain is a trial's: without what a run waits longer for those who type slowly.
func (s *session) drain() time.Duration { return s.storm.Drain - s.sc.Limits.Typing }

func (s *session) stormsTime() time.Duration {
	if s.o.quick {
		return s.oneStorm()
	}
	return stormSizes * stormSeeds * s.oneStorm()
}

func (s *session) recoveryTime() time.Duration {
	if s.o.quick {
		return s.trialTime(4*time.Minute+30*time.Second) + s.trialTime(35*time.Second)
	}
	return 3 * (s.trialTime(33*time.Minute) + s.trialTime(70*time.Second))
}

// total is what the stages that will be played take at most.
func (s *session) total() time.Duration {
	var sum time.Duration
	for _, st := range s.d.Stages {
		if st.Skipped == "" {
			sum += st.Planned
		}
	}
	return sum
}

// fitQuick skips stages until the session fits its time.
func (s *session) fitQuick() {
	s.unproved("quick")
	s.unproved("repeats")
	s.skip(results.StageRepeat, skippedQuick)
	if s.command == "certify" {
		s.drop(results.StageOnset)
	}
	for _, name := range []string{results.StageRecovery, results.StageIsolation, results.StageStorm} {
		if s.total() > quickTime {
			s.drop(name)
		}
	}
}

// left is what a quick session still has of its time, by the trials in the
// journal of the stages that are not among the later ones.
func (s *session) left(later ...string) time.Duration {
	left := quickTime - smokeTime
	for _, t := range s.d.Trials {
		if !slices.Contains(later, t.Stage) {
			left -= t.Ended.Sub(t.Started) + rest
		}
	}
	return left
}

// fullStorm is a morning whose drain lasts to its end, because people were still
// waiting.
func (s *session) fullStorm() time.Duration {
	return time.Duration(s.storm.PlayTo-s.storm.PlayFrom)*time.Second + s.drain() + rest
}

// onlyRequired reports whether a quick session has time for the required storm
// alone, the recovery kept free. What was played before decides, so that a
// session taken up again decides the same.
func (s *session) onlyRequired() bool {
	if !s.o.quick {
		return false
	}
	return s.left(results.StageStorm, results.StageRecovery)-s.keptForRecovery() < (stormSizes+1)*s.fullStorm()
}

// keptForRecovery is the time a recovery still needs, if one is to follow.
func (s *session) keptForRecovery() time.Duration {
	if s.skipped(results.StageRecovery) {
		return 0
	}
	return s.recoveryTime()
}

// dropLate skips a stage of a quick session that took longer than planned up to
// there; keep is the time of what must still follow.
func (s *session) dropLate(name string, keep time.Duration) {
	i := slices.IndexFunc(s.d.Stages, func(st results.Stage) bool { return st.Name == name })
	if !s.o.quick || i < 0 || s.d.Stages[i].Skipped != "" {
		return
	}
	var later []string
	for _, st := range s.d.Stages[i:] {
		later = append(later, st.Name)
	}
	if s.left(later...)-keep < s.d.Stages[i].Planned {
		s.drop(name)
	}
}

// drop leaves stages out of a quick session, and says so.
func (s *session) drop(stages ...string) {
	for _, name := range stages {
		s.skip(name, skippedQuick)
		s.unproved(name)
	}
}

// tellPlan prints what is about to be played, before anything is sent.
func (s *session) tellPlan() {
	s.say("console.plan", "command", s.command, "target", s.d.Target, "people", s.text.Int(s.d.Required.People),
		"rate", oneDecimal(s.text, s.d.Required.PeakRate), "time", minutes(s.total()))
	for _, st := range s.d.Stages {
		if st.Planned <= 0 && st.Skipped == "" {
			continue
		}
		if st.Skipped != "" {
			s.say("console.stage_skipped", "stage", s.stageName(st.Name), "why", s.text.Word("skipped", st.Skipped))
			continue
		}
		s.say("console.stage", "stage", s.stageName(st.Name), "time", minutes(st.Planned))
	}
	if s.o.reset != "" {
		s.say("console.reset_plan", "time", s.o.resetTimeout.String())
	}
	s.say("console.folder", "dir", s.dir)
}

// minutes prints a duration people plan with: "7 min".
func minutes(d time.Duration) string {
	if d < time.Minute {
		return fmt.Sprintf("%d s", int(d.Round(time.Second)/time.Second))
	}
	return fmt.Sprintf("%d min", int((d+30*time.Second)/time.Minute))
}
