package ent

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
)

// accounted fails unless every request was answered exactly once.
func accounted(t *testing.T, e *ENT) {
	t.Helper()
	c := e.Counters()
	var sum int64
	for _, n := range c.Answers {
		sum += n
	}
	if sum != c.Arrivals || c.InFlight != 0 {
		t.Errorf("%d arrivals, %d answers, %d in flight", c.Arrivals, sum, c.InFlight)
	}
}

func TestQuotaBySessions(t *testing.T) {
	for wording, text := range map[Wording]string{
		"":               "instauré une logique de quota",
		Wording20210406:  "limité le temps des sessions et instauré une logique de quota",
		Wording20210419:  "Vous êtes très nombreux aujourd'hui.",
		WordingOccitanie: "Accès momentanément indisponible",
		WordingGrandEst:  "accès à l'ENT est temporairement restreint",
	} {
		inBubble(t, Config{Modes: Modes{Quota: Quota{Sessions: 2, Wording: wording}}}, func(b *bench) {
			for i := range 3 { // more than 2: entcore compares with >
				if a := b.browser().get("/auth/login"); strings.Contains(a.body, "tooload") {
					t.Fatalf("refused with %d sessions", i)
				}
				b.browser().login(fmt.Sprintf("eleve%d", i+1), fmt.Sprintf("mdp-eleve%d", i+1))
			}
			a := b.browser().get("/")
			if a.status != 200 || a.path != "/auth/login" || !strings.Contains(a.body, text) || !strings.Contains(a.body, "tooload") {
				t.Errorf("%q: %d at %s: %s", wording, a.status, a.path, a.body)
			}
			// As in entcore, the POST is not asked.
			if a := b.browser().login("eleve9", "mdp-eleve9"); a.path != "/timeline/timeline" {
				t.Errorf("a password posted straight away ends at %s", a.path)
			}
			time.Sleep(30 * time.Minute)
			if a := b.browser().get("/auth/login"); strings.Contains(a.body, "tooload") {
				t.Error("still refused when the sessions have ended")
			}
			accounted(t, b.ent)
		})
	}
}

func TestBlankPages(t *testing.T) {
	inBubble(t, Config{Modes: Modes{Blank: Blank{Empty: 1}}}, func(b *bench) {
		if a := b.browser().login("eleve1", "mdp-eleve1"); a.status != 200 || a.path != "/timeline/timeline" || a.body != "" {
			t.Errorf("empty: %d at %s, %d bytes", a.status, a.path, len(a.body))
		}
		b.ent.SetModes(Modes{Blank: Blank{Shell: 1}})
		br := b.browser()
		a := br.login("eleve2", "mdp-eleve2")
		if calls := br.get("/auth/oauth2/userinfo"); a.status != 200 || a.body == "" || calls.status != 500 {
			t.Errorf("shell: page %d with %d bytes, call %d", a.status, len(a.body), calls.status)
		}
		accounted(t, b.ent)
	})
}

func TestRefusals(t *testing.T) {
	for _, tc := range []struct {
		name   string
		modes  Modes
		answer Answer
		check  func(answer) bool
	}{
		{"503", Modes{Unavailable: Unavailable{Share: 1}}, UnavailablePage,
			func(a answer) bool { return a.status == 503 && a.header.Get("Retry-After") == "" }},
		{"503 with Retry-After", Modes{Unavailable: Unavailable{Share: 1, RetryAfter: 90 * time.Second}}, UnavailablePage,
			func(a answer) bool { return a.status == 503 && a.header.Get("Retry-After") == "90" }},
		{"lost session", Modes{LostSession: 1}, LostSession,
			func(a answer) bool { return a.status == 200 && strings.Contains(a.body, "mot de passe est incorrect") }},
		{"blocked profile", Modes{BlockedPersona: "parent"}, ProfileBlocked,
			func(a answer) bool { return strings.Contains(a.body, "temporairement bloqué pour votre profil") }},
		{"close", Modes{Close: true}, Served, func(a answer) bool { return a.status == 200 }},
	} {
		inBubble(t, Config{Modes: tc.modes}, func(b *bench) {
			a := b.browser().login("parent1", "mdp-parent1")
			if !tc.check(a) || b.ent.Counters().Answers[tc.answer] == 0 {
				t.Errorf("%s: %d %v %v", tc.name, a.status, a.header, b.ent.Counters().ByName)
			}
			accounted(t, b.ent)
		})
	}
}

