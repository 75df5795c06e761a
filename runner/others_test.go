package runner_test

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"firstbell/runner/results"
)

// portal is a login server of no known product, with the habits of several.
type portal struct {
	mu     sync.Mutex
	tokens map[string]bool
	n      int
	seen   map[string]int // visits of a waiting room, by session
	bad    []string       // what a browser would not have done
	http.ServeMux
}

func (p *portal) token() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.n++
	t := "tok" + strconv.Itoa(p.n) + "&=é"
	p.tokens[t] = true
	return t
}

func (p *portal) spend(t string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	ok := p.tokens[t]
	delete(p.tokens, t)
	return ok
}

func (p *portal) blame(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.bad = append(p.bad, fmt.Sprintf(format, args...))
}

func html(w http.ResponseWriter, body string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	fmt.Fprintf(w, "<!DOCTYPE html><html><head><title>Portail</title></head><body>%s</body></html>", body)
}

func escape(s string) string {
	return strings.NewReplacer("&", "&amp;", `"`, "&quot;", "é", "&eacute;").Replace(s)
}

func newPortal() *portal {
	p := &portal{tokens: map[string]bool{}, seen: map[string]int{}}
	good := func(r *http.Request) (string, bool) {
		u := r.FormValue("user")
		return u, r.FormValue("pass") == "mdp-"+u && u != ""
	}
	p.HandleFunc("GET /form", func(w http.ResponseWriter, r *http.Request) {
		html(w, fmt.Sprintf(`<form action="/decoy" method="post" style="display: none"><input name="user"><input name="pass"></form>
			<form action="#" method="post"><input type="hidden" name="csrf" value="%s"><input name="user"><input type="password" name="pass"><button name="b" value="1">Entrer</button></form>`, escape(p.token())))
	})
	p.HandleFunc("POST /form", func(w http.ResponseWriter, r *http.Request) {
		u, ok := good(r)
		if !p.spend(r.FormValue("csrf")) || r.FormValue("b") != "1" || r.Header.Get("Origin") != "http://127.0.0.1" {
			p.blame("form: %v, origin %q", r.Form, r.Header.Get("Origin"))
		}
		if !ok {
			html(w, `<form action="#" method="post"><input name="user"><input type="password" name="pass"></form>`)
			return
		}
		html(w, "<h1>Bonjour "+u+"</h1>")
	})
	p.HandleFunc("/decoy", func(w http.ResponseWriter, r *http.Request) { p.blame("the decoy was submitted") })
	p.HandleFunc("GET /saml", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/idp/"+strings.Repeat("a1b2", 8)+"/login?SAMLRequest=x%2By", http.StatusFound)
	})
	p.HandleFunc("GET /idp/{id}/login", func(w http.ResponseWriter, r *http.Request) {
		html(w, `<form method="post"><input name="user"><input type="password" name="pass"></form>`)
	})
	p.HandleFunc("POST /idp/{id}/login", func(w http.ResponseWriter, r *http.Request) {
		u, ok := good(r)
		if !ok {
			html(w, `<p>Mot de passe refusé</p><form method="post"><input name="user"><input type="password" name="pass"></form>`)
			return
		}
		html(w, fmt.Sprintf(`<body onload="document.forms[0].submit()"><form method="post" action="../../acs"><input type="hidden" name="SAMLResponse" value="%s"><input type="hidden" name="RelayState" value="a&amp;b"></form>`,
			base64.StdEncoding.EncodeToString([]byte("<x>"+u))))
	})
	p.HandleFunc("POST /acs", func(w http.ResponseWriter, r *http.Request) {
		b, _ := base64.StdEncoding.DecodeString(r.FormValue("SAMLResponse"))
		if r.FormValue("RelayState") != "a&b" {
			p.blame("relay state %q", r.FormValue("RelayState"))
		}
		http.SetCookie(w, &http.Cookie{Name: "who", Value: strings.TrimPrefix(string(b), "<x>"), Path: "/"})
		http.Redirect(w, r, "/home", http.StatusSeeOther)
	})
	p.HandleFunc("GET /home", func(w http.ResponseWriter, r *http.Request) {
		c, err := r.Cookie("who")
		if err != nil {
			http.Redirect(w, r, "/saml", http.StatusFound)
			return
		}
		html(w, "<h1>Bonjour "+c.Value+"</h1>")
	})
	// A waiting room: three looks, then in. By meta refresh, or by redirects.
	room := func(refuse func(w http.ResponseWriter, r *http.Request)) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			c, err := r.Cookie("room")
			if err != nil {
				c = &http.Cookie{Name: "room", Value: p.token()[:4] + strconv.Itoa(p.n), Path: "/"}
				http.SetCookie(w, c)
			}
			p.mu.Lock()
			p.seen[c.Value]++
			in := p.seen[c.Value] > 3
			p.mu.Unlock()
			if in {
				html(w, `<h1>Accueil du portail</h1>`)
				return
			}
			refuse(w, r)
		}
	}
	p.HandleFunc("GET /meta", room(func(w http.ResponseWriter, r *http.Request) {
		html(w, `<meta http-equiv="refresh" content="5"><p>Vous êtes dans la file</p>`)
	}))
	p.HandleFunc("GET /redirect", room(func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/queue", http.StatusFound) }))
	p.HandleFunc("GET /queue", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Refresh", "5; url=/redirect")
		html(w, `<p>Vous êtes dans la file</p>`)
	})
	p.HandleFunc("GET /held", room(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Retry-After", "5")
		http.Redirect(w, r, "/held", http.StatusFound)
	}))
	p.HandleFunc("GET /instant", func(w http.ResponseWriter, r *http.Request) {
		html(w, `<meta http-equiv="refresh" content="0;url=/form">`)
	})
	p.HandleFunc("GET /flaky", func(w http.ResponseWriter, r *http.Request) {
		c, err := r.Cookie("who")
		if err != nil {
			html(w, `<form method="post"><input name="user"><input type="password" name="pass"></form>`)
			return
		}
		p.mu.Lock()
		p.seen[c.Value]++
		first := p.seen[c.Value] == 1
		p.mu.Unlock()
		if first {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		html(w, "<h1>Bonjour "+c.Value+"</h1>")
	})
	p.HandleFunc("POST /flaky", func(w http.ResponseWriter, r *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "who", Value: r.FormValue("user"), Path: "/"})
		http.Redirect(w, r, "/flaky", http.StatusSeeOther)
	})
	p.HandleFunc("GET /shell", func(w http.ResponseWriter, r *http.Request) {
		html(w, `<form method="post" action="#"><input name="user"><input type="password" name="pass"></form>`)
	})
	p.HandleFunc("POST /shell", func(w http.ResponseWriter, r *http.Request) {
		html(w, `<div id="app"></div><script src="/app.js"></script>`)
	})
	p.HandleFunc("GET /work", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/form", http.StatusFound) })
	p.HandleFunc("GET /outside", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "http://elsewhere.example/", http.StatusFound)
	})
	p.HandleFunc("GET /loop", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/loop", http.StatusFound) })
	return p
}

