package arrivals

import "math/bits"

// ln2 is ln 2 in 2^-64.
const ln2 = 0xb17217f7d1cf79ab

// logBits is the precision of negLog2: at a mean of 3 s the last bit is 1 ns.
const logBits = 32

// exponential is the inverse distribution function of an exponential delay:
// -mean × ln(u) for u = (b+1) ÷ 2^64, in whole microseconds, rounded down.
// Integer arithmetic only, so every processor gives the same microsecond.
func exponential(b, meanMicros uint64) uint64 {
	// -ln u = -log2 u × ln 2; the first factor is under 2^39, the mean under
	// 2^37 (a day), so their product needs 128 bits.
	nats, _ := bits.Mul64(negLog2(b), ln2) // still in 2^-logBits
	hi, lo := bits.Mul64(nats, meanMicros)
	return hi<<(64-logBits) | lo>>logBits
}

// negLog2 is -log2((b+1) ÷ 2^64) in 2^-logBits, in [0, 64·2^logBits].
//
// The whole part counts leading zeros. The fraction comes bit by bit: the
// logarithm of m in [1, 2) doubles when m is squared, and its next bit is 1
// when the square reaches 2 (Knuth, The Art of Computer Programming 1,
// section 1.2.2, exercise 25 and its text).
func negLog2(b uint64) uint64 {
	if b == ^uint64(0) {
		return 0
	}
	u := b + 1
	zeros := bits.LeadingZeros64(u)
	m := u << zeros // m ÷ 2^63 in [1, 2)
	var frac uint64
	for range logBits {
		hi, lo := bits.Mul64(m, m) // (m÷2^63)² = hi ÷ 2^62
		frac <<= 1
		if hi>>63 == 1 { // 2 or more
			frac |= 1
			m = hi
			continue
		}
		m = hi<<1 | lo>>63
	}
	// log2 u = 63 - zeros + frac - 64
	return uint64(zeros+1)<<logBits - frac
}
