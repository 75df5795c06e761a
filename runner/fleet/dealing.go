package fleet

import (
	"cmp"
	"math"
	"slices"

	"firstbell/runner/results"
)

// maxModulus keeps a slice's modulus, and its products with small numbers, far
// from overflow: at that size a slice of a million people holds nobody anyway.
const maxModulus = 1 << 28

// maxPieces bounds into how many pieces one slice is cut at a time: with more
// takers than that each would take on a few per mille.
const maxPieces = 16

// firstSlice is what worker w of n plays while nobody is lost.
func firstSlice(w, n int) []results.Slice {
	return []results.Slice{{Residue: uint32(w), Modulus: uint32(n)}}
}

// cut divides a slice into k finer ones of equal size: id ≡ r mod m is
// id ≡ r + i·m mod k·m for exactly one i of 0…k−1.
func cut(s results.Slice, k int) []results.Slice {
	m := max(s.Modulus, 1)
	if k <= 1 || int(m) > maxModulus/k {
		return []results.Slice{s}
	}
	pieces := make([]results.Slice, k)
	for i := range pieces {
		pieces[i] = results.Slice{Residue: s.Residue + uint32(i)*m, Modulus: m * uint32(k)}
	}
	return pieces
}

// share is the part of all people that some slices hold, 0 to 1.
func share(list []results.Slice) float64 {
	sum := 0.0
	for _, s := range list {
		sum += 1 / float64(max(s.Modulus, 1))
	}
	return sum
}

// taker is a worker that may take people over. Has and Room are shares of all
// people: what it plays already, and what it can play besides.
type taker struct {
	Has  float64
	Room float64 // +Inf: unknown, counted as enough
}

// deal gives a lost worker's slices to takers: the slices are cut into finer ones
// of about one even share each, and every piece goes to the least loaded taker that
// has room for it. dealt[i] is what taker i gets; untaken is what nobody has room
// for. Together they are exactly what was to be dealt.
func deal(lost []results.Slice, takers []taker) (dealt [][]results.Slice, untaken []results.Slice) {
	dealt = make([][]results.Slice, len(takers))
	if len(takers) == 0 {
		return dealt, slices.Clone(lost)
	}
	load := make([]taker, len(takers))
	copy(load, takers)
	for _, piece := range pieces(lost, takers) {
		size := share([]results.Slice{piece})
		best := -1
		for i, t := range load {
			if t.Room >= size*(1-1e-9) && (best < 0 || t.Has < load[best].Has-size*1e-9) {
				best = i
			}
		}
		if best < 0 {
			untaken = append(untaken, piece)
			continue
		}
		load[best].Has += size
		load[best].Room -= size
		dealt[best] = append(dealt[best], piece)
	}
	return dealt, untaken
}

// pieces cuts what is dealt, the largest first. One slice becomes one piece a
// taker; several, or takers short of room, need a finer grain to come out even.
func pieces(lost []results.Slice, takers []taker) []results.Slice {
	even := share(lost) / float64(min(len(takers), maxPieces))
	grain := 1.0
	if len(lost) > 1 {
		grain = 2
	}
	for _, t := range takers {
		if t.Room < even {
			grain = 8
		}
	}
	var all []results.Slice
	for _, s := range lost {
		k := int(math.Ceil(share([]results.Slice{s})/(even/grain) - 1e-9))
		all = append(all, cut(s, min(k, 4*maxPieces))...)
	}
	slices.SortStableFunc(all, func(a, b results.Slice) int { return cmp.Compare(a.Modulus, b.Modulus) })
	return all
}

// room is the share of all people a worker may play besides what it has: its CPU
// and its descriptors, which grow with the people, must stay under their gates.
func room(has, cpu float64, descriptors, limit int) float64 {
	r := math.Inf(1)
	if cpu > 0 {
		r = has * (roomCPU/cpu - 1)
	}
	if descriptors > 0 && limit > 0 {
		r = min(r, has*(roomDescriptors*float64(limit)/float64(descriptors)-1))
	}
	return max(0, r)
}

// What a taker may use: below the gates of V3 (70 % and 80 %).
const (
	roomCPU         = 0.6
	roomDescriptors = 0.7
)
