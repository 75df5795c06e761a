package report

import (
	"math/big"
	"testing"
	"time"

	"firstbell/scenarios"
)

func TestCompareAtTheEdge(t *testing.T) {
	for _, row := range []struct {
		op     string
		lo, hi int // signs of lo − τ, hi − τ
		want   Status
	}{
		{"<", -1, -1, Met}, {"<", -1, 0, Undecided}, {"<", 0, 1, NotMet}, {"<", -1, 1, Undecided},
		{"<=", -1, 0, Met}, {"<=", 0, 1, Undecided}, {"<=", 1, 1, NotMet},
		{">", 1, 1, Met}, {">", 0, 1, Undecided}, {">", -1, 0, NotMet},
		{">=", 0, 1, Met}, {">=", -1, 0, Undecided}, {">=", -1, -1, NotMet}, {"?", 1, 1, Undecided},
	} {
		if got := compare(row.op, row.lo, row.hi); got != row.want {
			t.Errorf("compare(%q, %d, %d) = %s; want %s", row.op, row.lo, row.hi, got, row.want)
		}
	}
}

func TestNeeded(t *testing.T) {
	rate := func(op string, n, d int64) scenarios.Criterion {
		return scenarios.Criterion{Op: op, Rate: big.NewRat(n, d)}
	}
	for _, row := range []struct {
		c    scenarios.Criterion
		want uint64
	}{
		{rate(">", 995, 1000), 765}, {rate("<", 1, 1000), 3838}, {rate("<", 5, 100), 300}, {rate("<=", 0, 1), 300},
		{scenarios.Criterion{Quantile: big.NewRat(95, 100)}, 300}, {scenarios.Criterion{Quantile: big.NewRat(999, 1000)}, 2995},
	} {
		if got := needed(row.c); got != row.want {
			t.Errorf("needed(%s %v %v) = %d; want %d", row.c.Op, row.c.Rate, row.c.Quantile, got, row.want)
		}
	}
}

func TestNoFailureSeen(t *testing.T) {
	in := proportion([]block{{K: 0, N: 40_000}, {K: 0, N: 8_000}}, 1)
	if in.Lo.Sign() != 0 || in.Hi.Cmp(big.NewRat(3, 48_000)) != 0 {
		t.Errorf("0 of 48,000: [%s, %s]; want [0, 3/48000]", in.Lo, in.Hi)
	}
	in = proportion([]block{{K: 1000, N: 1000}}, 1)
	if in.Hi.Cmp(big.NewRat(1, 1)) != 0 || in.Lo.Cmp(big.NewRat(997, 1000)) != 0 {
		t.Errorf("1000 of 1000: [%s, %s]; want [0.997, 1]", in.Lo, in.Hi)
	}
}

func TestQuantileReadsNever(t *testing.T) {
	d := newDistribution([]bucket{{time.Second, time.Second, 94}}, 6)
	if got := d.decimal(p95); got != Never {
		t.Errorf("p95 of 94 quick and 6 never = %s; want never", got)
	}
	if got := d.decimal(p90); got != "1" {
		t.Errorf("p90 = %s; want 1", got)
	}
	d = newDistribution([]bucket{{time.Second, time.Second, 950}}, 50)
	lo, hi := d.interval(p95, 1)
	if lo != time.Second || hi != neverTime {
		t.Errorf("interval at the edge = %v, %v; want 1s, never", lo, hi)
	}
}

// TestZeroLimitIsACount: "rate<=0%" is a claim on this storm.
func TestZeroLimitIsACount(t *testing.T) {
	c := scenarios.Criterion{Op: "<=", Rate: new(big.Rat)}
	if got := rateStatus(c, new(big.Rat), proportion([]block{{K: 0, N: 5000}}, 1)); got != Met {
		t.Errorf("nothing seen: %s", got)
	}
	if got := rateStatus(c, big.NewRat(1, 5000), proportion([]block{{K: 1, N: 5000}}, 1)); got != NotMet {
		t.Errorf("one seen: %s", got)
	}
}

func TestDecimalKeepsApart(t *testing.T) {
	if got := apart(big.NewRat(9949999999, 10000000000), big.NewRat(995, 1000)); got != "0.994999999" && got != "0.9949999999" {
		t.Errorf("apart = %s", got)
	}
	if got := share(1, 100_000_000); got != "0.00000001" {
		t.Errorf("share(1, 1e8) = %s", got)
	}
}
