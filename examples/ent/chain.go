package ent

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Class is a kind of request that costs something.
type Class uint8

const (
	free           Class = iota // costs nothing
	ClassLoginPage              // GET of a login page
	ClassLogin                  // POST of a password
	ClassHome                   // the first page after the login
	ClassPage                   // other pages
	ClassCall                   // what the pages' scripts ask for, and saves
	classes
)

var classNames = [classes]string{"free", "login_page", "login", "home", "page", "call"}

// String gives the name used in flags and settings.
func (c Class) String() string { return classNames[min(c, classes-1)] }

// Chain gives each class of request workers of its own, of known capacity: a
// front, a login server, a portal… A class without a rate costs nothing.
type Chain struct{ LoginPage, Login, Home, Page, Call Station }

// Station is the workers of one class.
type Station struct {
	Rate float64 // requests per second at saturation; 0: no limit
	// Workers share the rate: the mean service time is Workers/Rate. By default
	// as many as make it 40 ms or a little less, and at least one.
	Workers int
}

func (c Chain) of(k Class) Station {
	return [classes]Station{{}, c.LoginPage, c.Login, c.Home, c.Page, c.Call}[k]
}

func (s Station) workers() int {
	if s.Workers > 0 {
		return s.Workers
	}
	return max(1, int(s.Rate*0.04+1e-9))
}

// Service gives the mean service time: workers/rate, 0 without a limit.
func (s Station) Service() time.Duration {
	if s.Rate == 0 {
		return 0
	}
	return span(float64(s.workers()) / s.Rate)
}

// ParseChain reads a chain as `firstbell ent --chain` takes it: stations
// separated by commas, each class=rate/s, with :workers after it if they are not
// to be chosen. Example: "login_page=600/s,login=400/s:8,home=440/s".
func ParseChain(text string) (Chain, error) {
	var c Chain
	by := [classes]*Station{nil, &c.LoginPage, &c.Login, &c.Home, &c.Page, &c.Call}
	for part := range strings.SplitSeq(text, ",") {
		name, value, ok := strings.Cut(strings.TrimSpace(part), "=")
		i := 1
		for i < len(classNames) && classNames[i] != name {
			i++
		}
		if !ok || i == len(classNames) {
			return Chain{}, fmt.Errorf("ent: chain: %q is not one of %s, = and a rate", part, strings.Join(classNames[1:], ", "))
		}
		s, err := parseStation(value)
		if err != nil {
			return Chain{}, fmt.Errorf("ent: chain: %s: %w", name, err)
		}
		*by[i] = s
	}
	return c, nil
}

func parseStation(text string) (s Station, err error) {
	rate, workers, more := strings.Cut(text, ":")
	number, ok := strings.CutSuffix(rate, "/s")
	if !ok {
		return s, fmt.Errorf("%q is not a rate such as 400/s", rate)
	}
	if s.Rate, err = strconv.ParseFloat(number, 64); err != nil {
		return s, err
	}
	if more {
		if s.Workers, err = strconv.Atoi(workers); err != nil {
			return s, err
		}
	}
	return s, s.valid()
}

func (s Station) valid() error {
	if !(s.Rate >= 0 && s.Rate <= 1e9) || s.Workers < 0 || s.Workers > maxWorkers || s.workers() > maxWorkers {
		return fmt.Errorf("a station of %v/s with %d workers is out of range", s.Rate, s.Workers)
	}
	return nil
}

// Visits says how many requests of each class one login makes.
type Visits struct{ LoginPage, Login, Home, Page, Call float64 }

// WholeLogin is the visits of a login with the given number of calls: login
// page, password, home, calls.
func WholeLogin(calls int) Visits {
	return Visits{LoginPage: 1, Login: 1, Home: 1, Call: float64(calls)}
}

func (v Visits) of(k Class) float64 {
	return [classes]float64{0, v.LoginPage, v.Login, v.Home, v.Page, v.Call}[k]
}

// LoginsPerSecond gives the saturation throughput in logins per second of
// journeys that make the given visits, and the name of what limits it: a class of
// the chain, "workers", or "shared_pool". It is the least of rate/visits over the
// classes of a chain; Workers/(Service·Σ visits·cost) for workers in common; and
// with a shared pool at most SharedPool/Σ visits·service, which the pool reaches
// when nobody waits inside it: see [SharedPoolPerSecond]. Without a limit it is
// +Inf and "".
func (c Capacity) LoginsPerSecond(v Visits) (rate float64, limit string) {
	rate = inf
	held := 0.0 // seconds of service per login
	units := 0.0
	for k := range classes {
		if s := c.Chain.of(k); s.Rate > 0 && v.of(k) > 0 {
			if r := s.Rate / v.of(k); r < rate {
				rate, limit = r, k.String()
			}
			held += v.of(k) * s.Service().Seconds()
		}
		units += v.of(k) * c.Costs.of(k)
	}
	if c.Workers > 0 && units > 0 {
		rate, limit = c.PerSecond(units), "workers"
		held = units * c.Service.Seconds()
	}
	if c.SharedPool > 0 && held > 0 && float64(c.SharedPool)/held < rate {
		rate, limit = float64(c.SharedPool)/held, "shared_pool"
	}
	return rate, limit
}

// SharedPoolPerSecond gives the saturation throughput in logins per second of a
// gateway of k threads in front of a chain, each thread held during a whole visit,
// waiting included. It is that of a closed network of k customers who choose their
// next station in proportion to the visits (Gordon and Newell 1967; normalising
// constants by the convolution of Buzen 1973), exact for exponential service
// times. Without stations it is +Inf.
func SharedPoolPerSecond(k int, chain Chain, v Visits) float64 {
	g := make([]float64, k+1) // normalising constants G(0)…G(k), scaled
	g[0] = 1
	visited := false
	for class := range classes {
		s := chain.of(class)
		if s.Rate == 0 || v.of(class) == 0 {
			continue
		}
		visited = true
		demand := v.of(class) * s.Service().Seconds()
		// f[n] = demand^n / Π min(i, workers)
		f := make([]float64, k+1)
		f[0] = 1
		for n := 1; n <= k; n++ {
			f[n] = f[n-1] * demand / float64(min(n, s.workers()))
		}
		g = convolve(g, f)
	}
	if !visited {
		return inf
	}
	return g[k-1] / g[k]
}

// convolve gives Σ a[i]·b[n-i], scaled so that its largest term is 1 (ratios are
// all that counts).
func convolve(a, b []float64) []float64 {
	c, largest := make([]float64, len(a)), 0.0
	for n := range c {
		for i := range n + 1 {
			c[n] += a[i] * b[n-i]
		}
		largest = math.Max(largest, c[n])
	}
	for n := range c {
		c[n] /= largest
	}
	return c
}
