package stats

import "slices"

// Kendall is Kendall's τ between the order of people and when each was served:
// 1 for first come, first served, 0 for no order, -1 for the reverse (Kendall,
// Biometrika 30, 1938). served[i] is when the i-th to come was served, in any
// unit; equal times are no inversion. 1 with fewer than two. It sorts a copy, in
// n·log n.
func Kendall(served []float64) float64 {
	n := float64(len(served))
	if n < 2 {
		return 1
	}
	inversions := sortCounting(slices.Clone(served), make([]float64, len(served)))
	return 1 - 4*float64(inversions)/float64(n*(n-1))
}

// sortCounting merge-sorts values through spare and counts the pairs out of
// order.
func sortCounting(values, spare []float64) (inversions uint64) {
	n := len(values)
	if n < 2 {
		return 0
	}
	half := n / 2
	inversions = sortCounting(values[:half], spare[:half]) + sortCounting(values[half:], spare[half:])
	i, j := 0, half
	for k := range spare[:n] {
		if j == n || i < half && !(values[j] < values[i]) {
			spare[k] = values[i]
			i++
		} else {
			spare[k] = values[j]
			j++
			inversions += uint64(half - i)
		}
	}
	copy(values, spare[:n])
	return inversions
}
