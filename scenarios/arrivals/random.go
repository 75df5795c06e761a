package arrivals

import "math/bits"

// Stream names one question asked of the generator. Different streams give
// independent draws for the same id. The numbers are part of every digest:
// they are never reused and never renumbered.
type Stream uint64

// Streams the schedule itself reads.
const (
	StreamShowUp        Stream = 1 // by person: who comes at all
	StreamInterval      Stream = 2 // by person: which interval of the curve
	StreamArrival       Stream = 3 // by person: where in the interval
	StreamBatchDelay    Stream = 4 // by person: after the class start
	StreamBatch         Stream = 5 // by class: does it come as a batch
	StreamClassInterval Stream = 6 // by class: which interval, for a batch
	StreamClassStart    Stream = 7 // by class: where in the interval
	StreamSchool        Stream = 8 // by school: its rank when scaling
	StreamClass         Stream = 9 // by class: its rank when scaling
)

// Streams of a steady load, by number of the arrival.
const (
	StreamGap    Stream = 21 // time since the arrival before
	StreamCohort Stream = 22 // who it is
)

// Streams of behaviour, by person. None of them can move an arrival.
const (
	StreamJourney   Stream = 101 // which journey
	StreamDevice    Stream = 102 // which device
	StreamThink     Stream = 103 // think times and pauses, n counts them
	StreamPatience  Stream = 104 // wait before a refresh, n counts them
	StreamImpatient Stream = 105 // is this person of the impatient share
	StreamRetry     Stream = 106 // wait before trying again, n counts them
	StreamTries     Stream = 107 // tries before giving up
	StreamQuota     Stream = 108 // obeys a quota page or not, n counts them
	StreamHardStop  Stream = 109 // leaves at the hard stop or stays longer
	StreamValue     Stream = 110 // ${random.NAME}, n counts them
	StreamSmoke     Stream = 111 // sampling of accounts before the storm
	StreamLogout    Stream = 112
	StreamHurry     Stream = 113 // when a trial's last thinkers click
)

// golden is 2^64 ÷ the golden ratio, the increment of SplitMix64.
const golden = 0x9e3779b97f4a7c15

// mix is the finaliser of SplitMix64 (Steele, Lea and Flood, "Fast splittable
// pseudorandom number generators", OOPSLA 2014, variant 13 of Stafford).
func mix(z uint64) uint64 {
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// Bits gives 64 random bits, a pure function of its arguments: draw n of a
// stream for an id. Counter-based as in Salmon et al., "Parallel random
// numbers: as easy as 1, 2, 3", SC'11, with the SplitMix64 finaliser.
func Bits(seed uint64, stream Stream, id, n uint64) uint64 {
	return keyFor(seed, stream).bits(id, n)
}

// Uniform is [Bits] as a number in (0, 1), never 0 and never 1.
func Uniform(seed uint64, stream Stream, id, n uint64) float64 {
	return unit(Bits(seed, stream, id, n))
}

// unit maps 64 bits to (0, 1): the middle of one of 2^52 equal cells. Every
// operation is exact.
func unit(b uint64) float64 {
	return (float64(b>>12) + 0.5) * (1.0 / (1 << 52))
}

// key is a seed and a stream, mixed once for many draws.
type key uint64

func keyFor(seed uint64, stream Stream) key {
	return key(mix(mix(seed+golden) ^ mix(uint64(stream)*golden+1)))
}

func (k key) bits(id, n uint64) uint64 {
	return mix(mix(uint64(k)+(id+1)*golden) + (n+1)*golden)
}

// below is a whole number uniform in [0, n).
func (k key) below(id, n uint64) uint64 {
	hi, _ := bits.Mul64(k.bits(id, 0), n)
	return hi
}

// shareBits is the resolution of a share as a threshold.
const shareBits = 53

// less reports a draw under the threshold t of [threshold].
func (k key) less(id, t uint64) bool { return k.bits(id, 0)>>(64-shareBits) < t }
