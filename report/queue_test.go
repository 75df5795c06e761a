package report

import (
	"container/heap"
	"math"
	"math/rand/v2"
	"time"

	"firstbell/runner/results"
)

// queue is a first-come first-served station of c servers, started empty: the
// known truth that readings are held against.
type queue struct {
	servers int
	mean    float64                      // mean service time, s
	draw    func(r *rand.Rand) float64   // of mean 1; nil: exponential
	speed   func(second float64) float64 // of the servers; nil: 1
}

func (q queue) capacity() float64 { return float64(q.servers) / q.mean }

type freeTimes []float64

func (f freeTimes) Len() int           { return len(f) }
func (f freeTimes) Less(i, j int) bool { return f[i] < f[j] }
func (f freeTimes) Swap(i, j int)      { f[i], f[j] = f[j], f[i] }
func (f *freeTimes) Push(x any)        { *f = append(*f, x.(float64)) }
func (f *freeTimes) Pop() any          { old := *f; x := old[len(old)-1]; *f = old[:len(old)-1]; return x }

// play offers Poisson arrivals of a rate and gives each one's instants.
func (q queue) play(rate, seconds float64, seed uint64) (came, left []float64) {
	r := rand.New(rand.NewPCG(seed, 14))
	free := make(freeTimes, q.servers)
	for at := r.ExpFloat64() / rate; at < seconds; at += r.ExpFloat64() / rate {
		start := math.Max(at, free[0])
		took := q.mean
		if q.draw != nil {
			took *= q.draw(r)
		} else {
			took *= r.ExpFloat64()
		}
		if q.speed != nil {
			took /= q.speed(start)
		}
		free[0] = start + took
		heap.Fix(&free, 0)
		came, left = append(came, at), append(left, start+took)
	}
	return came, left
}

// plateauOf is the series of a plateau played on the queue. Who waits longer
// than patience times out.
func (q queue) plateauOf(rate float64, warmup, length int, inTime, patience float64, seed uint64) *results.Series {
	all := warmup + length
	came, left := q.play(rate, float64(all), seed)
	s := &results.Series{
		Conduct: results.Conduct{Kind: results.TrialPlateau, Warmup: time.Duration(warmup) * time.Second, LoginOnly: true,
			Segments: []results.Segment{{Name: "plateau", Rate: rate, Length: time.Duration(all) * time.Second}}},
		Ended: results.Ended{How: results.EndedPlanned}, InTime: time.Duration(inTime * float64(time.Second)),
		Seconds: make([]results.SeriesSecond, all+int(patience)+2), Tens: make([]*results.Hist, (all+9)/10),
		Steps: []results.StepSeries{{Step: results.Step{Journey: "login", Name: "home", InClass: true}}},
	}
	for i := range came {
		addTo(s, came[i], left[i], inTime, patience)
	}
	return s
}

func addTo(s *results.Series, came, left, inTime, patience float64) {
	at := &s.Seconds[int(came)]
	at.Intended++
	at.Started++
	outcome, end := results.InTime, left
	switch {
	case left-came > patience:
		outcome, end = results.Timeout, came+patience
	case left-came > inTime:
		outcome = results.Late
	}
	at.By[outcome]++
	gone := &s.Seconds[min(int(end), len(s.Seconds)-1)]
	gone.Settled[outcome]++
	if outcome == results.Timeout {
		return
	}
	gone.Done++
	ten := int(came) / 10
	if s.Tens[ten] == nil {
		s.Tens[ten] = results.NewHist(results.ClassHist)
	}
	s.Tens[ten].Record(time.Duration((left - came) * float64(time.Second)))
}
