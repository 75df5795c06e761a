package runner

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"

	"firstbell/runner/page"
	"firstbell/runner/results"
)

const (
	maxRedirects = 20
	maxVisits    = 4 // of one address in one step
)

var errAddress = errors.New("not an http or https address")

// fetched is what one request and its redirects gave.
type fetched struct {
	page *page.Page // nil: no complete answer
	host int        // of the last exchange
	sent time.Duration
	done time.Duration
	// fault is why there is no page; NoReason with one.
	fault results.Reason
	why   string // of a malformed answer, in words of our own
	// looped: more than 20 redirects, or an address visited too often; page
	// is then the last redirect.
	looped bool
	// retry: the last redirect asks to wait before it is followed.
	retry time.Duration
	next  *url.URL // where that redirect leads
}

// fetch performs a request and follows its redirects.
func (v *showing) fetch(ctx context.Context, m *message, kind Kind, from *url.URL, follow bool) fetched {
	var out fetched
	hops := []string{m.url.String()}
	for n := 1; ; n++ {
		resp, err := v.exchange(ctx, m.wire(kind, from, v.step.NoCookies, page.MaxBody))
		if n == 1 {
			out.sent = resp.Timing.Sent
		}
		out.done, out.host = resp.Timing.Done, resp.Host
		if err != nil {
			out.page, out.fault = nil, reasonFor(ctx, err)
			if out.fault == results.ReasonBadResponse { // others say it all by their names
				out.why = causeOf(err)
			}
			return out
		}
		out.page = v.pageOf(m.url, resp, hops)
		to, ok := location(m.url, resp)
		if !ok {
			return out
		}
		hops = append(hops, to.String())
		out.page.Hops = hops
		if !follow || (to.Scheme != "http" && to.Scheme != "https") {
			return out
		}
		if after, ok := page.RetryAfter(resp.Header, time.Now()); ok && after > 0 {
			out.retry, out.next = after, to
			return out
		}
		if n > maxRedirects || times(hops) > maxVisits {
			out.looped = true
			return out
		}
		m = m.redirected(resp.Status, to)
	}
}

func times(hops []string) int {
	n, last := 0, hops[len(hops)-1]
	for _, h := range hops {
		if h == last {
			n++
		}
	}
	return n
}

// location is where a redirect leads.
func location(base *url.URL, resp *Response) (*url.URL, bool) {
	ref := resp.Header.Get("Location")
	if !isRedirect(resp.Status) || ref == "" {
		return nil, false
	}
	u, err := base.Parse(ref)
	if err != nil {
		return nil, false
	}
	u.Fragment, u.RawFragment = "", ""
	return u, true
}

func (v *showing) pageOf(u *url.URL, resp *Response, hops []string) *page.Page {
	p := &page.Page{Final: u, Hops: hops, Status: resp.Status, Header: resp.Header, Body: resp.Body}
	if p.Header == nil {
		p.Header = http.Header{}
	}
	v.w.site.memos.share(p)
	session := v.b.session
	p.Cookie = func(name string) (string, bool) { return session.Cookie(u, name) }
	return p
}

// exchange is one hop: sent, timed, recorded. Response is never nil.
func (v *showing) exchange(ctx context.Context, req *Request) (*Response, error) {
	number := 0
	if req.Kind == KindPage {
		v.number = min(v.number+1, 255)
		number = v.number
		if v.left != nil {
			req.Left, v.left = v.left, nil
		}
	}
	resp, err := v.b.session.Do(ctx, req)
	if resp == nil {
		resp = &Response{URL: req.URL}
	}
	if resp.Host < 0 {
		resp.Host = 0
	}
	if err != nil && reasonFor(ctx, err) == results.ReasonOutOfScope {
		v.w.outside(req.URL)
		return resp, err // nothing was sent
	}
	v.w.hop(v, number, req, resp, err)
	return resp, err
}

// causeOf is what a [TransportError] says beside its reason. It repeats nothing of
// an answer.
func causeOf(err error) string {
	var te *TransportError
	if !errors.As(err, &te) || te.Err == nil {
		return ""
	}
	return te.Err.Error()
}

// reasonFor is why an exchange failed.
func reasonFor(ctx context.Context, err error) results.Reason {
	var te *TransportError
	if errors.As(err, &te) && te.Reason != results.NoReason {
		return te.Reason
	}
	if errors.As(context.Cause(ctx), &te) {
		return te.Reason
	}
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return results.ReasonStepTimeout
	}
	return results.ReasonBadResponse
}
