package ent

import "time"

// speed is how fast the workers work, as a share of what they were given: the
// product of dips, drift and what is left after a collapse.
type speed struct {
	dips   Dips
	drift  Drift
	healer Healer
	dip0   time.Duration // when the first dip begins
	drift0 time.Duration // when the drift begins
	hurt   bool
	heals  time.Duration // when the hurt is over, never for never
}

// set takes over new modes at t. A collapse is healed by a change of its mode.
func (s *speed) set(m *Modes, origin time.Time, t time.Duration) {
	since := func(from time.Time) time.Duration {
		if from.IsZero() {
			return t
		}
		return from.Sub(origin)
	}
	if m.Dips != s.dips {
		s.dips, s.dip0 = m.Dips, since(m.Dips.From)
	}
	if m.Drift != s.drift {
		s.drift, s.drift0 = m.Drift, since(m.Drift.From)
	}
	if m.Healer != s.healer {
		s.healer, s.hurt = m.Healer, false
	}
}

// queued and waited are told of the number of waiting jobs and of the wait of the
// one whose service begins: too much of either hurts.
func (s *speed) queued(n int, t time.Duration) {
	if h := s.healer; h.Queue > 0 && n > h.Queue {
		s.collapse(t)
	}
}

func (s *speed) waited(d, t time.Duration) {
	if h := s.healer; h.Delay > 0 && d > h.Delay {
		s.collapse(t)
	}
}

func (s *speed) collapse(t time.Duration) {
	s.hurt, s.heals = true, never
	if s.healer.For > 0 {
		s.heals = t + s.healer.For
	}
}

// now gives the speed at t, dips aside.
func (s *speed) now(t time.Duration) float64 {
	v := 1 - s.drift.Share*s.drift.progress(t-s.drift0)
	if s.hurt && t < s.heals {
		v *= s.healer.Share
	}
	return v
}

// finish gives the instant at which work begun at t is done. Dips are followed
// exactly; the slower changes have their value of the beginning.
func (s *speed) finish(t, work time.Duration) time.Duration {
	if v := s.now(t); v != 1 {
		work = time.Duration(float64(work) / v)
	}
	d := s.dips
	if d.Share == 0 || d.Length == 0 {
		return t + work
	}
	if t < s.dip0 {
		if t+work <= s.dip0 {
			return t + work
		}
		work -= s.dip0 - t
		t = s.dip0
	}
	// Of a period, (1-share)·length is worked in the dip and the rest after it.
	slow := float64(d.Length) * (1 - d.Share)
	period := slow + float64(d.Every-d.Length)
	in := (t - s.dip0) % d.Every
	start := t - in
	done := float64(work) // counted from the start of the period
	if in < d.Length {
		done += float64(in) * (1 - d.Share)
	} else {
		done += slow + float64(in-d.Length)
	}
	whole := int64(done / period)
	done -= float64(whole) * period
	start += time.Duration(whole) * d.Every
	if done < slow {
		return start + time.Duration(done/(1-d.Share))
	}
	return start + d.Length + time.Duration(done-slow)
}

// progress says how much of the drift has happened d after its start.
func (d Drift) progress(since time.Duration) float64 {
	switch {
	case d.Share == 0 || since < 0:
		return 0
	case since >= d.Over:
		return 1
	}
	return since.Seconds() / d.Over.Seconds()
}
