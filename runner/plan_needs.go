package runner

import (
	"math"
	"time"

	"firstbell/runner/results"
	"firstbell/scenarios"
	"firstbell/scenarios/arrivals"
)

// What the estimate assumes about a portal that is not known yet. Needs are
// printed before a run and checked against the machine; the run itself counts.
const (
	assumedAssets = 34               // files of a page that loads them: an entcore page with a cold cache
	assumedPage   = 2 * time.Second  // to load a page
	assumedSlow   = 10 * time.Second // to wait for one on a bad morning
	idleClose     = 5 * time.Second  // an unused connection is closed then
	dialTimeout   = 10 * time.Second // a connection that cannot be opened is given up then
	parallel      = 6                // connections to a host while a page loads
	maxKept       = 3                // hosts a person keeps a connection to
	maxRepeats    = 100              // a step repeated more often is estimated in as many lumps
	minDials      = 64
)

// Memory, rounded up from a run of 1,500 people against a busy machine on
// Linux: 23 KB a person with an open connection, 37 KB with TLS, everything
// included; a page being read keeps its body and what is parsed of it.
const (
	memoryBase   = 96 << 20
	memoryPerson = 4 << 10
	memoryPlain  = 20 << 10
	memoryTLS    = 40 << 10
	memoryPage   = 160 << 10
)

// needs estimates what the schedule takes from a machine. Every person clicks
// through the journey at the median pauses on pages that load in 2 s: requests
// and new connections of a second are those of the arrivals before it, shifted
// by these pauses. From each click a person holds one connection per host (three
// at most) for 15 s: a slow page and the idle time after it; and up to five more
// for the 2 s in which a page loads its calls and assets.
func needs(sc *scenarios.Scenario, s *arrivals.Schedule, m Machine) results.Needs {
	load := newLoad(sc, s)
	_, peak := s.PeakSecond()
	n := results.Needs{
		PeakArrivals:    float64(peak),
		PeakRequests:    math.Ceil(highest(load.requests)),
		PeakConnections: math.Ceil(highest(load.connections)),
		Open:            int(math.Ceil(highest(load.open))),
		CPUs:            m.CPUs,
		DescLimit:       m.Descriptors,
		PortLimit:       m.Ports,
		MemoryLimit:     m.Memory,
	}
	n.DialsInFlight = dials(sc, n)
	n.Descriptors = n.Open + baseDescriptors
	n.MemoryBytes = memory(sc, s, n, highest(load.pages))
	return n
}

// baseDescriptors are the run folder's, the runtime's, the consent's and the
// progress display's.
const baseDescriptors = 128

// dials bounds the connections being opened at once: enough for the worst
// second when nobody answers, never more than there are people to wait.
func dials(sc *scenarios.Scenario, n results.Needs) int {
	if sc.Limits.DialsInFlight > 0 {
		return sc.Limits.DialsInFlight
	}
	return max(minDials, min(dialsNeeded(n), n.Open))
}

func dialsNeeded(n results.Needs) int {
	return int(math.Ceil(n.PeakConnections * dialTimeout.Seconds()))
}

func memory(sc *scenarios.Scenario, s *arrivals.Schedule, n results.Needs, pages float64) int64 {
	connection := int64(memoryPlain)
	if sc.Target != nil && sc.Target.Scheme == "https" {
		connection = memoryTLS
	}
	return memoryBase + int64(s.People())*memoryPerson + int64(n.Open)*connection + int64(math.Ceil(pages))*memoryPage
}

// load is the estimate second by second, from the start of the played window.
type load struct {
	requests, connections, open, pages []float64
}

// visit is one page of one journey.
type visit struct {
	after    time.Duration // since the first click
	requests float64
	dialled  float64 // new connections
	extras   float64 // connections while it loads, beside those kept
}

// longestJourney bounds the part of a journey the estimate looks at.
const longestJourney = 2 * time.Hour

