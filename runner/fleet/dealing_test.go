package fleet

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"firstbell/runner/results"
)

// owners counts who plays a person.
func owners(id uint32, parts map[int][]results.Slice) (n, who int) {
	for w, list := range parts {
		for _, s := range list {
			if s.Has(id) {
				n, who = n+1, w
			}
		}
	}
	return n, who
}

func TestSlicesStayAPartitionThroughLosses(t *testing.T) {
	for seed := range uint64(120) {
		r := rand.New(rand.NewPCG(seed, 1))
		n := 1 + r.IntN(24)
		parts := map[int][]results.Slice{}
		for w := range n {
			parts[w] = firstSlice(w, n)
		}
		for id := range uint32(5000) {
			if _, who := owners(id, parts); who != int(id)%n {
				t.Fatalf("seed %d: person %d is worker %d's of %d", seed, id, who, n)
			}
		}
		var untaken []results.Slice
		for len(parts) > 1 {
			lost := anyOf(r, parts)
			list := parts[lost]
			delete(parts, lost)
			var names []int
			var takers []taker
			for w := range n {
				if _, alive := parts[w]; alive {
					names = append(names, w)
					room := math.Inf(1)
					if r.IntN(4) == 0 {
						room = r.Float64() * share(list)
					}
					takers = append(takers, taker{Has: share(parts[w]), Room: room})
				}
			}
			dealt, rest := deal(list, takers)
			for i, w := range names {
				if got := share(dealt[i]); got > takers[i].Room*(1+1e-6) {
					t.Fatalf("seed %d: worker %d took %g, has room for %g", seed, w, got, takers[i].Room)
				}
				parts[w] = append(parts[w], dealt[i]...)
			}
			untaken = append(untaken, rest...)
			all := map[int][]results.Slice{-1: untaken}
			for w, l := range parts {
				all[w] = l
			}
			for range 400 {
				id := r.Uint32()
				if k, _ := owners(id, all); k != 1 {
					t.Fatalf("seed %d, %d workers left: person %d is played %d times", seed, len(parts), id, k)
				}
			}
		}
		for _, list := range parts {
			if len(list) > 2000 {
				t.Errorf("seed %d: the last of %d workers has %d slices", seed, n, len(list))
			}
		}
	}
}

func anyOf(r *rand.Rand, parts map[int][]results.Slice) int {
	var names []int
	for w := range parts {
		names = append(names, w)
	}
	slices.Sort(names)
	return names[r.IntN(len(names))]
}

func TestDealingIsEven(t *testing.T) {
	inf := math.Inf(1)
	for _, n := range []int{1, 2, 3, 7, 15, 16} {
		takers := make([]taker, n)
		for i := range takers {
			takers[i] = taker{Has: 1 / float64(n+1), Room: inf}
		}
		dealt, rest := deal(firstSlice(0, n+1), takers)
		if len(rest) > 0 {
			t.Errorf("%d takers: %v was left", n, rest)
		}
		for i, d := range dealt {
			if len(d) != 1 || d[0].Modulus != uint32(n*(n+1)) {
				t.Errorf("%d takers: the %dth got %v", n, i, d)
			}
		}
	}
}

func TestDealingRespectsUnevenRoom(t *testing.T) {
	inf := math.Inf(1)
	lost := firstSlice(1, 4)
	dealt, rest := deal(lost, []taker{{0.25, 0}, {0.25, 0.04}, {0.25, inf}})
	if len(dealt[0]) != 0 || share(dealt[1]) > 0.04 || len(rest) != 0 {
		t.Errorf("dealt %v, left %v", dealt, rest)
	}
	dealt, rest = deal(lost, []taker{{0.25, 0.03}, {0.25, 0}})
	if got := share(dealt[0]) + share(rest); math.Abs(got-0.25) > 1e-9 || len(rest) == 0 || len(dealt[0]) == 0 {
		t.Errorf("dealt %v, left %v", dealt, rest)
	}
	if dealt, rest = deal(lost, nil); len(dealt) != 0 || !slices.Equal(rest, lost) {
		t.Errorf("nobody took %v of %v", dealt, rest)
	}
}

func TestCutStopsBeforeOverflow(t *testing.T) {
	s := []results.Slice{{Residue: 3, Modulus: 7}}
	for range 100 {
		s = cut(s[len(s)-1], 16)
	}
	if last := s[len(s)-1]; last.Modulus > maxModulus || last.Residue >= last.Modulus || last.Residue%7 != 3 {
		t.Errorf("cut down to %+v", last)
	}
	if got := cut(results.Slice{}, 2); !slices.Equal(got, []results.Slice{{Residue: 0, Modulus: 2}, {Residue: 1, Modulus: 2}}) {
		t.Errorf("everybody, cut in two: %v", got)
	}
}

func TestRoom(t *testing.T) {
	for _, c := range []struct {
		cpu      float64
		desc, of int
		want     float64
	}{
		{0, 0, 0, math.Inf(1)}, {0.3, 0, 0, 0.25}, {0.7, 0, 0, 0}, {0.3, 350, 1000, 0.25}, {0.1, 500, 1000, 0.1}, {0.1, 900, 1000, 0},
	} {
		if got := room(0.25, c.cpu, c.desc, c.of); math.Abs(got-c.want) > 1e-9 && got != c.want {
			t.Errorf("cpu %v, descriptors %d of %d: room for %v, want %v", c.cpu, c.desc, c.of, got, c.want)
		}
	}
}
