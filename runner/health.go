package runner

import (
	"context"
	"sync/atomic"
	"time"

	"firstbell/runner/results"
)

// HealthOptions are what only the engine knows about itself. Every function may
// be nil and is called from Sample's goroutine.
type HealthOptions struct {
	Bytes func() (in, out int64) // read and written since the start
	Open  func() int             // connections open now
	// Loopback: every host is on this machine, where closed connections do
	// not hold their port.
	Loopback bool
}

// Health watches the generator itself: a sick generator makes timeouts that
// look like the portal's. [Health.Probe] and [Health.Sample] may run at the same
// time; Sample is for one goroutine.
type Health struct {
	options HealthOptions
	read    func() readings

	start    time.Time
	due      atomic.Int64 // when the sleeper should wake, ns since start; 0: it has not slept yet
	worst    atomic.Int64 // its worst oversleep since the last sample, ns
	last     time.Time
	before   readings
	bytesIn  int64
	bytesOut int64
}

// readings are what the system says about this process; 0 is unknown.
type readings struct {
	cpu         time.Duration // user and system, since the process began
	throttled   time.Duration // kept off the CPU by a quota, since the group began
	group       string        // whose quota it is
	cpus        float64
	descriptors int
	descLimit   int
	timeWait    int // ports held by closed connections
	portLimit   int
	reusesPorts bool
}

// probeEvery is how long the hiccup probe sleeps (after jHiccup, G. Tene).
const probeEvery = 10 * time.Millisecond

// NewHealth starts counting from now.
func NewHealth(o HealthOptions) *Health { return newHealth(o, newSystem().read) }

func newHealth(o HealthOptions, read func() readings) *Health {
	now := time.Now()
	h := &Health{options: o, read: read, start: now, last: now, before: read()}
	h.bytesIn, h.bytesOut = h.bytes()
	return h
}

// Probe sleeps 10 ms again and again and keeps the worst oversleep, until the
// context ends.
func (h *Health) Probe(ctx context.Context) {
	timer := time.NewTimer(probeEvery)
	defer timer.Stop()
	for {
		due := time.Since(h.start) + probeEvery
		h.due.Store(int64(due))
		timer.Reset(probeEvery)
		select {
		case <-ctx.Done():
			h.due.Store(0)
			return
		case <-timer.C:
		}
		h.overslept(time.Since(h.start) - due)
	}
}

func (h *Health) overslept(by time.Duration) {
	for {
		worst := h.worst.Load()
		if int64(by) <= worst || h.worst.CompareAndSwap(worst, int64(by)) {
			return
		}
	}
}

// Sample closes a second of the run: what was used since the sample before.
// InFlight, Waiting, Between and DialsQueued are the engine's to fill in.
func (h *Health) Sample(second int) results.Health {
	now, r := time.Now(), h.read()
	in, out := h.bytes()
	s := results.Health{
		Second:      second,
		CPU:         cpuShare(now.Sub(h.last), h.before, r),
		Descriptors: r.descriptors,
		DescLimit:   r.descLimit,
		Ports:       h.ports(r),
		PortLimit:   r.portLimit,
		BytesIn:     in - h.bytesIn,
		BytesOut:    out - h.bytesOut,
		Hiccup:      h.hiccup(),
	}
	h.last, h.before, h.bytesIn, h.bytesOut = now, r, in, out
	return s
}

func (h *Health) bytes() (in, out int64) {
	if h.options.Bytes == nil {
		return 0, 0
	}
	return h.options.Bytes()
}

// ports counts the local ports taken: a closed connection holds its own for a
// minute, unless the system hands it on at once.
func (h *Health) ports(r readings) int {
	n := 0
	if h.options.Open != nil {
		n = h.options.Open()
	}
	if !h.options.Loopback && !r.reusesPorts {
		n += r.timeWait
	}
	return n
}

// hiccup is the worst oversleep since the sample before, a sleep that should
// have ended by now included: a stopped process may sample before it wakes.
func (h *Health) hiccup() time.Duration {
	worst := time.Duration(h.worst.Swap(0))
	if due := h.due.Load(); due > 0 {
		worst = max(worst, time.Since(h.start)-time.Duration(due))
	}
	return worst
}

// cpuShare is the CPU used over what the process is allowed, or, when larger,
// the share of the time a quota kept it off the CPU: a group shared with other
// processes can be spent by them.
func cpuShare(wall time.Duration, before, now readings) float64 {
	if wall <= 0 {
		return 0
	}
	cpus := now.cpus
	if cpus <= 0 {
		cpus = 1
	}
	share := float64(now.cpu-before.cpu) / (float64(wall) * cpus)
	if now.group == before.group {
		share = max(share, float64(now.throttled-before.throttled)/float64(wall))
	}
	return min(1, max(0, share))
}