func newLoad(sc *scenarios.Scenario, s *arrivals.Schedule) *load {
	length := seconds(s.Play() + longestJourney + assumedSlow + idleClose)
	l := &load{
		requests: make([]float64, length), connections: make([]float64, length),
		open: make([]float64, length), pages: make([]float64, length),
	}
	kept := float64(min(maxKept, 1+len(sc.Hosts)))
	come := s.PerSecond(func(cohort int) int { return personaOf(sc, cohort) })
	for p, perSecond := range come {
		if p >= len(sc.Personas) {
			break
		}
		for _, share := range sc.Personas[p].Journeys {
			if share.Index < 0 || share.Index >= len(sc.Journeys) {
				continue
			}
			l.add(perSecond, share.Part, kept, visits(&sc.Journeys[share.Index], sc.Personas[p].Think))
		}
	}
	for _, series := range [][]float64{l.requests, l.connections, l.open, l.pages} {
		integrate(series)
	}
	return l
}

// personaOf is the index of a cohort's persona; 0 when there is none, which a
// parsed scenario excludes.
func personaOf(sc *scenarios.Scenario, cohort int) int {
	for i := range sc.Personas {
		if sc.Personas[i].ID == sc.Population[cohort].Persona {
			return i
		}
	}
	return 0
}

// add walks a share of the arrivals through a journey.
func (l *load) add(perSecond []uint32, share, kept float64, list []visit) {
	if len(list) == 0 || share == 0 {
		return
	}
	page := seconds(assumedPage)
	for second, n := range perSecond {
		if n == 0 {
			continue
		}
		people := float64(n) * share
		for i, v := range list {
			at := second + seconds(v.after)
			held := assumedSlow + idleClose
			if i+1 < len(list) {
				held = min(held, list[i+1].after-v.after)
			}
			bump(l.open, at, seconds(v.after+held)-seconds(v.after), people*kept)
			bump(l.requests, at, 1, people*v.requests)
			bump(l.connections, at, 1, people*v.dialled)
			bump(l.open, at, page, people*v.extras)
			bump(l.pages, at, page, people)
		}
	}
}

// bump adds to length seconds from a second on, as differences for integrate.
func bump(series []float64, from, length int, by float64) {
	if from < len(series) {
		series[from] += by
	}
	if from+length < len(series) {
		series[from+length] -= by
	}
}

// integrate turns differences into values.
func integrate(series []float64) {
	sum := 0.0
	for i, d := range series {
		sum += d
		series[i] = sum
	}
}

// visits are the pages of a journey at the median pauses.
func visits(j *scenarios.Journey, think scenarios.Think) []visit {
	var list []visit
	at := time.Duration(0)
	for i := range j.Steps {
		st := &j.Steps[i]
		pause := think.Median
		if st.Pause != nil {
			pause = st.Pause.Median
		} else if i == 0 {
			pause = 0
		}
		at += pause
		times, weight := repeats(st)
		for k := range times {
			if k > 0 {
				at += st.Every * time.Duration(weight)
			}
			if at > longestJourney {
				return list
			}
			v := visitOf(st, float64(weight))
			v.after = at
			if i == 0 || pause > idleClose || st.Every > idleClose {
				v.dialled += float64(weight)
			}
			list = append(list, v)
		}
		at += time.Second
	}
	return list
}

// repeats is how often a step is done, in lumps of weight.
func repeats(st *scenarios.Step) (times, weight int) {
	if st.Until != nil || st.Times <= 1 {
		return 1, 1
	}
	times = min(st.Times, maxRepeats)
	return times, (st.Times + times - 1) / times
}

func visitOf(st *scenarios.Step, weight float64) visit {
	files := float64(len(st.Calls))
	if st.Assets != scenarios.AssetsNone {
		files += assumedAssets
	}
	page := 1.0
	if !st.NoFollow {
		page++ // one redirect: to the login, or to the page after a form
	}
	extras := max(0, min(parallel, files)-1)
	return visit{requests: weight * (page + files), dialled: weight * extras, extras: extras}
}

func seconds(d time.Duration) int { return int((d + time.Second - 1) / time.Second) }

func highest(series []float64) float64 {
	top := 0.0
	for _, x := range series {
		top = max(top, x)
	}
	return math.Round(top*1e6) / 1e6 // sums of shares: 12 and not 12.000000001
}
