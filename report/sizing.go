package report

import (
	"math"

	"firstbell/runner/results/stats"
)

// sizing answers the questions of size by a model, each with its formula, what
// it takes for granted, and the replayed value where there is one. Without a
// capacity every answer is refused; without trials nothing is asked.
func (x *session) sizing(s *Summary) []Answer {
	people := float64(max(0, x.d.Required.People))
	switch {
	case !(people > 0) || s.Capacity.Status == Unmeasured:
		return []Answer{}
	case !x.saturation.Sure || !(x.saturation.Value > 0):
		return x.unanswered("no_capacity")
	case !x.saturated:
		return x.unsaturated(s, people)
	}
	return []Answer{x.untilEveryoneIn(), x.quotaAnswer(people), x.slots(s, people), x.nodes(s, people), x.uniform(people)}
}

// unsaturated are the questions when the search saw no saturation: what was
// offered, and done, bounds the capacity from below only, and no quota or time
// is made of that. Morning against morning still counts where one was held.
func (x *session) unsaturated(s *Summary, people float64) []Answer {
	out := x.unanswered("not_saturated")
	if s.Capacity.Storm.Range.Low.Known() {
		out[2], out[3] = x.slots(s, people), x.nodes(s, people)
	}
	return out
}

// unanswered are the questions, and why there is no capacity to answer them from.
func (x *session) unanswered(why string) []Answer {
	none := []Claim{}
	in := Answer{Key: "everyone_in", Unit: "s", Format: FormatDuration, Refused: why, Assumptions: none}
	in.Replayed, in.Trial = x.everyoneIn()
	nodes := Answer{Key: "nodes", Unit: "nodes", Format: FormatCount, Refused: why, Assumptions: none}
	if x.d.Servers > 0 {
		nodes.Key, nodes.Unit = "servers", "servers"
	}
	return []Answer{
		in, {Key: "quota", Unit: "logins/s", Format: FormatCount, Refused: why, Assumptions: none},
		{Key: "slots", Unit: "slots", Format: FormatCount, Refused: why, Assumptions: none},
		nodes,
	}
}

func assume(keys ...string) []Claim {
	out := make([]Claim, len(keys))
	for i, k := range keys {
		out[i] = Claim{Key: "assume_" + k}
	}
	return out
}

// fluid is the scenario's own storm before the capacity measured.
func (x *session) fluid() stats.Storm {
	return Prediction{Arrivals: x.curve, Saturation: x.saturation, Overload: x.overload, Rest: x.rest}.storm()
}

// untilEveryoneIn: how long from the bell until the last person is in, when
// everybody waits (the worst case, the value) and when people give up as the
// scenario says.
func (x *session) untilEveryoneIn() Answer {
	a := Answer{
		Key: "everyone_in", Unit: "s", Format: FormatDuration, Formula: StormFormula,
		Assumptions: assume("steady_capacity", "first_come", "patient", "leaving", "own_pauses"),
	}
	a.Replayed, a.Trial = x.everyoneIn()
	if len(x.curve) == 0 {
		a.Refused = "no_curve"
		return a
	}
	patient := x.fluid()
	leaving := patient
	leaving.Gone = x.gone()
	all, some := x.lastIn(patient), x.lastIn(leaving)
	a.Value, a.Low, a.High = rounded(all, 0), rounded(min(all, some), 0), rounded(max(all, some), 0)
	return a
}

// lastIn is when the last of those who get in is in, seconds after the bell: when
// nobody waits any more, or when the last one has typed.
func (x *session) lastIn(s stats.Storm) float64 {
	return max(0, max(s.Play(1).EveryoneIn, x.lastClick())-float64(x.bell()))
}

// gone is the share of people who have left for good after so many seconds: a
// geometric number of tries, each as long as half of the people wait, and the
// hard stop. nil: nobody leaves.
func (x *session) gone() func(float64) float64 {
	p := &x.sc.Patience
	wait := p.Wait.Median.Seconds()
	if p.None || p.Tries <= 0 || !(wait > 0) {
		return nil
	}
	return func(waited float64) float64 {
		stay := math.Exp2(-waited / wait / float64(p.Tries))
		switch {
		case p.LateStop > 0 && waited >= p.LateStop.Seconds():
			stay = 0
		case p.HardStop > 0 && waited >= p.HardStop.Seconds():
			stay = math.Min(stay, p.LateShare)
		}
		return 1 - stay
	}
}

