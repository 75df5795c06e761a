package runner

import (
	"bytes"
	"context"
	"errors"
	"net/url"
	"time"

	"firstbell/runner/page"
	"firstbell/runner/results"
	"firstbell/scenarios"
)

// walker performs steps and reports every hop; it is shared by all people.
type walker struct {
	site    *site
	clock   Clock
	hop     func(v *showing, number int, req *Request, resp *Response, err error)
	outside func(u *url.URL) // an address out of scope was named and not fetched
}

// showing is one step of one person being performed: its page with redirects,
// its calls, its assets.
type showing struct {
	w        *walker
	b        *browser
	step     *scenarios.Step
	index    int           // into Plan.Steps
	intended time.Duration // the click
	resume   *url.URL      // ask for this page again instead (a waiting page's own refresh)
	left     func(at time.Duration)

	number int // hops so far
	from   *url.URL
}

// finding is how a visit ended.
type finding struct {
	outcome results.Outcome // InTime: the page is proved
	reason  results.Reason
	text    string // what was missing, how the page looked; secrets not yet taken out
	status  int
	host    int

	sent, proved, done time.Duration // done: with the assets

	wait  bool          // a waiting page: ask for next after this long
	again bool          // `until` is not true yet
	after time.Duration // wait; or Retry-After of a failure, 0 for none
	next  *url.URL
	leave bool // the patience of the day is spent
}

func good() finding { return finding{outcome: results.InTime} }

func failed(r results.Reason, text string) finding {
	return finding{outcome: r.Outcome(), reason: r, text: text}
}

// run performs the visit. The page shown afterwards is b.page. The context's
// deadline is the person's patience or the step's timeout.
func (v *showing) run(ctx context.Context) finding {
	defer v.b.session.PageDone()
	if v.b.page != nil {
		v.from = v.b.page.Final
	}
	started := v.w.clock.Now()
	m, f := v.message()
	if f.outcome != results.NoOutcome {
		f.sent, f.proved, f.done = started, started, started
		return f
	}
	got, f := v.load(ctx, m)
	if f.outcome == results.InTime && got.page != nil {
		f = v.accept(ctx, got, f)
	}
	f.sent, f.host = got.sent, got.host
	if f.proved == 0 {
		f.proved = got.done
	}
	if got.page != nil {
		f.status = got.page.Status
		v.b.page = got.page
	}
	if f.outcome == results.InTime {
		v.b.remember(v.w.site, v.isLogin(), got.page)
		if r := v.assets(ctx, got.page); r != results.NoReason {
			f.outcome, f.reason = r.Outcome(), r
		}
	}
	f.done = v.w.clock.Now()
	return f
}

// message is the request of the step itself, or of a page asked for again.
func (v *showing) message() (*message, finding) {
	if v.resume != nil {
		return &message{method: "GET", url: v.resume}, finding{}
	}
	s, st := v.w.site, v.step
	for _, f := range st.Values {
		text, err := f.Value.Expand(v.b.lookup(s, v.shown()))
		if err != nil {
			return nil, failed(results.ReasonCaptureMissing, err.Error())
		}
		v.b.set(f.Name, text)
	}
	if st.Verb != scenarios.Submit {
		v.keepReferer()
		m, err := v.b.compose(s, asked{st.Verb, st.URL, st.Query, st.Headers, st.Form, st.JSON}, s.sc.Target)
		if err != nil {
			return nil, failed(results.ReasonCaptureMissing, err.Error())
		}
		return m, finding{}
	}
	if v.b.page == nil {
		return nil, failed(results.ReasonNoForm, "there is no page before to submit a form of")
	}
	m, err := v.b.submission(s, st, v.b.page)
	var unknown *scenarios.UnknownVariable
	switch {
	case errors.As(err, &unknown):
		return nil, failed(results.ReasonCaptureMissing, err.Error())
	case err != nil:
		return nil, v.withoutForm(err)
	}
	return m, finding{}
}

// withoutForm judges a page that should hold a form and does not: when a
// signature knows it, it is that page.
func (v *showing) withoutForm(err error) finding {
	if f, ok := v.claim(v.b.page); ok && !f.wait {
		return f
	}
	return failed(results.ReasonNoForm, err.Error()+": "+v.b.page.Title())
}

// keepReferer drops the Referer of an address typed or bookmarked: a `get`
// that starts a journey comes from nowhere.
func (v *showing) keepReferer() {
	if v.step.Verb == scenarios.Get && v.b.page == nil {
		v.from = nil
	}
}

// shown is the address of the page shown, or the target.
func (v *showing) shown() *url.URL {
	if v.b.page != nil && v.b.page.Final != nil {
		return v.b.page.Final
	}
	return v.w.site.sc.Target
}

// load fetches the page and follows refreshes that a browser follows at once.
func (v *showing) load(ctx context.Context, m *message) (fetched, finding) {
	got := v.fetch(ctx, m, KindPage, v.from, !v.step.NoFollow)
	for range maxRedirects {
		if got.page == nil {
			return got, failed(got.fault, got.why)
		}
		f, decided := v.judgeFirst(got)
		if decided {
			return got, f
		}
		to, ok := v.instant(got.page)
		if !ok {
			return got, v.judge(got.page)
		}
		sent, hops := got.sent, got.page.Hops
		got = v.fetch(ctx, &message{method: "GET", url: to}, KindPage, got.page.Final, true)
		got.sent = sent
		if got.page != nil {
			got.page.Hops = append(hops[:len(hops):len(hops)], got.page.Hops...)
		}
	}
	got.looped = true
	f, _ := v.judgeFirst(got)
	return got, f
}

// instant is a refresh without delay: a redirect written into the page.
func (v *showing) instant(p *page.Page) (*url.URL, bool) {
	if v.step.NoFollow || p.Status != 200 || (p.Header.Get("Refresh") == "" && !mayRefresh(p.Body)) {
		return nil, false
	}
	r, ok := p.Refresh(time.Now())
	if !ok || r.After > 0 || r.URL == nil || r.URL.String() == p.Final.String() {
		return nil, false
	}
	return r.URL, true
}

// mayRefresh is a cheap look before a page is parsed.
func mayRefresh(body []byte) bool {
	word := []byte("refresh")
	for b := body[:min(len(body), 4096)]; len(b) >= len(word); b = b[1:] {
		if b[0]|0x20 == word[0] && bytes.EqualFold(b[:len(word)], word) {
			return true
		}
	}
	return false
}

// accept finishes a page judged good: captures, then calls.
func (v *showing) accept(ctx context.Context, got fetched, f finding) finding {
	if missing := v.capture(v.step.Capture, got.page); missing != "" {
		bad := failed(results.ReasonCaptureMissing, "capture "+missing+": "+got.page.Title())
		bad.proved = got.done
		return bad
	}
	f.proved = got.done
	if len(v.step.Calls) > 0 {
		f = v.calls(ctx, got.page)
		f.proved = v.w.clock.Now()
	}
	return f
}

// capture keeps the values a step takes out of a page; the name of the first
// one that is not there.
func (v *showing) capture(list []scenarios.Capture, p *page.Page) (missing string) {
	for i := range list {
		value, ok := p.Capture(&list[i])
		if !ok {
			return list[i].Name
		}
		v.b.set(list[i].Name, value)
	}
	return ""
}
