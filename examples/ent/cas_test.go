package ent

import (
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"
)

var executionField = regexp.MustCompile(`name="execution" value="([^"]+)"`)

func execution(t *testing.T, page string) string {
	t.Helper()
	m := executionField.FindStringSubmatch(page)
	if m == nil {
		t.Fatalf("no execution token in %s", page)
	}
	return m[1]
}

func casForm(login, password, execution string) url.Values {
	return url.Values{"username": {login}, "password": {password}, "execution": {execution}, "_eventId": {"submit"}, "geolocation": {""}}
}

func TestCASLogin(t *testing.T) {
	inBubble(t, Config{Entry: EntryCAS, Capacity: Capacity{Workers: 4}}, func(b *bench) {
		br := b.browser()
		a := br.get("/")
		if a.path != "/cas/login" {
			t.Fatalf("GET / leads to %s", a.path)
		}
		const login = "/cas/login?service=http%3A%2F%2F127.0.0.1%2F"
		first := execution(t, a.body)
		a = br.post(login, casForm("eleve5", "faux", first))
		if a.status != 401 || !strings.Contains(a.body, "incorrect") {
			t.Errorf("wrong password: %d", a.status)
		}
		second := execution(t, a.body)
		if a = br.post(login, casForm("eleve5", "mdp-eleve5", first)); !strings.Contains(a.body, "a expiré") || br.cookie(grantCookie) != "" {
			t.Errorf("a token used twice must not sign in: %d", a.status)
		}
		br.stay = true
		a = br.post(login, casForm("eleve5", "mdp-eleve5", second))
		to := a.header.Get("Location")
		if a.status != 302 || !strings.HasPrefix(to, "http://127.0.0.1/?ticket=ST-") || br.cookie(grantCookie) == "" {
			t.Fatalf("right password: %d to %q", a.status, to)
		}
		br.stay = false
		if a = br.get(strings.TrimPrefix(to, b.url)); a.path != "/" || !strings.Contains(a.body, "Bonjour eleve5") {
			t.Errorf("the portal at %s says %s", a.path, a.body)
		}
		// The next application gets its ticket at once.
		if a = br.get("/portail"); !strings.Contains(a.body, "Bonjour eleve5") {
			t.Errorf("single sign-on: %s", a.body)
		}
		if a = br.get("/homeworks/list"); a.status != 200 {
			t.Errorf("the other pages know the session: %d", a.status)
		}
		br.get("/cas/logout")
		if a = br.get("/portail"); a.path != "/cas/login" {
			t.Errorf("after logout the portal leads to %s", a.path)
		}
		if a = br.get("/cas/login?service=https%3A%2F%2Fevil.example%2F"); a.status != 403 {
			t.Errorf("foreign service: %d", a.status)
		}
	})
}

func TestCASTickets(t *testing.T) {
	inBubble(t, Config{}, func(b *bench) {
		br := b.browser()
		br.stay = true
		const service = "http://127.0.0.1/appli"
		login := "/cas/login?service=" + url.QueryEscape(service)
		ticket := func() string {
			a := br.get(login)
			if a.status == 200 {
				a = br.post(login, casForm("prof2", "mdp-prof2", execution(t, a.body)))
			}
			u, _ := url.Parse(a.header.Get("Location"))
			return u.Query().Get("ticket")
		}
		validate := func(path, service, ticket string) string {
			a := b.browser().get(path + "?service=" + url.QueryEscape(service) + "&ticket=" + ticket)
			if a.status != 200 {
				t.Errorf("%s: %d", path, a.status)
			}
			return a.body
		}
		st := ticket()
		if x := validate("/cas/serviceValidate", service, st); !strings.Contains(x, "<cas:user>prof2</cas:user>") {
			t.Errorf("first validation: %s", x)
		}
		if x := validate("/cas/serviceValidate", service, st); !strings.Contains(x, `code="INVALID_TICKET"`) {
			t.Errorf("second validation: %s", x)
		}
		if x := validate("/cas/p3/serviceValidate", service, ticket()); !strings.Contains(x, "<cas:profile>Enseignant</cas:profile>") {
			t.Errorf("p3: %s", x)
		}
		if x := validate("/cas/serviceValidate", service+"2", ticket()); !strings.Contains(x, `code="INVALID_SERVICE"`) {
			t.Errorf("other service: %s", x)
		}
		st = ticket()
		time.Sleep(10 * time.Second)
		if x := validate("/cas/serviceValidate", service, st); !strings.Contains(x, `code="INVALID_TICKET"`) {
			t.Errorf("expired: %s", x)
		}
		c := b.ent.Counters()
		if c.LoginsCAS != 1 || c.DistinctLogins != 1 || c.Tickets != 4 || c.Validations != 2 || c.Answers[TicketRefused] != 3 {
			t.Errorf("counters: %+v", c)
		}
	})
}

func TestCASFormExpires(t *testing.T) {
	inBubble(t, Config{}, func(b *bench) {
		br := b.browser()
		a := br.get("/cas/login")
		time.Sleep(formLife + time.Second)
		if a = br.post("/cas/login", casForm("prof2", "mdp-prof2", execution(t, a.body))); !strings.Contains(a.body, "a expiré") {
			t.Errorf("a page kept open for over %v: %s", formLife, a.body)
		}
		if a = br.post("/cas/login", casForm("prof2", "mdp-prof2", execution(t, a.body))); !strings.Contains(a.body, "Connexion réussie") {
			t.Errorf("login without a service: %s", a.body)
		}
	})
}
