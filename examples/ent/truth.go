package ent

import (
	"math"
	"time"
)

// FreezeQuantile gives the p-quantile of the wait of requests that arrive
// uniformly in time at a server which freezes for f every period, and is
// otherwise instant: f·(1-(1-p)·P/f) when 1-p < f/P, else 0. A share f/P of the
// requests meets a freeze, and waits uniformly between 0 and f. Add the service
// time. For 2 s every 20 s: p95 = 1.00 s, p99 = 1.80 s.
func FreezeQuantile(f, period time.Duration, p float64) time.Duration {
	F, P := f.Seconds(), period.Seconds()
	return span(math.Max(0, F-(1-p)*P))
}

// TokenBucketRefusedShare gives the share of arrivals that a token bucket of
// rate q refuses in the long run, at arrival rate lambda: 1 - q/λ, or 0.
func TokenBucketRefusedShare(lambda, q float64) float64 {
	return math.Max(0, 1-q/lambda)
}

// FirstRefusal gives the time from the start of a steady load lambda to the
// first refusal of a token bucket of rate q and depth b: b/(λ-q). ok is false
// when it never refuses.
func FirstRefusal(lambda, q, b float64) (t time.Duration, ok bool) {
	if lambda <= q {
		return 0, false
	}
	return span(b / (lambda - q)), true
}

// WaitFIFO gives the wait of ticket i (from 0) of a FIFO room that lets in q per
// second and has not been empty since the start, for somebody who came at t:
// max(0, i/q - t).
func WaitFIFO(i int, q float64, t time.Duration) time.Duration {
	return max(0, span(float64(i)/q)-t)
}

// EveryoneIn gives the time a quota of q per second needs for n people: n/q. It
// is the price of every quota.
func EveryoneIn(n int, q float64) time.Duration {
	return span(float64(n) / q)
}

// MDcCapacity gives the saturation throughput of c workers of service time s,
// in requests per second: c/s. It holds for any distribution with that mean.
func MDcCapacity(c int, s time.Duration) float64 { return float64(c) / s.Seconds() }

// StormWait gives the worst wait when n people come uniformly during d to a
// server of capacity c per second, in the fluid limit: max(0, n/c - d).
func StormWait(n int, c float64, d time.Duration) time.Duration {
	return max(0, EveryoneIn(n, c)-d)
}

// ErlangB gives the share of arrivals refused by c workers without a queue,
// offered a = λ·s: B(0)=1, B(k) = a·B(k-1)/(k+a·B(k-1)). It holds for any
// distribution of the service time.
func ErlangB(c int, a float64) float64 {
	b := 1.0
	for k := 1; k <= c; k++ {
		b = a * b / (float64(k) + a*b)
	}
	return b
}

// ErlangC gives the probability of waiting in an M/M/c queue with offered load
// a = λ·s < c: B/(1-ρ(1-B)), ρ = a/c. At a ≥ c everybody waits: 1.
func ErlangC(c int, a float64) float64 {
	rho := a / float64(c)
	if rho >= 1 {
		return 1
	}
	b := ErlangB(c, a)
	return b / (1 - rho*(1-b))
}

// MMcWaitExceeds gives the probability that a request to an M/M/c queue waits
// longer than t before its service: ErlangC·exp(-(c/s-λ)·t), for λ < c/s.
func MMcWaitExceeds(c int, s time.Duration, lambda float64, t time.Duration) float64 {
	mu := MDcCapacity(c, s)
	if lambda >= mu {
		return 1
	}
	return ErlangC(c, lambda*s.Seconds()) * math.Exp(-(mu-lambda)*t.Seconds())
}

