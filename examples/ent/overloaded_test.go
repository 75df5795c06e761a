package ent

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// A portal for a fifth of those who come shows all of that morning: quota pages,
// blank pages, 503, people who wait in vain, and some who get in.
func TestOverloadedLooksLikeTheDay(t *testing.T) {
	const people, logins = 1200, 10
	cfg := Config{Capacity: ForLogins(logins, 3), Modes: Overloaded(400)}
	inBubble(t, cfg, func(b *bench) {
		var in, never atomic.Int64
		var wg sync.WaitGroup
		for i := range people {
			wg.Go(func() {
				time.Sleep(time.Duration(i) * 25 * time.Millisecond)
				if (&pupil{b.browser(), "eleve" + strconv.Itoa(i+1)}).tries(4) {
					in.Add(1)
				} else {
					never.Add(1)
				}
			})
		}
		wg.Wait()
		c := b.ent.Counters()
		for _, a := range []Answer{QuotaPage, BlankPage, UnavailablePage, Abandoned} {
			if c.Answers[a] < 20 {
				t.Errorf("%v: %d only", a, c.Answers[a])
			}
		}
		if in.Load() < people/10 || never.Load() < people/3 {
			t.Errorf("%d in, %d never", in.Load(), never.Load())
		}
		if in.Load() > c.DistinctLogins {
			t.Errorf("%d people in, with %d accounts accepted", in.Load(), c.DistinctLogins)
		}
		accounted(t, b.ent)
		t.Logf("%d in, %d never; %v", in.Load(), never.Load(), c.ByName)
	})
}

// pupil is the least a load tool must do: log in, prove it, give up after a while.
type pupil struct {
	*browser
	login string
}

func (p *pupil) tries(n int) bool {
	p.http.Timeout = 8 * time.Second
	for range n {
		if p.once() {
			return true
		}
		time.Sleep(10 * time.Second)
	}
	return false
}

func (p *pupil) once() bool {
	page, ok := p.ask("GET", "/", nil)
	if !ok {
		return false
	}
	if strings.Contains(page, "ng-init") {
		page, ok = p.ask("POST", "/auth/login", url.Values{"email": {p.login}, "password": {"mdp-" + p.login}})
	}
	if !ok || !strings.Contains(page, "lastNotifications") {
		return false // the quota page, a blank one
	}
	for _, call := range []string{"/theme", "/timeline/lastNotifications?page=0"} {
		if _, ok = p.ask("GET", call, nil); !ok {
			return false
		}
	}
	info, ok := p.ask("GET", "/auth/oauth2/userinfo", nil)
	return ok && strings.Contains(info, `"login":"`+p.login+`"`)
}

func (p *pupil) ask(method, path string, form url.Values) (string, bool) {
	req, err := http.NewRequest(method, p.b.url+path, strings.NewReader(form.Encode()))
	if err != nil {
		p.b.t.Error(err)
		return "", false
	}
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	resp, err := p.http.Do(req)
	if err != nil {
		return "", false // impatient
	}
	defer resp.Body.Close()
	var b strings.Builder
	if err := resp.Write(&b); err != nil {
		return "", false
	}
	return b.String(), resp.StatusCode == 200
}
