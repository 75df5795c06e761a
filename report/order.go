package report

import (
	"cmp"

	"firstbell/runner/results"
)

// compareHealth orders records by second, then by content, so that records of
// several workers always come in one order.
func compareHealth(a, b results.Health) int {
	return cmp.Or(cmp.Compare(a.Second, b.Second), cmp.Compare(a.CPU, b.CPU),
		cmp.Compare(a.Descriptors, b.Descriptors), cmp.Compare(a.DescLimit, b.DescLimit),
		cmp.Compare(a.Ports, b.Ports), cmp.Compare(a.Hiccup, b.Hiccup), cmp.Compare(a.InFlight, b.InFlight),
		cmp.Compare(a.Waiting, b.Waiting), cmp.Compare(a.BytesIn, b.BytesIn))
}
