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

// ShareInterval is the 95 % interval of ΣK ÷ ΣN that a criterion is judged on:
// the wider of Wilson's and of the block bootstrap's.
func ShareInterval(blocks []Block, seed uint64) Interval {
	var k, n uint64
	for _, b := range blocks {
		k, n = k+min(b.K, b.N), n+b.N
	}
	in := Wilson(k, n, Z95)
	if drawn, ok := Bootstrap(blocks, seed); ok {
		in = Wider(in, drawn)
	}
	return in
}
