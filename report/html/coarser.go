package html

import "firstbell/report"

// coarser joins bins until at most most are left: counts add up, gauges keep
// their highest.
func coarser(t *report.Timeline, most int) report.Timeline {
	k := (len(t.Intended) + most - 1) / most
	if k <= 1 {
		return *t
	}
	out := *t
	out.Bin = t.Bin * k
	for _, x := range []*[]int{
		&out.Intended, &out.Started, &out.NotSent, &out.InTime, &out.Late, &out.WaitingRoom, &out.Quota, &out.Blank,
		&out.Error, &out.Timeout, &out.Unreachable, &out.Invalid, &out.Unfinished, &out.Attempts,
	} {
		*x = join(*x, k, 0, func(a, b int) int { return a + b })
	}
	for _, x := range []*[]int{&out.InFlight, &out.Waiting} {
		*x = join(*x, k, -1, func(a, b int) int { return max(a, b) })
	}
	return out
}

func join(n []int, k, start int, fold func(a, b int) int) []int {
	out := make([]int, 0, len(n)/k+1)
	for i := 0; i < len(n); i += k {
		v := start
		for _, x := range n[i:min(i+k, len(n))] {
			v = fold(v, x)
		}
		out = append(out, v)
	}
	return out
}
