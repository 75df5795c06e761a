package consent

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"time"
)

// How often consent is read again, and how long one reading may take: a change
// is seen within 4 s, and everything is stopped within 5 s of it.
const (
	pollEvery   = 2 * time.Second
	pollTimeout = 2 * time.Second
)

// Watch reads every consent again each 2 s, until ctx ends or everything is
// stopped; it returns then. Call it once, after [Guard.Read] and before the
// load, in a goroutine of its own.
func (g *Guard) Watch(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	var sites, ending sync.WaitGroup
	for _, s := range g.order {
		if t := s.terms.Load(); t != nil && t.file != nil {
			w := &watch{guard: g, site: s, terms: t, good: time.Now()}
			sites.Go(func() { w.run(ctx) })
		}
	}
	ending.Go(func() {
		select {
		case <-g.stopped:
			cancel() // one site's stop ends the watching of all
		case <-ctx.Done():
		}
	})
	sites.Wait()
	cancel()
	ending.Wait()
	if c, ok := g.fetch.(interface{ Close() }); ok {
		c.Close()
	}
}

// watch is the reading of one site's consent.
type watch struct {
	guard *Guard
	site  *site
	terms *terms
	mu    sync.Mutex
	good  time.Time // last good reading, of the file or of its control address
	told  bool      // consent_unreadable, since then
}

// reading is what one look at a place means.
type reading struct {
	verdict verdict
	what    string
}

type verdict uint8

const (
	unreadable verdict = iota
	good
	withdrawn
)

// run reads the file and the control address side by side: neither waits for
// the other.
func (w *watch) run(ctx context.Context) {
	var wg sync.WaitGroup
	defer wg.Wait()
	home, _ := url.Parse(w.terms.source)
	places := []Place{{URL: home, Addrs: w.terms.addrs, Target: w.site.target}}
	if home.Host != w.site.origin.HostHeader() {
		places[0].Addrs, places[0].Target = nil, false // named by DNS
	}
	if u := controlURL(w.terms.file.Control); u != nil {
		places = append(places, Place{URL: u})
	}
	for i, at := range places {
		wg.Go(func() { w.poll(ctx, at, i > 0) })
	}
	w.window(ctx)
}

// poll reads one place every two seconds, counted from the start of a reading.
func (w *watch) poll(ctx context.Context, at Place, control bool) {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		reading := w.look(ctx, at, control)
		if ctx.Err() != nil {
			return
		}
		w.settle(reading)
	}
}

// window stops everything when the consent's time is over.
func (w *watch) window(ctx context.Context) {
	end := time.NewTimer(time.Until(w.terms.file.NotAfter))
	defer end.Stop()
	select {
	case <-ctx.Done():
	case <-end.C:
		w.settle(reading{withdrawn, "its time window is over"})
	}
}

// look reads one place and says what the answer means.
func (w *watch) look(ctx context.Context, at Place, control bool) reading {
	ctx, cancel := context.WithTimeout(ctx, pollTimeout)
	defer cancel()
	status, body, err := w.guard.fetch.Fetch(ctx, at)
	switch {
	case err != nil:
		return reading{unreadable, errText(err)}
	case status == http.StatusNotFound || status == http.StatusGone:
		return reading{withdrawn, fmt.Sprintf("its consent answers %d", status)}
	case status != http.StatusOK:
		return reading{unreadable, fmt.Sprintf("status %d", status)}
	}
	f, err := parseFile(body)
	switch {
	case err == errNotOurs:
		return reading{unreadable, err.Error()}
	case err != nil:
		return reading{withdrawn, "its consent has changed"}
	case f.Stop:
		return reading{withdrawn, `its consent says "stop": true`}
	case !control && !f.same(w.terms.file):
		return reading{withdrawn, "its consent has changed"}
	}
	return reading{verdict: good}
}

// settle acts on a reading.
func (w *watch) settle(r reading) {
	w.mu.Lock()
	defer w.mu.Unlock()
	g, host := w.guard, w.site.origin.String()
	switch r.verdict {
	case good:
		w.good, w.told = time.Now(), false
	case withdrawn:
		g.event("consent_withdrawn", host+": "+r.what, "host", host)
		g.halt(host + ": " + r.what)
	case unreadable:
		if !w.told {
			w.told = true
			g.event("consent_unreadable", host+": "+r.what, "host", host)
		}
		if grace := time.Duration(w.terms.file.Grace); time.Since(w.good) >= grace {
			g.event("consent_withdrawn", host+": unreadable for longer than its grace", "host", host)
			g.halt(fmt.Sprintf("%s: its consent was unreadable for %s (%s)", host, grace, r.what))
		}
	}
}
