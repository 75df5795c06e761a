package stats

import "math"

// Plateau is a trial that the answer of a search is read from.
type Plateau struct {
	Tried
	P50     float64
	Work    []float64 // see [Flow]
	Control bool      // played at the end to see whether the target has changed
	// Cut: the generator had no more connections, and nothing was shown of a load
	// as high as this.
	Cut bool
}

// Answer is what the plateaus of a search say together.
type Answer struct {
	Loads   []LoadTrials
	Bracket Bracket
	// Control is the index of the last control plateau and Controlled that of
	// the one it repeats, the first that held at its load; -1 without.
	Control, Controlled int
	// Drift: the target has changed during the search.
	Drift bool
	// Why is empty when Bracket is an answer, else one of the Why constants.
	Why string
}

// Why a search is no answer.
const (
	WhyDrift   = "drift"          // the target changed during the search
	WhySeeds   = "seeds_disagree" // a load held and did not
	WhyWide    = "wide"           // the interval is wider than a tenth, or a side of it was not found
	WhyInvalid = "invalid"        // no trial's own measurement was sound
	WhyNothing = "nothing_came"   // nothing was tried
)

// Widest is the relative width over which a bracket is no answer.
const Widest = 0.10

// held reports whether a trial held, by its verdict or by its bare reading.
func (t Tried) held() bool { return !t.Invalid && (t.Met || t.LeanMet) }

// AnswerOf reads plateaus in the order they were played. ceiling is the highest
// load that was allowed, floor the lowest worth asking for: only there may a side
// of the interval stay open. capacity is the saturation goodput, 0 for unknown.
func AnswerOf(plateaus []Plateau, ceiling, floor, capacity float64) Answer {
	tried := make([]Tried, len(plateaus))
	for i, p := range plateaus {
		tried[i] = p.Tried
	}
	a := Answer{Loads: Loads(tried), Control: -1, Controlled: -1}
	a.Bracket = BracketOf(a.Loads)
	a.control(plateaus, capacity)
	a.Drift = a.Drift || shifted(plateaus)
	for _, p := range plateaus {
		if p.Cut {
			ceiling = math.Min(ceiling, p.Rate)
		}
	}
	a.Why = a.whyNot(ceiling, floor)
	return a
}

// control compares the last control with the plateau it repeats. A load that its
// other trials do not call held is no standard: it lies at the limit, where one
// trial in two fails of a target that has not changed.
func (a *Answer) control(plateaus []Plateau, capacity float64) {
	for i, p := range plateaus {
		if p.Control && !p.Invalid {
			a.Control = i
		}
	}
	if a.Control < 0 {
		return
	}
	last := plateaus[a.Control]
	if !heldBefore(plateaus[:a.Control], last.Rate) {
		return
	}
	for i, p := range plateaus[:a.Control] {
		if p.Rate == last.Rate && !p.Control && p.held() {
			a.Controlled = i
			a.Drift = Drifted(true, last.held(), p.P50, last.P50, p.Rate/math.Max(capacity, p.Rate/2))
			return
		}
	}
}

// heldBefore reports whether the trials of a load, controls left out, call it
// held.
func heldBefore(plateaus []Plateau, rate float64) bool {
	var tried []Tried
	for _, p := range plateaus {
		if p.Rate == rate && !p.Control {
			tried = append(tried, p.Tried)
		}
	}
	for _, l := range Provisional(Loads(tried), leastLeaning) {
		return Classify(l) == Lower
	}
	return false
}

// ControlLoad is the load of the first plateau that held and is still called
// held: the one to play again at the end. ok is false when there is none.
func ControlLoad(plateaus []Plateau) (rate float64, ok bool) {
	for _, p := range plateaus {
		if p.held() && heldBefore(plateaus, p.Rate) {
			return p.Rate, true
		}
	}
	return 0, false
}

// leastWork is how many tens of seconds of a busy target make a reading.
const leastWork = 3

// shifted compares the first and the last plateau in which the target was busy.
func shifted(plateaus []Plateau) bool {
	var busy [][]float64
	for _, p := range plateaus {
		if !p.Invalid && len(p.Work) >= leastWork {
			busy = append(busy, p.Work)
		}
	}
	n := len(busy)
	return n >= 2 && Shifted(Mean(busy[0]), Mean(busy[n-1]))
}

func (a *Answer) whyNot(ceiling, floor float64) string {
	if len(a.Loads) == 0 {
		return WhyNothing
	}
	sound, unsure := 0, WhyWide
	for _, l := range a.Loads {
		sound += l.Met + l.NotMet + l.Undecided
		if l.Met+l.LeanMet > 0 && l.NotMet+l.LeanNot > 0 && Classify(l) == Unsettled {
			unsure = WhySeeds
		}
	}
	lowest, highest := a.Loads[0].Rate, a.Loads[len(a.Loads)-1].Rate
	open := false
	switch a.Bracket.Censored {
	case CensoredNone:
		open = true
	case CensoredAtLeast:
		open = highest < ceiling
	case CensoredLessThan:
		open = lowest/2 > floor
	default:
		open = a.Bracket.Width > Widest
	}
	switch {
	case sound == 0:
		return WhyInvalid
	case a.Drift:
		return WhyDrift
	case open:
		return unsure
	}
	return ""
}

// LowestWorth is the load under which nothing is looked for on plateaus of
// length seconds: fewer than 30 people would come.
func LowestWorth(length float64) float64 { return 30 / length }
