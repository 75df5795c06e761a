package stats

import "math"

// Lengths of a plateau, in seconds.
const (
	leastPlateau = 60 // shorter ones hold too few batches
	leastWarmup  = 10
	plateauBias  = 0.025 // bias that the length of a plateau is chosen for
	nearly       = 0.9   // share of the capacity at which relaxation is reckoned
)

// PlateauBias is by how much, relatively, a plateau of length seconds reads a
// capacity too high when the limit on its q-quantile of the delay is limit
// seconds: T ÷ (q·L). A load of (1+e)·C builds a delay of e·t, whose q-quantile
// over the plateau is e·q·L, so anything up to e = T ÷ (q·L) still passes.
// Divide the reading by 1 + the bias. +Inf when q or length is not positive; a
// limit that is not positive has no bias.
func PlateauBias(limit, q, length float64) float64 {
	if !(limit > 0) {
		return 0
	}
	if !(q > 0 && length > 0) {
		return math.Inf(1)
	}
	return limit / float64(q*length)
}

// Relaxation is how many seconds a queue of the given capacity per second takes
// to forget its past at the load rho (as a share of it): (1÷C) ÷ (1-√ρ)², the
// relaxation time of M/M/1 (Cohen, "The Single Server Queue", 1982), close for
// M/M/c near saturation. +Inf at ρ ≥ 1 and without a capacity.
func Relaxation(capacity, rho float64) float64 {
	if !(capacity > 0) || !(rho < 1) {
		return math.Inf(1)
	}
	gap := 1 - math.Sqrt(math.Max(0, rho))
	return 1 / float64(capacity*float64(gap*gap))
}

// PlateauLength is how many whole seconds a plateau must last for a limit of
// limit seconds on the q-quantile: the longest of a minute, of what keeps
// [PlateauBias] at 2.5 %, and of 100 relaxation times at 0.9 of the capacity
// per second, which is 0 while it is unknown. Never more than a day; a day when
// q is not positive.
func PlateauLength(limit, q, capacity float64) float64 {
	length := math.Max(leastPlateau, PlateauBias(limit, q, 1)/plateauBias)
	if capacity > 0 {
		length = math.Max(length, 100*Relaxation(capacity, nearly))
	}
	return wholeSeconds(length)
}

// Warmup is how many whole seconds at the start of a plateau are not read: the
// longer of 10 s and 10 relaxation times at 0.9 of the capacity per second, 0
// while it is unknown.
func Warmup(capacity float64) float64 {
	length := float64(leastWarmup)
	if capacity > 0 {
		length = math.Max(length, 10*Relaxation(capacity, nearly))
	}
	return wholeSeconds(length)
}

// LongestPlateau is how many seconds a plateau of a search lasts at most: in a
// quarter of an hour a longer one leaves no time for a second beside the probes.
const LongestPlateau = 240

// tens are the seconds that plateaus and warm-ups are multiples of: a batch.
const tens = 10

// WarmupWithin is the warm-up of a plateau of length seconds, in whole tens of
// seconds: [Warmup], but no more than a quarter of the plateau, and the own
// seconds that a journey takes by itself.
func WarmupWithin(capacity, length, own float64) float64 {
	return tens * math.Ceil((math.Min(Warmup(capacity), length/4)+own)/tens)
}

const day = 86400

func wholeSeconds(x float64) float64 {
	if !(x < day) {
		return day
	}
	return math.Ceil(x)
}

// SteadyRate is the load whose stationary q-quantile of the wait is limit
// seconds: C - ln(1÷(1-q)) ÷ T for M/M/c when nearly everybody waits (the wait of
// those who wait is exponential with rate C-λ). It is what a plateau without end
// would find. 0 when it would be negative or an argument makes no sense.
func SteadyRate(capacity, limit, q float64) float64 {
	if !(capacity > 0 && limit > 0 && q > 0 && q < 1) {
		return 0
	}
	return math.Max(0, capacity+math.Log1p(-q)/limit)
}

// Batching is how a stretch of seconds is cut into equal batches.
type Batching struct {
	N      int // batches
	Length int // whole seconds each
	// Short: a batch is less than 8 relaxation times, so that neighbours still
	// resemble each other and an interval over them promises too much.
	Short bool
}

// Numbers of batches, and their length in relaxation times.
const (
	fewestBatches = 10
	mostBatches   = 30
	goodBatch     = 10
	shortBatch    = 8
)

// Batches cuts length seconds, whose relaxation time is tau seconds, into 10 to
// 30 batches of 10 tau and more; where that cannot be, into 10 (or as many as
// there are whole seconds), and says when they are too short to trust. What is
// over at the start is left out: read the last N·Length seconds.
func Batches(length, tau float64) Batching {
	if !(length >= 1) {
		return Batching{Short: true}
	}
	length = math.Min(math.Floor(length), day)
	if !(tau >= 0) {
		tau = math.Inf(1)
	}
	n := mostBatches
	if per := goodBatch * tau; float64(per*mostBatches) > length {
		n = max(fewestBatches, int(length/per))
	}
	n = min(n, int(length))
	each := int(length) / n
	return Batching{N: n, Length: each, Short: n < fewestBatches || float64(each) < shortBatch*tau}
}
