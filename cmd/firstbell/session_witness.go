package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"firstbell/runner/results"
	"firstbell/runner/witness"
	"firstbell/scenarios"
)

// controlBase is how long the control address is watched before the first load:
// its p95 of then is what all later ones are held against.
const controlBase = 30 * time.Second

// reserved sets accounts aside for the witness: 30 per persona, fewer when there
// are few.
func reserved(sc *scenarios.Scenario) (rest *scenarios.Scenario, own map[string][]int, err error) {
	for _, k := range []int{witnessAccounts, witnessAccounts / 3, 1} {
		if rest, own, err = witness.Reserve(sc, k); err == nil {
			return rest, own, nil
		}
	}
	return nil, nil, &userError{exit: exitUsage, code: "FB0203", what: "there is no account to spare for the witness", why: err.Error(),
		fix: "add an account, or leave out --witness", cause: err}
}

// watched starts the witness and the control prober that were asked for, before
// the first load; the returned function ends them.
func (s *session) watched(ctx context.Context) (stop func(), err error) {
	if !s.o.witness && s.o.control == "" {
		return func() {}, nil
	}
	s.witness, err = startWitness(s.e, s.whole, witnessOrders{
		RunID: s.d.RunID, Seed: s.d.Seed, Accounts: s.own, Limit: s.d.Settings.Limit, Control: s.o.control,
	})
	if err != nil {
		return nil, &userError{exit: exitRefused, code: "FB0203", what: "nobody can watch beside the load", why: err.Error(),
			fix: "leave out --witness and --control, or have the control address's host consent", cause: err}
	}
	if s.o.witness && s.d.Witness == nil {
		s.d.Witness = &results.Witness{Trials: []results.Beheld{}}
	}
	if s.o.control != "" && s.d.Control == nil {
		if err := s.controlBefore(ctx); err != nil {
			s.witness.stop()
			return nil, err
		}
	}
	return s.witness.stop, nil
}

// controlBefore watches the control address while nothing is loaded.
func (s *session) controlBefore(ctx context.Context) error {
	s.d.Control = &results.Control{URL: s.o.control, Trials: []results.Beheld{}}
	s.beginWatch("base")
	if err := pause(ctx, controlBase); err != nil {
		return err
	}
	if _, control := s.endWatch(); control != nil {
		s.d.Control.Base = *control
	}
	return s.save()
}

// watchedTrial notes what the probers see while a trial is played.
func (s *session) watchedTrial(name string, play func() error) error {
	if s.witness == nil {
		return play()
	}
	s.beginWatch(name)
	err := play()
	logins, control := s.endWatch()
	if err != nil {
		return err
	}
	if logins != nil {
		s.d.Witness.Trials = seenOnce(s.d.Witness.Trials, *logins)
	}
	if control != nil {
		s.d.Control.Trials = seenOnce(s.d.Control.Trials, *control)
	}
	return nil
}

// seenOnce adds what was seen of a trial; what was seen of one of the same name
// that was set aside goes.
func seenOnce(list []results.Beheld, b results.Beheld) []results.Beheld {
	list = slices.DeleteFunc(list, func(old results.Beheld) bool { return old.Trial == b.Trial })
	return append(list, b)
}

// beginWatch and endWatch: a witness that has ended is said once, and the
// session goes on without; the trials it missed are missing from its table.
func (s *session) beginWatch(name string) {
	if s.witness != nil {
		s.lost(s.witness.begin(name))
	}
}

func (s *session) endWatch() (logins, control *results.Beheld) {
	if s.witness == nil {
		return nil, nil
	}
	logins, control, err := s.witness.end()
	s.lost(err)
	return logins, control
}

func (s *session) lost(err error) {
	if err == nil {
		return
	}
	fmt.Fprintln(s.e.stderr, plainLine(err.Error()))
	s.witness.stop()
	s.witness = nil
}