func TestWrongIdentity(t *testing.T) {
	inBubble(t, Config{Modes: Modes{WrongIdentity: 1}}, func(b *bench) {
		br := b.browser()
		br.login("eleve41", "mdp-eleve41")
		if a := br.get("/auth/oauth2/userinfo"); !strings.Contains(a.body, `"login":"eleve42"`) {
			t.Errorf("userinfo: %s", a.body)
		}
	})
}

func TestExerciseFailures(t *testing.T) {
	inBubble(t, Config{}, func(b *bench) {
		br := b.browser()
		br.login("eleve1", "mdp-eleve1")
		save := func() int {
			return br.post("/exercizer/copies/1", url.Values{}, "X-XSRF-TOKEN", br.cookie(xsrfCookie)).status
		}
		before := save()
		b.ent.SetModes(Modes{ExerciseError: 1})
		broken := save()
		b.ent.SetModes(Modes{ExerciseLost: 1})
		lost := save()
		b.ent.SetModes(Modes{})
		if after := save(); before != 200 || broken != 500 || lost != 401 || after != 401 {
			t.Errorf("saves answered %d, %d, %d, %d; want 200, 500, 401 and the session gone: 401", before, broken, lost, after)
		}
	})
}

func TestOverflowMix(t *testing.T) {
	cfg := Config{Capacity: Capacity{Workers: 1, Service: time.Hour, Queue: 1, Costs: Costs{Login: 1}},
		Modes: Modes{Overflow: Overflow{Quota: 0.5, Blank: 0.3, Unavailable: 0.2}}}
	e, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	const n = 10_000
	x := &exchange{m: &cfg.Modes, route: &route{page: true}}
	for range n {
		x.w, x.r = httptest.NewRecorder(), httptest.NewRequest("POST", "/auth/login", nil)
		e.counters.answers[e.overflow(x)].Add(1)
	}
	for a, want := range map[Answer]float64{QuotaPage: 0.5, BlankPage: 0.3, UnavailablePage: 0.2} {
		if got := float64(e.Counters().Answers[a]) / n; got < want-0.02 || got > want+0.02 {
			t.Errorf("%v: %.3f, want %.1f", a, got, want)
		}
	}
	if x.route = (&route{}); e.overflow(x) != UnavailablePage {
		t.Error("a call on a full queue must answer 503")
	}
}

func TestPerIP(t *testing.T) {
	inBubble(t, Config{Modes: Modes{PerIP: PerIP{Rate: 1, Burst: 2}}}, func(b *bench) {
		br, throttled := b.browser(), 0
		for range 5 {
			if br.get("/auth/login").status == 429 {
				throttled++
			}
		}
		if throttled != 3 {
			t.Errorf("%d throttled of 5 at once, want 3", throttled)
		}
		time.Sleep(time.Second)
		if a := br.get("/auth/login"); a.status != 200 {
			t.Errorf("a second later: %d", a.status)
		}
	})
}

func TestResetCutsTheConnection(t *testing.T) {
	inBubble(t, Config{Modes: Modes{Reset: 1}}, func(b *bench) {
		tr := &http.Transport{DialContext: b.net.Dial}
		defer tr.CloseIdleConnections()
		if _, err := (&http.Client{Transport: tr}).Get(b.url + "/auth/login"); !errors.Is(err, io.EOF) {
			t.Errorf("got %v, want EOF", err)
		}
		accounted(t, b.ent)
	})
}

