package runner

import (
	"net/url"
	"sync"
	"time"

	"firstbell/runner/results"
)

// hop records one exchange.
func (r *run) hop(v *showing, number int, _ *Request, resp *Response, _ error) {
	t := resp.Timing
	h := results.Hop{
		Step: v.index, Number: number, Host: resp.Host, Status: resp.Status, Reused: t.Reused,
		Queued: t.Queued, DNS: t.DNS, Connect: t.Connect, TLS: t.TLS, FirstByte: t.FirstByte, Body: t.Body,
		BytesIn: t.BytesIn, BytesOut: t.BytesOut, At: t.Sent, Intended: v.intended,
	}
	r.rec.add(v.b.id, func(d *results.Delta) {
		d.AddHop(h)
		if t.Queued > 0 && number != 1 { // the first exchange of a step moves its own Sent
			d.AddLater(t.Sent-t.Queued, t.Sent)
		}
	})
}

// sample records one step, judged.
func (r *run) sample(p *person, f finding) {
	o := f.outcome
	if o == results.NotSent {
		r.spent(p, p.base+p.step)
		return
	}
	s := results.Sample{Step: p.base + p.step, Group: p.group, Intended: p.click, Sent: max(f.sent, p.click),
		Done: max(f.proved, f.sent), Inside: p.inside, Outcome: o, Reason: f.reason}
	p.inside = 0
	if f.sent == 0 {
		s.Sent = s.Done
	}
	r.rec.add(p.id, func(d *results.Delta) { d.AddStep(s) })
}

// spent records the time in a step that has no sample: nothing left, or the run
// stopped.
func (r *run) spent(p *person, step int) {
	if p.inside == 0 {
		return
	}
	inside := p.inside
	p.inside = 0
	r.rec.add(p.id, func(d *results.Delta) { d.AddSpent(step, p.click, inside) })
}

// sign records how a failure looked, secrets taken out.
func (r *run) sign(p *person, f finding) {
	s := results.Sign{Step: p.base + p.step, Host: f.host, Status: f.status, Outcome: f.outcome, Reason: f.reason,
		Text: Redact(f.text, p.secrets(r.site)...), At: r.cfg.Clock.Now()}
	r.rec.add(p.id, func(d *results.Delta) { d.AddSign(s) })
}

// first tells the timeline when something failed for the first time.
func (r *run) first(p *person, f finding) {
	if int(f.outcome) >= len(r.firsts) || r.firsts[f.outcome].Load() || !r.firsts[f.outcome].CompareAndSwap(false, true) {
		return
	}
	r.event("first_"+f.outcome.String(), Redact(f.text, p.secrets(r.site)...), map[string]string{
		"reason": f.reason.String(), "step": p.journey.Steps[p.step].Name})
}

// event writes to the timeline; a sink that fails is noticed by the ticker.
func (r *run) event(kind, text string, fields map[string]string) {
	_ = r.cfg.Sink.Event(results.Event{At: r.cfg.Clock.Now(), Wall: time.Now(), Kind: kind, Text: text, Fields: fields})
}

// maxOutsiders bounds the hosts listed as out of scope.
const maxOutsiders = 100

// outsiders are the hosts out of scope already listed.
type outsiders struct {
	mu   sync.Mutex
	seen map[string]bool
}

// isNew reports whether a host is to be listed.
func (o *outsiders) isNew(host string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.seen[host] || len(o.seen) >= maxOutsiders {
		return false
	}
	if o.seen == nil {
		o.seen = map[string]bool{}
	}
	o.seen[host] = true
	return true
}

// outOfScope lists a host that somebody was sent to and that was not asked.
func (r *run) outOfScope(u *url.URL) {
	host := u.Scheme + "://" + u.Host
	if len(host) > 300 {
		host = host[:300]
	}
	if r.outside.isNew(host) {
		r.event("out_of_scope", "named by a page or a redirect, not fetched", map[string]string{"host": host})
	}
}