// quotaAnswer: the admission rate that keeps the criterion, and its price: when
// the last one is in if the whole morning queues before the quota, at least N ÷ q.
func (x *session) quotaAnswer(people float64) Answer {
	door, ok := stats.QuotaFor([]stats.StepRate{{Rate: x.saturation.Lo, Visits: 1}}, people)
	if !ok {
		return Answer{Key: "quota", Unit: "logins/s", Format: FormatCount, Refused: "no_capacity", Assumptions: []Claim{}}
	}
	q := (door.Low + door.High) / 2
	cost := stats.EveryoneIn(people, q, 0)
	if len(x.curve) > 0 {
		before := x.fluid()
		before.Capacity, before.Visits, before.Scatter = q, nil, 0
		cost = x.lastIn(before)
	}
	return Answer{
		Key: "quota", Unit: "logins/s", Format: FormatCount, Formula: "q = 0.80 · min(C_k ÷ v_k);  N ÷ q",
		Value: rounded(q, 3), Low: rounded(door.Low, 3), High: rounded(door.High, 3), Cost: rounded(cost, 0),
		Assumptions: assume("steady_capacity", "quota_in_front"),
	}
}

// slots: into how many groups, one after the other, the people must be split so
// that each is a storm the target holds.
func (x *session) slots(s *Summary, people float64) Answer {
	a := Answer{
		Key: "slots", Unit: "slots", Format: FormatCount, Formula: "⌈N ÷ N*⌉",
		Assumptions: assume("same_curve", "between_slots"),
	}
	held, trial := x.heldPeople(&s.Capacity.Storm)
	if !(held > 0) {
		a.Refused = "no_capacity"
		return a
	}
	n := stats.TimeSlots(people, held)
	if n == 0 {
		a.Refused = "many_slots"
		return a
	}
	a.Value, a.Trial = rounded(float64(n), 0), trial
	return a
}

// farthest is the factor beyond which nothing is extrapolated: from sizes up to
// one, the law of scaling is 15 to 27 % off at twice of it.
const farthest = 2.0

// nodes: how many times today's servers, of the step that isolation names, when
// nobody said how many there are. The answer is the least it can be, as if servers
// added up.
func (x *session) nodes(s *Summary, people float64) Answer {
	if x.d.Servers > 0 {
		return x.servers(s, people)
	}
	a := Answer{Key: "nodes", Unit: "nodes", Format: FormatCount, Formula: "N ÷ N*", Assumptions: []Claim{}}
	held, _ := x.heldPeople(&s.Capacity.Storm)
	need := people / held
	switch {
	case !(held > 0):
		a.Refused = "no_capacity"
	case need <= 1:
		a.Value = "1"
	default:
		a.Assumptions = assume("linear_bound", "no_servers")
		a = bounded(a, need, math.Ceil(need*100)/100, &s.Attribution)
	}
	return a
}

// secondCapacity is the step that would limit next.
func secondCapacity(a *Attribution) *StepCapacity {
	steps := make([]stats.StepRate, len(a.Isolation))
	for i := range a.Isolation {
		if low := a.Isolation[i].Logins.Low; low.Known() {
			steps[i] = stats.StepRate{Rate: low.Float(), Visits: 1}
		}
	}
	first, next := stats.Weakest(steps)
	if first >= 0 && a.Isolation[first].Step != a.Step {
		next = first
	}
	if next < 0 {
		return nil
	}
	return &a.Isolation[next]
}

// uniform is the worked example: nobody can be in sooner than N ÷ C however even
// the arrivals, and three times that when everybody asks twice more.
func (x *session) uniform(people float64) Answer {
	least, asking := stats.EveryoneIn(people, x.saturation.Value, 0), stats.EveryoneIn(people, x.saturation.Value, 2)
	return Answer{
		Key: "uniform", Unit: "s", Format: FormatDuration, Formula: "N ÷ C;  N · (1 + R) ÷ C, R = 2",
		Value: rounded(least, 0), Low: rounded(least, 0), High: rounded(asking, 0),
		Assumptions: assume("steady_capacity", "even_arrivals"),
	}
}
