package stats

import "math"

// mostServers bounds the loops over servers.
const mostServers = 1_000_000

// ErlangB is the share of arrivals that find all servers busy and are turned away
// when a = λ·s of them would be busy on average: B₀ = 1, B_k = a·B/(k + a·B)
// (Erlang 1917). It holds for any distribution of the service time. 1 without
// servers, 0 without load, NaN when a is not a number.
func ErlangB(servers int, a float64) float64 {
	switch {
	case math.IsNaN(a):
		return math.NaN()
	case servers <= 0 || math.IsInf(a, 1):
		return 1
	case a <= 0:
		return 0
	}
	b := 1.0
	for k := 1; k <= min(servers, mostServers); k++ {
		ab := float64(a * b)
		b = ab / (float64(k) + ab)
	}
	return b
}

// ErlangC is the share of arrivals that have to wait in M/M/c with offered load a
// = λ·s: B ÷ (1 - (a/c)(1-B)). 1 from a = c on.
func ErlangC(servers int, a float64) float64 {
	if servers <= 0 || a >= float64(servers) {
		return 1
	}
	b := ErlangB(servers, a)
	return b / (1 - float64(a/float64(servers)*(1-b)))
}

// Sojourn is the probability that an M/M/c customer spends more than t seconds
// waiting and being served, with rate arrivals per second and service seconds on
// average:
//
//	(1-C)·e^(-μt) + C·(k·e^(-μt) - μ·e^(-kt)) ÷ (k-μ),  k = cμ-λ
//
// 1 at and beyond saturation (it has no steady state), and for t of 0 and less.
func Sojourn(t float64, servers int, rate, service float64) float64 {
	if math.IsNaN(t) || math.IsNaN(rate) || !(service > 0) {
		return math.NaN()
	}
	mu := 1 / service
	k := float64(float64(servers)*mu) - rate
	if t <= 0 || servers <= 0 || !(k > 0) {
		return 1
	}
	wait := ErlangC(servers, float64(math.Max(0, rate)*service))
	own, both := math.Exp(-float64(mu*t)), math.Exp(-float64(k*t))
	late := float64((1 + float64(mu*t)) * own) // the limit k → μ
	if math.Abs(k-mu) > 1e-9*mu {
		late = (float64(k*own) - float64(mu*both)) / (k - mu)
	}
	return math.Min(1, float64((1-wait)*own)+float64(wait*late))
}

// SojournQuantile is the q-quantile of that time, in seconds; +Inf at and beyond
// saturation.
func SojournQuantile(q float64, servers int, rate, service float64) float64 {
	k := float64(servers)/service - rate
	if !(q > 0) {
		return 0
	}
	if !(q < 1) || !(service > 0) || !(k > 0) {
		return math.Inf(1)
	}
	return invert(func(t float64) bool { return Sojourn(t, servers, rate, service) <= 1-q }, service)
}

// RateWithin is the highest rate per second whose stationary q-quantile of the
// sojourn is at most limit seconds; 0 when even an idle system is slower.
func RateWithin(limit, q float64, servers int, service float64) float64 {
	full := float64(servers) / service
	if !(limit > 0 && q > 0 && q < 1 && full > 0) || math.IsInf(full, 0) {
		return 0
	}
	lo, hi := 0.0, full
	if Sojourn(limit, servers, 0, service) > 1-q {
		return 0
	}
	for range 60 {
		mid := (lo + hi) / 2
		if Sojourn(limit, servers, mid, service) <= 1-q {
			lo = mid
		} else {
			hi = mid
		}
	}
	return lo
}

// invert is the smallest t from which reached holds, for a reached that once true
// stays true; start is a scale to begin at. +Inf when it never is.
func invert(reached func(float64) bool, start float64) float64 {
	hi := start
	for n := 0; !reached(hi); n++ {
		if n == 200 {
			return math.Inf(1)
		}
		hi *= 2
	}
	lo := 0.0
	for range 80 {
		mid := (lo + hi) / 2
		if reached(mid) {
			hi = mid
		} else {
			lo = mid
		}
	}
	return hi
}

// Abandonment is what Erlang-A says of a queue whose people lose patience.
type Abandonment struct {
	Share float64 // of arrivals, who leave without being served
	Wait  float64 // mean seconds in the queue, of everybody
	Delay float64 // share of arrivals who have to wait
}

// ErlangA is M/M/c+M: rate arrivals per second, servers with service seconds on
// average, exponential patience of patience seconds on average (Palm; Garnett,
// Mandelbaum and Reiman, M&SOM 4, 2002). The stationary distribution is summed
// from its largest term outwards. Everybody leaves a system without servers. With
// arguments that make no sense all is NaN.
func ErlangA(rate float64, servers int, service, patience float64) Abandonment {
	if !(rate >= 0 && service > 0 && patience > 0) || math.IsInf(rate, 0) || math.IsInf(service, 0) || math.IsInf(patience, 0) {
		return Abandonment{math.NaN(), math.NaN(), math.NaN()}
	}
	if rate == 0 || servers <= 0 {
		return Abandonment{Share: boolean(servers <= 0), Wait: boolean(servers <= 0) * patience, Delay: boolean(servers <= 0)}
	}
	servers = min(servers, mostServers)
	mu, theta := 1/service, 1/patience
	leave := func(n int) float64 { // rate of leaving state n
		return float64(float64(min(n, servers))*mu) + float64(float64(max(0, n-servers))*theta)
	}
	// The likeliest state: where people leave as fast as they come.
	mode := rate / mu
	if full := float64(servers) * mu; rate > full {
		mode = float64(servers) + (rate-full)/theta
	}
	start := int(math.Min(mode, 1e9))
	var all, waiting, queue float64
	add := func(n int, p float64) bool { // false once a term is too small to count
		all += p
		if n >= servers {
			waiting += p
			queue += float64(p * float64(n-servers))
		}
		return p > 1e-18*all
	}
	p := 1.0
	for n := start; add(n, p); n++ {
		p = float64(p * (rate / leave(n+1)))
	}
	p = 1
	for n := start; n > 0; n-- {
		p = float64(p * (leave(n) / rate))
		if !add(n-1, p) {
			break
		}
	}
	queue /= all
	return Abandonment{Share: math.Min(1, float64(theta*queue)/rate), Wait: queue / rate, Delay: waiting / all}
}

func boolean(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
