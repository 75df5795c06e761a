package stats

import (
	"math"
	"math/rand/v2"
	"testing"
)

// TestShareIntervalCovers draws storms whose 10-s blocks fail together (the
// rate of a block is lognormal) and counts how often the interval holds the true
// rate. The bootstrap alone holds it in 67 % of storms of 3 blocks and in 83 % of
// storms of 12; nominal is 95 %, and skewed bursts still cost some of it.
func TestShareIntervalCovers(t *testing.T) {
	const storms, perBlock, rate = 400, 200, 0.05
	for _, row := range []struct {
		blocks int
		bursty float64 // sigma of the log of a block's rate
		least  float64
	}{{6, 0, 0.94}, {30, 0, 0.94}, {3, 1, 0.78}, {6, 1, 0.84}, {12, 1, 0.87}, {30, 1, 0.88}, {12, 0.5, 0.92}} {
		r := rand.New(rand.NewPCG(1, uint64(row.blocks)))
		held := 0
		for storm := range storms {
			blocks := make([]Block, row.blocks)
			for i := range blocks {
				p := min(1, rate*math.Exp(row.bursty*r.NormFloat64()-row.bursty*row.bursty/2))
				blocks[i].N = perBlock
				for range perBlock {
					if r.Float64() < p {
						blocks[i].K++
					}
				}
			}
			if in := ShareInterval(blocks, uint64(storm)); in.Lo <= rate && rate <= in.Hi {
				held++
			}
		}
		if share := float64(held) / storms; share < row.least {
			t.Errorf("%d blocks, bursts of %v: the interval held the truth in %.1f %%, want %.0f %%", row.blocks, row.bursty, 100*share, 100*row.least)
		}
	}
}

func TestEffectOfFewBlocks(t *testing.T) {
	alike := []Block{{5, 100}, {5, 100}, {5, 100}}
	if got := Effect(alike); got != 1 {
		t.Errorf("blocks alike: %v, want 1", got)
	}
	two := []Block{{0, 100}, {20, 100}}
	near(t, "two blocks", Effect(two)/Deff(two), 2.5706*2.5706/(Z95*Z95), 1e-9)
	var many []Block
	for i := range 40 {
		many = append(many, Block{uint64(i % 20), 100})
	}
	near(t, "40 blocks", math.Sqrt(Effect(many)/Deff(many))*Z95, 2.0227, 0.003)
}
