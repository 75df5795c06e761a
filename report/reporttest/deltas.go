package reporttest

import (
	"time"

	"firstbell/runner/results"
)

// deltas gives, of each worker, one delta per second of the run: who was due in a
// second is settled in the same delta, which the format allows and the report may
// not notice.
func (s *Spec) deltas(d *dealer) [][]*results.Delta {
	end := int(s.Ended.At / time.Second)
	if s.Ended.How == results.EndedCut && end == 0 {
		end = s.Play / 2
	}
	all := make([][]*results.Delta, d.Workers)
	for w := range all {
		all[w] = make([]*results.Delta, end)
		for second := range all[w] {
			all[w][second] = results.NewDelta(uint32(w))
			all[w][second].Written = int32(second)
		}
	}
	for second := range s.Play {
		for g := range s.Groups {
			s.second(d, all, second, g)
		}
	}
	for w, deltas := range all {
		s.healthOf(d, w, deltas)
	}
	for _, x := range s.Signs {
		if second := int(x.At / time.Second); second < end {
			all[0][second].AddSign(x)
		}
	}
	return all
}

// healthOf gives one worker its record of each second.
func (s *Spec) healthOf(f *dealer, worker int, deltas []*results.Delta) {
	inside := 0
	for second, d := range deltas {
		h := results.Health{
			Second: second, CPU: 0.2, Descriptors: 200, DescLimit: 1024, Ports: 100, PortLimit: 28000,
			BytesIn: 100_000, BytesOut: 20_000, Hiccup: time.Millisecond, InFlight: 40, Waiting: 3,
		}
		if s.Conduct != nil {
			inside += moved(d)
			h.InFlight, h.Waiting = inside, 0
			d.AddGauge(results.Gauge{Second: int32(second), Step: 1, People: uint32(inside)})
		}
		kept := s.Health == nil || s.Health(second, &h)
		if f.Health != nil {
			kept = f.Health(worker, second, &h) && kept
		}
		if kept {
			d.AddHealth(h)
		}
	}
}

// moved is how many more people are on their way after a second than before it.
func moved(d *results.Delta) (n int) {
	for _, k := range d.Starts {
		n += int(k)
	}
	for c, k := range d.People {
		if c.Outcome != results.NotSent {
			n -= int(k)
		}
	}
	return n
}

// settles is the delta in which somebody due in a second settles.
func (s *Spec) settles(out []*results.Delta, second int, at time.Duration) *results.Delta {
	if s.Conduct != nil {
		second = max(second, int(at/time.Second))
	}
	return out[min(second, len(out)-1)]
}

func (s *Spec) second(d *dealer, all [][]*results.Delta, second, group int) {
	for _, x := range s.Mix(second, group) {
		for i := range x.N {
			at := time.Duration(second)*time.Second + time.Duration(i)*time.Second/time.Duration(x.N)
			w, cut, back := d.deal(at)
			if w < 0 || second >= len(all[w]) {
				continue
			}
			one := x
			if d.Delay != nil {
				one.Delay += d.Delay(w, second)
			}
			switch left := cut >= 0 && at+one.Took >= cut && one.Outcome != results.NotSent; {
			case left && back: // it says itself whom it had to leave
				one = People{N: 1, Outcome: results.Unfinished, Reason: results.ReasonInFlight, Took: max(0, cut-at), Delay: one.Delay}
			case left:
				one.Open = true
			}
			s.person(all[w], second, one, group, at)
		}
	}
}

func (s *Spec) person(out []*results.Delta, second int, x People, group int, at time.Duration) {
	if x.Unsent {
		return
	}
	d := out[second]
	if x.Outcome == results.NotSent {
		if x.Pulled {
			d.AddStart(results.Start{Group: group, Intended: at, Sent: at})
		}
		d.AddAttempt(results.Attempt{Group: group, Number: 1, Intended: at, Outcome: x.Outcome, Reason: x.Reason, Left: x.Pulled})
		d.AddPerson(results.Person{Group: group, Intended: at, Outcome: x.Outcome, Reason: x.Reason, Attempts: 1, Left: x.Pulled})
		return
	}
	d.AddStart(results.Start{Group: group, Intended: at, Sent: at + x.Delay + 200*time.Microsecond})
	if x.Later > 0 {
		d.AddLater(at+time.Second, at+time.Second+x.Later)
	}
	if x.Open {
		return
	}
	d = s.settles(out, second, at+x.Took)
	tries := max(1, x.Tries)
	for n := 1; n <= tries; n++ {
		clicked := at + time.Duration(n-1)*3*time.Second
		if n > 1 {
			d.AddAttemptStart(group, clicked)
		}
		a := results.Attempt{Group: group, Number: n, Intended: clicked, Ended: clicked + x.Took, Outcome: x.Outcome, Reason: x.Reason}
		if n < tries {
			a.Outcome, a.Reason = results.Timeout, results.ReasonImpatient
		}
		d.AddAttempt(a)
		s.steps(d, x, group, a)
	}
	p := results.Person{
		Group: group, Intended: at, Settled: at + x.Took, Outcome: x.Outcome, Reason: x.Reason, Attempts: tries,
		OwnTime: 7 * time.Second, Waited: x.Waited, GaveUp: x.GaveUp, MidWorkLoss: x.MidWork, ClassLost: x.Lost,
	}
	if x.Outcome == results.InTime || x.Outcome == results.Late {
		p.TimeToClass = x.Took
	}
	d.AddPerson(p)
}

// steps gives an attempt its two steps and their exchanges: the first is quick
// and good, the second ends like the attempt.
func (s *Spec) steps(d *results.Delta, x People, group int, a results.Attempt) {
	first := results.Sample{Step: 0, Group: group, Intended: a.Intended, Sent: a.Intended, Done: a.Intended + 80*time.Millisecond, Outcome: results.InTime}
	d.AddStep(first)
	second := results.Sample{Step: 1, Group: group, Intended: first.Done, Sent: first.Done, Done: max(a.Ended, first.Done), Outcome: a.Outcome, Reason: a.Reason}
	if a.Outcome == results.Late {
		second.Outcome = results.InTime
	}
	d.AddStep(second)
	for i, sample := range []results.Sample{first, second} {
		h := results.Hop{
			Step: i, Number: 1, Status: 200, Reused: i > 0, At: sample.Sent, Intended: sample.Intended,
			FirstByte: (sample.Done - sample.Sent) * 9 / 10, Body: (sample.Done - sample.Sent) / 10, BytesIn: 4000, BytesOut: 500,
		}
		if i == 0 {
			h.DNS, h.Connect, h.TLS = time.Millisecond, 2*time.Millisecond, 5*time.Millisecond
		}
		if sample.Outcome == results.Timeout || sample.Outcome == results.Unreachable {
			h.Status = 0
		}
		d.AddHop(h)
	}
}