func TestConsentFile(t *testing.T) {
	inBubble(t, Config{ConsentFile: []byte(`{"environment":"staging"}`)}, func(b *bench) {
		for mode, want := range map[Consent]string{
			ConsentAbsent: "404", ConsentPresent: `200 {"environment":"staging"}`, ConsentError: "503",
			ConsentStop: `200 {"environment":"staging","stop":true}`, ConsentSlow: `200 {"environment":"staging"}`,
			ConsentChanged: `200 {"consented_by":"somebody else","environment":"staging"}`,
		} {
			if err := b.ent.SetModes(Modes{Consent: mode, Unavailable: Unavailable{Share: 1}}); err != nil {
				t.Fatal(err)
			}
			start := time.Now()
			a := b.browser().get("/.well-known/firstbell.json")
			if got := fmt.Sprint(a.status, " ", a.body); !strings.HasPrefix(got, want) {
				t.Errorf("%q: got %s, want %s", mode, got, want)
			}
			if d := time.Since(start); mode == ConsentSlow && d != time.Minute {
				t.Errorf("slow took %v", d)
			}
		}
	})
}

func TestAdmin(t *testing.T) {
	e, err := New(Config{})
	if err != nil {
		t.Fatal(err)
	}
	do := func(method, path, body string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(method, path, strings.NewReader(body))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		w := httptest.NewRecorder()
		e.Admin().ServeHTTP(w, r)
		return w
	}
	if w := do("POST", "/modes", "quota.sessions=7&freeze.length=2s&freeze.every=20s&bucket.refusal=503&close=true"); w.Code != 200 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	want := Modes{Quota: Quota{Sessions: 7}, Freeze: Freeze{Length: 2 * time.Second, Every: 20 * time.Second},
		Bucket: Bucket{Refusal: RefuseUnavailable}, Close: true}
	if got := e.Modes(); got != want {
		t.Errorf("modes %+v", got)
	}
	for _, bad := range []string{"quota.session=7", "quota=7", "freeze.length=2", "reset=2", "blank.empty=NaN", "consent=maybe", "freeze.from.wall=1"} {
		if w := do("POST", "/modes", bad+"&lost_session=0.5"); w.Code != 400 {
			t.Errorf("%s: %d", bad, w.Code)
		}
	}
	if e.Modes() != want {
		t.Error("a refused change was applied in part")
	}
	do("POST", "/modes/reset", "")
	if e.Modes() != (Modes{}) {
		t.Error("reset left something on")
	}
	e.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/auth/login", nil))
	var c Counters
	if err := json.Unmarshal(do("GET", "/counters", "").Body.Bytes(), &c); err != nil || c.Arrivals != 1 || c.ByName["served"] != 1 {
		t.Errorf("counters: %+v, %v", c, err)
	}
}

func TestEverySettingCanBeSet(t *testing.T) {
	samples := []string{"1", "1s", "true", "2021-04-06T09:00:00+02:00", "x"}
	try := func(keys []string, set func(key, value string) error) {
		for _, key := range keys {
			ok := false
			for _, v := range samples {
				ok = ok || set(key, v) == nil
			}
			if !ok {
				t.Errorf("no value can be given to %s", key)
			}
		}
	}
	try(Modes{}.Keys(), new(Modes).Set)
	try(Capacity{}.Keys(), new(Capacity).Set)
	if k := strings.Join(Modes{}.Keys(), " "); !strings.Contains(k, "per_ip.rate") || !strings.Contains(k, "waiting_room.poll") {
		t.Errorf("keys: %s", k)
	}
}

func TestValidate(t *testing.T) {
	for _, cfg := range []Config{
		{Entry: "saml"}, {Accounts: []Accounts{{Prefix: ""}}}, {Capacity: Capacity{CV2: 0.5}}, {Capacity: Capacity{Workers: -1}},
		{Services: []string{"pas une adresse"}}, {Modes: Modes{Quota: Quota{Wording: "hier"}}},
		{Modes: Modes{Freeze: Freeze{Length: 2, Every: 1}}}, {Modes: Modes{WaitingRoom: WaitingRoom{Rate: inf}}},
	} {
		if _, err := New(cfg); err == nil {
			t.Errorf("accepted: %+v", cfg)
		}
	}
	if k := ForLogins(100, 3); k.PerSecond(k.Costs.PerLogin(3)) < 99.9 || k.PerSecond(k.Costs.PerLogin(3)) > 100.1 {
		t.Errorf("ForLogins(100, 3) holds %v logins/s", k.PerSecond(k.Costs.PerLogin(3)))
	}
}