// MeanWaitMG1 gives the mean wait before service of one worker with Poisson
// arrivals (Pollaczek-Khinchine): ρ·s·(1+CV²)/(2(1-ρ)), ρ = λ·s < 1. At ρ ≥ 1
// there is none and ok is false.
func MeanWaitMG1(s time.Duration, lambda, cv2 float64) (w time.Duration, ok bool) {
	rho := lambda * s.Seconds()
	if rho >= 1 {
		return 0, false
	}
	return time.Duration(rho * float64(s) * (1 + cv2) / (2 * (1 - rho))), true
}

// RetryThreshold gives the load above which a server of capacity c that serves
// the requests of clients who left never recovers, when each impatient client
// refreshes r times: c/(1+r).
func RetryThreshold(c, r float64) float64 { return c / (1 + r) }

// AbandonShare gives the share of clients who leave an overloaded server in the
// fluid limit, whatever their patience: max(0, 1 - C/λ).
func AbandonShare(lambda, c float64) float64 { return math.Max(0, 1-c/lambda) }

// span is a number of seconds, to the nearest nanosecond.
func span(seconds float64) time.Duration {
	return time.Duration(math.Round(seconds * float64(time.Second)))
}

// RetrySlope gives how fast the backlog's delay grows, in seconds per second, at a
// server that goes on serving the requests of clients who left, when everybody
// waits longer than their patience and refreshes r times: (λ(1+r)-C)/C. Below zero
// it drains. Bronson et al. 2021 call the state above zero metastable.
func RetrySlope(lambda, c, r float64) float64 { return (lambda*(1+r) - c) / c }

// MMcSojournExceeds gives the probability that a request to an M/M/c queue takes
// longer than t, wait and service: with μ = 1/s, k = cμ-λ and W = ErlangC,
// (1-W)·e^(-μt) + W·(k·e^(-μt) - μ·e^(-kt))/(k-μ). At λ ≥ c/s it is 1.
func MMcSojournExceeds(c int, s time.Duration, lambda float64, t time.Duration) float64 {
	mu, x := 1/s.Seconds(), t.Seconds()
	k := float64(c)*mu - lambda
	if k <= 0 {
		return 1
	}
	w := ErlangC(c, lambda/mu)
	tail := math.Exp(-mu * x)
	if math.Abs(k-mu) < 1e-9*mu { // the limit k → μ: an Erlang of two phases
		return (1-w)*tail + w*(1+mu*x)*tail
	}
	return (1-w)*tail + w*(k*tail-mu*math.Exp(-k*x))/(k-mu)
}

// Abandonment is what an M/M/c+M queue (Erlang-A) does in the long run.
type Abandonment struct {
	Share float64       // of the requests, that leave before a worker takes them
	Wait  time.Duration // mean wait of all, served or not
	Waits float64       // share that does not find a free worker
}

// ErlangA gives the long run of c workers of mean service s, exponential, with
// Poisson arrivals at rate lambda of clients whose patience is exponential with
// the given mean; somebody being served does not leave. It is the birth and death
// process with death rates min(n,c)/s + max(0,n-c)/patience (Palm 1957; Garnett,
// Mandelbaum and Reiman 2002). By Little's law the share that leaves is
// Wait/patience.
func ErlangA(c int, s time.Duration, lambda float64, patience time.Duration) Abandonment {
	mu, theta := 1/s.Seconds(), 1/patience.Seconds()
	sum, waits, queue := 0.0, 0.0, 0.0
	p := 1.0 // of n requests, relative to a state met before
	for n := 0; ; n++ {
		sum += p
		if n >= c {
			waits += p
			queue += float64(n-c) * p
		}
		death := float64(min(n+1, c))*mu + float64(max(0, n+1-c))*theta
		ratio := lambda / death
		if p *= ratio; ratio < 1 && n > c && p < 1e-15*sum {
			break
		}
		if p > 1e100 {
			sum, waits, queue, p = sum/p, waits/p, queue/p, 1
		}
	}
	share := theta * queue / sum / lambda
	return Abandonment{Share: share, Wait: span(queue / sum / lambda), Waits: waits / sum}
}
