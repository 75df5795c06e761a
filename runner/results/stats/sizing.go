package stats

import "math"

// StepRate is what one step can do.
type StepRate struct {
	Rate   float64 // capacity of the step alone, times per second; an interval's lower end to be careful
	Visits float64 // times that a login passes it
}

// Logins is the logins per second that the step alone would allow, C÷v; +Inf for
// a step that logins do not pass.
func (s StepRate) Logins() float64 {
	if !(s.Visits > 0) {
		return math.Inf(1)
	}
	return s.Rate / s.Visits
}

// Weakest gives the steps that allow the fewest logins and the next fewest, as
// indices; -1 where there is none (Denning and Buzen, "The operational analysis of
// queueing network models", ACM Computing Surveys 10, 1978: forced flow). The
// second is the ceiling once the first has been mended.
func Weakest(steps []StepRate) (first, second int) {
	first, second = -1, -1
	for i, s := range steps {
		logins := s.Logins()
		if !finite(logins) {
			continue
		}
		switch {
		case first < 0 || logins < steps[first].Logins():
			first, second = i, first
		case second < 0 || logins < steps[second].Logins():
			second = i
		}
	}
	return first, second
}

// Shares of the weakest step that a quota may let through.
const (
	quotaLow  = 0.75
	quotaHigh = 0.85
)

// Admission is a quota that keeps the portal inside its time limit, and what it
// costs.
type Admission struct {
	Low, High float64 // admissions per second: 0.75 and 0.85 of the weakest step
	Step      int     // index of the weakest step
	// CostLow and CostHigh are the seconds until everybody is in at Low and at
	// High: N ÷ q.
	CostLow, CostHigh float64
}

// QuotaFor is the quota for people in all, q ≤ 0.75 to 0.85 · min(C_k ÷ v_k): far
// enough from saturation that the waits behind the door stay short whatever
// queues there (0.85 of M/M/c keeps the mean wait under 7 services divided by
// c). ok is false without a step that has a capacity.
func QuotaFor(steps []StepRate, people float64) (a Admission, ok bool) {
	first, _ := Weakest(steps)
	if first < 0 || !(steps[first].Logins() > 0) {
		return Admission{Step: -1}, false
	}
	c := steps[first].Logins()
	a = Admission{Low: quotaLow * c, High: quotaHigh * c, Step: first}
	a.CostLow, a.CostHigh = EveryoneIn(people, a.Low, 0), EveryoneIn(people, a.High, 0)
	return a, true
}

// EveryoneIn is the fewest seconds in which people logins can be done at rate per
// second when each of them asks 1 + refreshes times: N(1+R) ÷ C. 500,000 at 1,000
// per second: 8 min 20 s; 25 min with two refreshes each. +Inf without a rate.
func EveryoneIn(people, rate, refreshes float64) float64 {
	if !(people > 0) {
		return 0
	}
	if !(rate > 0) {
		return math.Inf(1)
	}
	return float64(people*(1+math.Max(0, refreshes))) / rate
}

// mostSlotsOfTime bounds [TimeSlots].
const mostSlotsOfTime = 1000

// TimeSlots is into how many equal parts, each a storm of its own, required
// people must be split for each to be no more than the held ones: ⌈N ÷ N*⌉. 0
// when nothing is held, or more than 1,000 would be needed.
func TimeSlots(required, held float64) int {
	if !(required > 0) {
		return 1
	}
	n := math.Ceil(required / held)
	if !(held > 0) || !(n <= mostSlotsOfTime) {
		return 0
	}
	return max(1, int(n))
}