// steps is a scenario of these steps.
func steps(text string, more ...string) string {
	head := `
version: 1
target: http://127.0.0.1
accounts:
  generate: {count: 500, login: "eleve${n}", password: "mdp-eleve${n}"}
  synthetic: true
population: [{persona: eleve, people: 500, show_up: 100%}]
storm: {play: "08:58-09:01", curve: {"08:58-09:01": 100%}}
personas:
  eleve: {role: pupil, device: {desktop: 100%}, think: {median: 2s, p95: 4s}, journeys: {j: 100%}}
patience: none
limits: {drain: 2m}
journeys:
  j:
`
	return head + text + strings.Join(more, "")
}

func TestOtherPortals(t *testing.T) {
	const bonjour = `
      expect: {text: "Bonjour ${login}"}
      in_class: true
`
	const room = "signatures: {waiting_room: {text: Vous êtes dans la file}}\n"
	for _, tt := range []struct {
		name, yaml, want string
		waited           time.Duration // per person
	}{
		{"one-time token, action #, decoy", steps(`    - get: /form
    - submit: {user: "${login}", pass: "${password}"}` + bonjour), "in_time/", 0},
		{"instant refresh", steps(`    - get: /instant
    - submit: {user: "${login}", pass: "${password}"}` + bonjour), "in_time/", 0},
		{"the form came back", steps(`    - get: /form
    - submit: {user: "${login}", pass: "${password}x"}
      expect: {url: /form}
    - get: /home` + bonjour), "error/login_again", 0},
		{"a shell in place of the home page", steps(`    - get: /shell
    - submit: {user: "${login}", pass: "${password}"}` + bonjour), "blank/empty_page", 0},
		{"saml", steps(`    - get: /home
    - submit: {user: "${login}", pass: "${password}"}
      expect: {css: "input[name=SAMLResponse]"}
    - if: {css: "input[name=consent]"}
      submit: {}
    - submit: {}` + bonjour), "in_time/", 0},
		{"saml refused", steps(`    - get: /home
    - submit: {user: "${login}", pass: "${password}x"}
    - submit: {}`+bonjour, "signatures: {bad_credentials: {text: Mot de passe refusé}}\n"), "invalid/bad_credentials", 0},
		{"room by meta refresh", steps("    - get: /meta\n      expect: {text: Accueil du portail}\n      in_class: true\n", room), "late/", 15 * time.Second},
		{"room by redirects", steps("    - get: /redirect\n      expect: {text: Accueil du portail}\n      in_class: true\n", room), "late/", 15 * time.Second},
		{"room by slow redirects", steps("    - get: /held\n      expect: {text: Accueil du portail}\n      in_class: true\n"), "late/", 15 * time.Second},
		{"out of scope", steps("    - get: /outside\n      expect: {text: x}\n      in_class: true\n"), "error/out_of_scope", 0},
		{"redirect loop", steps("    - get: /loop\n      expect: {text: x}\n      in_class: true\n"), "error/redirect_loop", 0},
		{"already signed in when coming back", strings.Replace(steps(`    - get: /flaky
      expect: {css: "input[name=pass]"}
    - submit: {user: "${login}", pass: "${password}"}`+bonjour), "patience: none", "patience: {after_error: 3s, tries: 1000}", 1), "in_time/", 0},
		{"no such form", steps("    - get: /meta\n    - submit: {nobody: x}\n      expect: {text: x}\n      in_class: true\n"), "error/no_form", 0},
		{"what is expected is missing", steps("    - get: /form\n      expect: {text: Absent}\n      in_class: true\n"), "error/expectation", 0},
		{"lobby", steps("    - get: /meta\n      every: 2s\n      times: 100\n      until: {text: Accueil du portail}\n      in_class: true\n"), "in_time/", 6 * time.Second},
		{"lobby for ever", steps("    - get: /form\n      every: 2s\n      times: 10\n      until: {text: Accueil du portail}\n      in_class: true\n"), "waiting_room/lobby", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := newPortal()
			out := morning{yaml: tt.yaml, seed: 1, other: p, people: evenly(30, time.Second)}.play(t)
			got := reasons(out.books.People)
			if got[tt.want] != 30 {
				t.Errorf("people %v, ended %+v", got, out.ended)
				for k := range out.run.Total.Signs {
					t.Logf("%+v", k)
				}
			}
			if len(p.bad) > 0 {
				t.Errorf("not as a browser: %s", p.bad[0])
			}
			if tt.waited > 0 {
				var waited time.Duration
				for _, b := range out.run.Total.Beside {
					waited += b.Waited
				}
				if d := waited/30 - tt.waited; d < -time.Second || d > time.Second {
					t.Errorf("waited %v each, truth %v", waited/30, tt.waited)
				}
			}
			if tt.want == "error/out_of_scope" && !listed(out.run.Events, "out_of_scope", "http://elsewhere.example") {
				t.Errorf("events %+v", out.run.Events)
			}
		})
	}
}

func listed(events []results.Event, kind, host string) bool {
	n := 0
	for _, e := range events {
		if e.Kind == kind && e.Fields["host"] == host {
			n++
		}
	}
	return n == 1
}

// TestMidWorkLoss: what breaks after class is no failed login.
func TestMidWorkLoss(t *testing.T) {
	p := newPortal()
	out := morning{yaml: steps(`    - get: /form
    - submit: {user: "${login}", pass: "${password}"}
      expect: {text: "Bonjour ${login}"}
      in_class: true
    - get: /work
`), seed: 1, other: p, people: evenly(30, time.Second)}.play(t)
	var lost uint32
	for c, n := range out.run.Total.MidWork {
		if c.Reason == results.ReasonLoginAgain {
			lost += n
		}
	}
	if out.people.InClass() != 30 || lost != 30 {
		t.Errorf("people %v, mid-work %v", out.people, out.run.Total.MidWork)
	}
}
