//go:build slow

package ent

import (
	"context"
	"math"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// At saturation, over sockets, the workers are never idle and the ENT serves what
// the closed form says, whatever the distribution of the service times. A run in
// which the machine could not keep it busy measures nothing.
func TestSaturationOverSockets(t *testing.T) {
	measured := 0
	for _, perSecond := range []float64{100, 500, 2000} {
		for _, cv2 := range []float64{0, 1, 4} {
			c := ForLogins(perSecond, 0)
			c.CV2, c.Queue = cv2, 10_000
			r := saturateOverSockets(t, c, int(max(50, perSecond/5)))
			got := r.logins / perSecond
			t.Logf("%v/s, CV²=%v: %.1f logins/s (%+.2f %%), workers busy %.4f, saturated %v", perSecond, cv2, r.logins, 100*(got-1), r.busy, r.saturated)
			if !r.saturated {
				continue
			}
			measured++
			// The services drawn in a few seconds have a mean of their own: the
			// rate they make is the truth, and that of the formula when CV² is 0.
			if math.Abs(r.busy-1) > 0.005 {
				t.Errorf("%v/s, CV²=%v: workers busy %.4f of the time", perSecond, cv2, r.busy)
			}
			if cv2 == 0 && math.Abs(got-1) > 0.005 {
				t.Errorf("%v/s: %.1f logins/s", perSecond, r.logins)
			}
		}
	}
	if measured == 0 {
		t.Skip("this machine could not keep the ENT busy")
	}
}

type saturation struct {
	logins, busy float64
	saturated    bool
}

// saturateOverSockets lets so many clients log in without end.
func saturateOverSockets(t *testing.T, c Capacity, clients int) (r saturation) {
	e, err := New(Config{Capacity: c})
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- e.Serve(ctx, l) }()
	var over atomic.Bool
	var n atomic.Int64
	var wg sync.WaitGroup
	for range clients {
		wg.Go(func() {
			for !over.Load() {
				if err := oneLogin(l.Addr().String(), n.Add(1)); err != nil && !over.Load() {
					t.Error(err)
					return
				}
			}
		})
	}
	type state struct {
		at     time.Time
		worked time.Duration
		units  float64
	}
	look := func() state {
		e.plant.mu.Lock()
		defer e.plant.mu.Unlock()
		now := time.Now()
		e.plant.advance(now.Sub(e.plant.origin))
		s := state{now, e.plant.worked, e.plant.units}
		for _, v := range e.plant.events { // what is half done counts half
			if j := v.job; j.stage == serving && j.station != nil {
				part := now.Sub(e.plant.origin) - (j.end - j.service)
				s.worked += part
				s.units += j.units * part.Seconds() / j.service.Seconds()
			}
		}
		return s
	}
	time.Sleep(time.Second)
	var a, b state
	r.saturated = true
	stopped := stoodStill(func() {
		for a = look(); time.Since(a.at) < 4*time.Second; {
			time.Sleep(2 * time.Millisecond)
			r.saturated = r.saturated && e.plant.inQueue() > 0
		}
		b = look()
	})
	// While everybody stands still the queue runs empty, and nobody sees it.
	r.saturated = r.saturated && stopped < 50*time.Millisecond
	over.Store(true)
	wg.Wait()
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
	seconds := b.at.Sub(a.at).Seconds()
	r.busy = (b.worked - a.worked).Seconds() / seconds / float64(c.Workers)
	r.logins = (b.units - a.units) / c.Costs.PerLogin(0) / seconds
	return r
}
