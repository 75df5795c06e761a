package ent

import (
	"net/url"
	"strings"
	"testing"
	"time"
)

func TestEntcoreLogin(t *testing.T) {
	inBubble(t, Config{Capacity: Capacity{Workers: 4}}, func(b *bench) {
		br := b.browser()
		br.stay = true
		if a := br.get("/"); a.status != 302 || a.header.Get("Location") != "/auth/login?callback=http%3A%2F%2F127.0.0.1%2F" {
			t.Errorf("GET / without session: %d to %q", a.status, a.header.Get("Location"))
		}
		if a := br.get("/timeline/timeline"); a.status != 302 || !strings.HasPrefix(a.header.Get("Location"), "/auth/login?callback=") {
			t.Errorf("timeline without session: %d %v", a.status, a.header)
		}
		if a := br.get("/auth/oauth2/userinfo"); a.status != 401 {
			t.Errorf("userinfo without session: %d", a.status)
		}
		a := br.get("/auth/login")
		if a.status != 200 || strings.Contains(a.body, "<form") || !strings.Contains(a.body, "ng-init") {
			t.Errorf("the login page must be a shell without a form: %d\n%s", a.status, a.body)
		}
		if a := br.get("/auth/public/template/login-form.html"); !strings.Contains(a.body, `name="callBack"`) {
			t.Errorf("no form in the template: %q", a.body)
		}
		a = br.login("eleve12", "mdp-eleve12")
		if a.status != 302 || a.header.Get("Location") != "/" {
			t.Fatalf("right password: %d to %q", a.status, a.header.Get("Location"))
		}
		names := []string{}
		for _, c := range a.header.Values("Set-Cookie") {
			name, _, _ := strings.Cut(c, "=")
			names = append(names, name)
			if name == sessionCookie && !strings.Contains(c, "HttpOnly") {
				t.Errorf("%s is not HttpOnly", name)
			}
		}
		if got := strings.Join(names, " "); got != "oneSessionId authenticated XSRF-TOKEN" {
			t.Errorf("cookies %s", got)
		}
		br.stay = false
		if a = br.get("/"); a.path != "/timeline/timeline" || strings.Contains(a.body, "eleve12") {
			t.Errorf("GET / leads to %s, whose page must not name the user", a.path)
		}
		if a = br.get("/auth/oauth2/userinfo"); !strings.Contains(a.body, `"login":"eleve12"`) {
			t.Errorf("userinfo: %s", a.body)
		}
		for _, path := range []string{"/theme", "/timeline/lastNotifications?page=0", "/timeline/i18n", "/userbook/api/person",
			"/conversation/count/INBOX?unread=true", "/applications-list", "/homeworks/list", "/homeworks/1", "/homeworks", "/edt",
			"/edt/courses", "/conversation/conversation", "/conversation/list/INBOX?page=0", "/conversation/message/2",
			"/workspace/quota/user/12", "/userbook/avatar/x?thumbnail=48x48", "/exercizer", "/userbook/preference/apps"} {
			if a := br.get(path); a.status != 200 || a.path == "/auth/login" {
				t.Errorf("%s: %d at %s", path, a.status, a.path)
			}
		}
		if a := br.get("/nulle-part"); a.status != 404 {
			t.Errorf("unknown page: %d", a.status)
		}
		br.get("/auth/logout?callback=/")
		if a := br.get("/auth/oauth2/userinfo"); a.status != 401 {
			t.Errorf("userinfo after logout: %d", a.status)
		}
		c := b.ent.Counters()
		if c.Logins != 1 || c.DistinctLogins != 1 || c.Sessions != 0 || c.InFlight != 0 {
			t.Errorf("counters: %+v", c)
		}
	})
}

func TestWrongPasswordsLockTheAccount(t *testing.T) {
	inBubble(t, Config{}, func(b *bench) {
		br := b.browser()
		for range 5 {
			if a := br.login("prof1", "faux"); a.status != 200 || !strings.Contains(a.body, "identifiant ou le mot de passe est incorrect") {
				t.Fatalf("wrong password: %d %s", a.status, a.body)
			}
		}
		if a := br.login("prof1", "mdp-prof1"); !strings.Contains(a.body, "trop grand nombre de tentatives") {
			t.Errorf("right password of a locked account: %s", a.body)
		}
		time.Sleep(15 * time.Minute)
		if a := br.login("prof1", "mdp-prof1"); a.path != "/timeline/timeline" {
			t.Errorf("after the ban the login ends at %s", a.path)
		}
		if a := br.login("inconnu7", "x"); !strings.Contains(a.body, "incorrect") {
			t.Errorf("unknown login: %s", a.body)
		}
		c := b.ent.Counters()
		if c.Answers[BadCredentials] != 6 || c.Answers[LockedOut] != 1 {
			t.Errorf("counters: %v", c.ByName)
		}
	})
}

func TestXSRF(t *testing.T) {
	inBubble(t, Config{}, func(b *bench) {
		br := b.browser()
		br.login("eleve1", "mdp-eleve1")
		if a := br.post("/exercizer/copies/1", url.Values{}); a.status != 403 {
			t.Errorf("save without the token: %d", a.status)
		}
		if a := br.post("/exercizer/copies/1", url.Values{}, "X-XSRF-TOKEN", br.cookie(xsrfCookie)); a.status != 200 {
			t.Errorf("save with the token: %d %s", a.status, a.body)
		}
	})
}

func TestSessionsExpireWhenIdle(t *testing.T) {
	inBubble(t, Config{}, func(b *bench) {
		br := b.browser()
		br.login("eleve1", "mdp-eleve1")
		for range 3 { // used, it lives on
			time.Sleep(29 * time.Minute)
			if a := br.get("/theme"); a.status != 200 {
				t.Fatalf("used session: %d", a.status)
			}
		}
		time.Sleep(30 * time.Minute)
		if n := b.ent.Counters().Sessions; n != 0 {
			t.Errorf("%d sessions after 30 idle minutes", n)
		}
		if a := br.get("/theme"); a.status != 401 {
			t.Errorf("idle session: %d", a.status)
		}
	})
}

func TestMobileToken(t *testing.T) {
	inBubble(t, Config{}, func(b *bench) {
		br := b.browser()
		form := url.Values{"grant_type": {"password"}, "username": {"eleve3"}, "password": {"mdp-eleve3"}}
		a := br.post("/auth/oauth2/token", form)
		_, rest, _ := strings.Cut(a.body, `"access_token":"`)
		id, _, ok := strings.Cut(rest, `"`)
		if a.status != 200 || !ok {
			t.Fatalf("token: %d %s", a.status, a.body)
		}
		req := b.browser()
		if a := req.post("/conversation/send", nil, "Authorization", "Bearer "+id); a.status != 201 {
			t.Errorf("send with a bearer token: %d", a.status)
		}
		b.ent.SetModes(Modes{Quota: Quota{Sessions: 1}})
		b.browser().login("eleve4", "mdp-eleve4")
		if a := br.post("/auth/oauth2/token", form); a.status != 509 || a.body != `{"error":"quota_overflow"}` {
			t.Errorf("over the quota: %d %s", a.status, a.body)
		}
	})
}
