package runner

import (
	"context"
	"hash/maphash"
	"net/url"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"firstbell/runner/page"
	"firstbell/runner/results"
	"firstbell/scenarios"
)

// perHost is how many exchanges a page has open at once, as browsers do.
const perHost = 6

// inParallel runs f for 0…n-1, at most six at a time, and waits.
func inParallel(n int, f func(i int)) {
	if n == 1 {
		f(0)
		return
	}
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(n, perHost) {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				f(i)
			}
		})
	}
	wg.Wait()
}

// called is one call of a page, performed.
type called struct {
	page *page.Page
	bad  finding // outcome NoOutcome when the call is good
}

// calls performs what the page's scripts ask for. A page whose calls fail is
// the blank page of that morning; a call that a signature knows takes that
// signature's outcome.
func (v *showing) calls(ctx context.Context, shell *page.Page) finding {
	list := v.step.Calls
	out := make([]called, len(list))
	messages := make([]*message, len(list))
	for i := range list { // composed here: variables are not for several goroutines
		c := &list[i]
		m, err := v.b.compose(v.w.site, asked{c.Verb, c.URL, c.Query, c.Headers, c.Form, c.JSON}, shell.Final)
		if err != nil {
			return failed(results.ReasonCaptureMissing, err.Error())
		}
		messages[i] = m
	}
	got := make([]fetched, len(list))
	inParallel(len(list), func(i int) { got[i] = v.fetch(ctx, messages[i], KindCall, shell.Final, true) })
	worst := good()
	for i := range out { // judged here: the session's cookies are not for several goroutines
		if out[i] = v.judgeCall(&list[i], got[i]); out[i].bad.outcome != results.NoOutcome && graver(out[i].bad, worst) {
			worst = out[i].bad
		}
	}
	if worst.outcome != results.InTime {
		return worst
	}
	for i := range out {
		if missing := v.capture(list[i].Capture, out[i].page); missing != "" {
			return failed(results.ReasonCaptureMissing, "capture "+missing)
		}
	}
	return worst
}

// graver orders failures of calls: what a signature knows, then refusals of
// the server, then silence. The first of equals stays.
func graver(a, b finding) bool { return callRank(a) > callRank(b) }

func callRank(f finding) int {
	switch {
	case f.outcome == results.InTime:
		return 0
	case f.reason == results.ReasonShellCallsLost:
		return 1
	case f.reason == results.ReasonShellCallsFailed:
		return 2
	}
	return 3
}

func (v *showing) judgeCall(c *scenarios.Call, got fetched) called {
	if got.page == nil {
		return called{bad: lostCall(got.fault, c.Name)}
	}
	p := got.page
	lookup := v.b.lookup(v.w.site, p.Final)
	ok, missing := p.Match(c.Expect, lookup)
	if ok && !got.looped && (c.Expect.HasContentProof() || p.Status < 400 || expectsStatus(c.Expect, p.Status)) {
		if c.Expect.HasContentProof() {
			return called{page: p}
		}
		if f, known := v.claim(p); known && !f.wait && !f.again {
			return called{page: p, bad: f}
		}
		return called{page: p}
	}
	if f, known := v.claim(p); known && !f.wait && !f.again {
		return called{page: p, bad: f}
	}
	if p.WrongIdentity(c.Expect, lookup) {
		return called{page: p, bad: failed(results.ReasonWrongIdentity, "call "+c.Name+": "+missing)}
	}
	f := failed(results.ReasonShellCallsFailed, "call "+c.Name)
	if missing != "" {
		f.text += ", missing: " + missing
	}
	f.after, _ = page.RetryAfter(p.Header, time.Now())
	return called{page: p, bad: f}
}

func expectsStatus(m *scenarios.Matcher, status int) bool {
	if m == nil {
		return false
	}
	for _, s := range m.Status {
		if s == status {
			return true
		}
	}
	return false
}

// lostCall is a call without a complete answer. What is no fault of the shell
// keeps its own reason: the person's patience, the run's end, our own limits.
func lostCall(r results.Reason, name string) finding {
	switch r {
	case results.ReasonImpatient, results.ReasonInFlight, results.ReasonGenerator,
		results.ReasonConsentLimit, results.ReasonOutOfScope, results.ReasonCut:
		return failed(r, "call "+name)
	}
	return failed(results.ReasonShellCallsLost, "call "+name)
}

var warmSeed = maphash.MakeSeed()

// maxWarm bounds the files remembered per person.
const maxWarm = 300

// assets fetches the files a page names: hosts in scope only, at most six at a
// time. They are timed and never judged; but a file that was not asked for on
// our side (over the consented rate, out of descriptors) is load that is
// missing, and its reason is given.
func (v *showing) assets(ctx context.Context, p *page.Page) results.Reason {
	mode := v.step.Assets
	if mode == scenarios.AssetsNone || p == nil {
		return results.NoReason
	}
	var list []*url.URL
	for _, u := range v.w.site.assetsOf(p) {
		if _, ok := v.w.site.sc.InScope(u); !ok {
			v.w.outside(u)
			continue
		}
		key := maphash.String(warmSeed, u.String())
		if mode == scenarios.AssetsWarm && v.b.warm[key] {
			continue
		}
		if v.b.warm == nil {
			v.b.warm = map[uint64]bool{}
		}
		if len(v.b.warm) < maxWarm {
			v.b.warm[key] = true
		}
		list = append(list, u)
	}
	ours := make([]results.Reason, len(list))
	inParallel(len(list), func(i int) { ours[i] = v.asset(ctx, list[i], p.Final) })
	return slices.Max(append(ours, results.NoReason))
}

// asset fetches one file and follows its redirects.
func (v *showing) asset(ctx context.Context, u, from *url.URL) results.Reason {
	m := &message{method: "GET", url: u}
	for range maxRedirects {
		resp, err := v.exchange(ctx, m.wire(KindAsset, from, v.step.NoCookies, 0))
		if err != nil {
			if r := reasonFor(ctx, err); r.Outcome() == results.NotSent {
				return r
			}
			break
		}
		to, ok := location(m.url, resp)
		if !ok {
			break
		}
		if _, in := v.w.site.sc.InScope(to); !in {
			v.w.outside(to)
			break
		}
		m = m.redirected(resp.Status, to)
	}
	return results.NoReason
}
