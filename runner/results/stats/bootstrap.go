package stats

import (
	"math"
	"math/rand/v2"
	"slices"
)

// Block is what one block of arrivals (10 s of them) gave: K of N people.
type Block struct{ K, N uint64 }

// Replicates is how many times [Bootstrap] draws.
const Replicates = 2000

// Bootstrap is the 95 % percentile interval of the share ΣK ÷ ΣN when whole
// blocks are drawn with replacement (Künsch, "The jackknife and the bootstrap
// for general stationary observations", Annals of Statistics 17, 1989, with
// blocks that do not overlap as in Carlstein 1986). The draws are PCG's with the
// seed, so the same blocks in the same order give the same interval. Blocks
// without people are left out. With fewer than two blocks nothing can be drawn:
// ok is false.
func Bootstrap(blocks []Block, seed uint64) (in Interval, ok bool) {
	full := make([]Block, 0, len(blocks))
	for _, b := range blocks {
		if b.N > 0 {
			full = append(full, Block{min(b.K, b.N), b.N})
		}
	}
	if len(full) < 2 {
		return Interval{0, 1}, false
	}
	rng := rand.New(rand.NewPCG(seed, uint64(len(full))))
	shares := make([]float64, Replicates)
	for r := range shares {
		var k, n uint64
		for range full {
			b := full[rng.IntN(len(full))]
			k += b.K
			n += b.N
		}
		shares[r] = float64(k) / float64(n)
	}
	slices.Sort(shares)
	// The 2.5 % and 97.5 % order statistics: 50 replicates lie outside on
	// each side.
	const outside = Replicates / 40
	return Interval{shares[outside-1], shares[Replicates-outside]}, true
}

// Deff is the design effect of blocks: the variance of the share over what
// independent people would give, from the squared deviations of the blocks
// (ratio estimator, Kish, "Survey Sampling", 1965, chapter 6). 1 when it cannot
// be computed (fewer than two blocks, or everybody alike) and never under 1.
func Deff(blocks []Block) float64 {
	var k, n uint64
	m := 0
	for _, b := range blocks {
		if b.N > 0 {
			k, n, m = k+min(b.K, b.N), n+b.N, m+1
		}
	}
	if m < 2 || k == 0 || k == n {
		return 1
	}
	p := float64(k) / float64(n)
	var squares float64
	for _, b := range blocks {
		if b.N > 0 {
			d := float64(min(b.K, b.N)) - float64(p*float64(b.N))
			squares += float64(d * d)
		}
	}
	clustered := squares * float64(m) / float64(m-1)
	independent := float64(n) * float64(p*(1-p))
	return math.Max(1, clustered/independent)
}

// student is the two-sided 95 % point of Student's t by degrees of freedom, from
// leastFreedom to 30.
var student = [...]float64{
	5: 2.5706, 2.4469, 2.3646, 2.3060, 2.2622, 2.2281,
	2.2010, 2.1788, 2.1604, 2.1448, 2.1314, 2.1199, 2.1098, 2.1009, 2.0930, 2.0860,
	2.0796, 2.0739, 2.0687, 2.0639, 2.0595, 2.0555, 2.0518, 2.0484, 2.0452, 2.0423,
}

const leastFreedom = 5

// Effect is [Deff] with a correction for few blocks: it is itself an estimate,
// from m blocks, and an interval at the normal point would promise more than m
// deviations can say (Kish, 1965; Student's t on m-1 degrees of freedom). The
// factor (t ÷ z)² is 1.7 up to 6 blocks and 1.1 for 30. Fewer than 6 are not
// punished further: in a storm that short, blocks differ by its own rise more
// than by chance. 1 where the blocks show no clustering.
func Effect(blocks []Block) float64 {
	deff := Deff(blocks)
	if deff <= 1 {
		return 1
	}
	m := 0
	for _, b := range blocks {
		if b.N > 0 {
			m++
		}
	}
	t := Z95 * (1 + 1.26/float64(m-1)) // within 0.1 % from 31 on
	if free := max(m-1, leastFreedom); free < len(student) {
		t = student[free]
	}
	return float64(deff * float64(t*t) / (Z95 * Z95))
}

// ShareInterval is the 95 % interval of ΣK ÷ ΣN that a criterion is judged on:
// the widest of Wilson's, of Wilson's for as many people as the clustered ones
// are worth ([Effect]: the bootstrap alone is too narrow with few blocks), and of
// the block bootstrap's.
func ShareInterval(blocks []Block, seed uint64) Interval {
	var k, n uint64
	for _, b := range blocks {
		k, n = k+min(b.K, b.N), n+b.N
	}
	in := Wider(Wilson(k, n, Z95), WilsonDesign(k, n, Z95, Effect(blocks)))
	if drawn, ok := Bootstrap(blocks, seed); ok {
		in = Wider(in, drawn)
	}
	return in
}
