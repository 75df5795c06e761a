package main

import "context"

// muster opens the fleet of a session, if it has one: every trial is played on it.
func (s *session) muster(ctx *context.Context) error {
	if s.crew.alone() {
		return nil
	}
	// What a killed session has left of its fleet is of no use: the trial it was
	// playing is played again, and its workers have stopped.
	if dir := stateDirOf(s.o.out, s.d.RunID); folderExists(dir) && !locked(dir) {
		if err := removeState(dir); err != nil {
			return err
		}
	}
	f, err := openFleet(*ctx, s.e, s.o.playOptions, s.crew, s.d.RunID)
	if err != nil {
		return err
	}
	s.fleet, s.by = f, f
	s.ctx, *ctx = f.ctx, f.ctx
	if err := f.prepare(s.whole, s.sc); err != nil {
		return err
	}
	return f.wait()
}

// dismiss closes the fleet of a session.
func (s *session) dismiss() error {
	if s.fleet == nil {
		return nil
	}
	err := s.fleet.close(true)
	s.fleet = nil
	return err
}

// maxOpen is how many connections a trial may have open: what the gate on
// descriptors allows, on the machine with the lowest limit, times the machines.
func (s *session) maxOpen() int {
	limit := s.storm.Needs.DescLimit
	if s.fleet != nil {
		for _, w := range s.fleet.coord.Status().Workers {
			if w.DescLimit > 0 {
				limit = min(limit, w.DescLimit)
			}
		}
	}
	return s.by.count() * limit * 7 / 10
}
