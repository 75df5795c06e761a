package runner

import (
	"slices"
	"strings"
	"time"

	"firstbell/runner/page"
	"firstbell/runner/results"
	"firstbell/scenarios"
)

// defaultPoll is how long a person waits on a waiting page that does not say
// when it will ask again.
const defaultPoll = 10 * time.Second

// minPoll bounds a waiting page that refreshes without pause.
const minPoll = 250 * time.Millisecond

// judgeFirst is what overrules everything: content expected and found, then
// the signatures, then redirects that lead nowhere.
func (v *showing) judgeFirst(got fetched) (f finding, decided bool) {
	p := got.page
	if got.retry == 0 && !got.looped && v.proved(p) {
		return good(), true
	}
	if f, ok := v.claim(p); ok {
		if f.wait && got.next != nil {
			f.after, f.next = got.retry, got.next
		}
		return f, true
	}
	switch {
	case got.retry > 0:
		return finding{outcome: results.WaitingRoom, reason: results.ReasonWaitingPage,
			wait: true, after: max(got.retry, minPoll), next: got.next}, true
	case got.looped:
		return failed(results.ReasonRedirectLoop, ""), true
	}
	return finding{}, false
}

// proved reports whether the content the step expects is there.
func (v *showing) proved(p *page.Page) bool {
	lookup := v.b.lookup(v.w.site, p.Final)
	if v.step.Until != nil {
		ok, _ := p.Match(v.step.Until, lookup)
		return ok
	}
	if !v.step.Expect.HasContentProof() {
		return false
	}
	ok, _ := p.Match(v.step.Expect, lookup)
	return ok
}

// claim looks for the first signature that knows the page.
func (v *showing) claim(p *page.Page) (finding, bool) {
	lookup := v.b.lookup(v.w.site, p.Final)
	if i := v.w.site.signature(p, lookup); i >= 0 {
		return v.claimed(v.w.site.sc.Signatures[i].Class, p), true
	}
	return finding{}, false
}

func (v *showing) claimed(c scenarios.Class, p *page.Page) finding {
	if c == scenarios.ClassWaitingRoom {
		if v.step.Until != nil {
			return v.notYet()
		}
		return waitingOn(p)
	}
	f := failed(reasonOfClass(c), p.Title())
	f.after, _ = page.RetryAfter(p.Header, time.Now())
	return f
}

// waitingOn obeys a waiting page's own refresh.
func waitingOn(p *page.Page) finding {
	f := finding{outcome: results.WaitingRoom, reason: results.ReasonWaitingPage,
		wait: true, after: defaultPoll, next: p.Final, text: p.Title()}
	if r, ok := p.Refresh(time.Now()); ok {
		f.after, f.next = max(r.After, minPoll), r.URL
	}
	return f
}

func reasonOfClass(c scenarios.Class) results.Reason {
	switch c {
	case scenarios.ClassQuota:
		return results.ReasonQuotaPage
	case scenarios.ClassProfileBlocked:
		return results.ReasonProfileBlocked
	case scenarios.ClassBadCredentials:
		return results.ReasonBadCredentials
	case scenarios.ClassLocked:
		return results.ReasonLocked
	case scenarios.ClassThrottled:
		return results.ReasonThrottled
	case scenarios.ClassChallenge:
		return results.ReasonChallenge
	case scenarios.ClassOutage:
		return results.ReasonOutage
	case scenarios.ClassFederation:
		return results.ReasonFederationFailed
	case scenarios.ClassStaleForm:
		return results.ReasonStaleForm
	case scenarios.ClassBackendDown:
		return results.ReasonBackendDown
	case scenarios.ClassBlank:
		return results.ReasonEmptyPage
	}
	return results.ReasonAppError
}

// judge decides about a page that no content proves and no signature knows.
func (v *showing) judge(p *page.Page) finding {
	lookup := v.b.lookup(v.w.site, p.Final)
	ok, missing := p.Match(v.step.Expect, lookup)
	if v.cameBack(p, ok) || !v.isLogin() && v.b.backAtLogin(v.w.site, p) {
		return failed(results.ReasonLoginAgain, p.Title())
	}
	switch {
	case v.step.Expect != nil && !ok:
		return v.unexpected(p, v.step.Expect, missing, lookup)
	case v.step.Until != nil && p.Status < 400:
		return v.notYet()
	case v.step.Expect != nil:
		return good()
	}
	if f, bad := byStatus(p); bad {
		return f
	}
	if blank, scripts := v.w.site.blank(p); blank && !scripts && p.Status == 200 {
		return failed(results.ReasonEmptyPage, p.Title())
	}
	return good()
}

func (v *showing) notYet() finding {
	return finding{outcome: results.WaitingRoom, reason: results.ReasonLobby, again: true}
}

// cameBack reports whether the form just submitted came back. For a login any
// such page is a refusal; for another form only when the step expected
// something else: an exercise may be shown again.
func (v *showing) cameBack(p *page.Page, expected bool) bool {
	if len(v.step.Form) == 0 || (!v.isLogin() && (expected || v.step.Expect == nil)) {
		return false
	}
	names := make([]string, len(v.step.Form))
	for i, f := range v.step.Form {
		names[i] = f.Name
	}
	if v.step.Verb == scenarios.Submit || v.isLogin() {
		if p.HasForm(names) {
			return true
		}
	}
	// A login page drawn by a script holds no form: it came back when the
	// address of the page before did and the proof did not. One that held the
	// form would hold it again: without it, the page is another, perhaps blank.
	return v.isLogin() && v.step.Verb != scenarios.Submit && !expected && v.from != nil && p.Status < 400 &&
		p.IsHTML() && p.Final.Path == v.from.Path && p.Final.Host == v.from.Host
}

// isLogin reports whether the step sends the account's password.
func (v *showing) isLogin() bool { return sendsPassword(v.step) }

func sendsPassword(st *scenarios.Step) bool {
	for _, f := range st.Form {
		if slices.Contains(f.Value.Names(), "password") {
			return true
		}
	}
	return st.JSON != nil && slices.Contains(st.JSON.Names(), "password")
}

// unexpected is an answer that is not the page expected.
func (v *showing) unexpected(p *page.Page, want *scenarios.Matcher, missing string, lookup scenarios.Lookup) finding {
	if p.WrongIdentity(want, lookup) {
		return failed(results.ReasonWrongIdentity, missing)
	}
	if !slices.Contains(want.Status, p.Status) {
		if f, bad := byStatus(p); bad {
			return f
		}
	}
	if len(p.Body) >= page.MaxBody {
		missing += " (only the first 2 MiB of the page are looked at)"
	}
	if blank, scripts := v.w.site.blank(p); blank && p.Status < 300 && (!scripts || want.HasContentProof()) {
		return failed(results.ReasonEmptyPage, "missing: "+missing)
	}
	return failed(results.ReasonExpectation, strings.TrimSpace("missing: "+missing+" · "+p.Title()))
}

// byStatus is the class of an answer by its status alone.
func byStatus(p *page.Page) (finding, bool) {
	var r results.Reason
	switch s := p.Status; {
	case s == 429 || s == 423:
		r = results.ReasonThrottled
	case s == 502 || s == 503 || s == 504:
		r = results.ReasonBackendDown
	case s >= 500:
		r = results.ReasonServerError
	case s >= 400:
		r = results.ReasonClientError
	default:
		return finding{}, false
	}
	f := failed(r, p.Title())
	f.after, _ = page.RetryAfter(p.Header, time.Now())
	return f, true
}
