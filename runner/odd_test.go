package runner_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"firstbell/runner"
	"firstbell/runner/results"
	"firstbell/scenarios/arrivals"
)

// saying is a portal of a few words; wait comes first.
type saying struct {
	wait   time.Duration
	status int
	to     string // Location
	body   string
}

func portalOf(say func(n int, r *http.Request) saying) http.Handler {
	var mu sync.Mutex
	n := 0
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		n++
		s := say(n, r)
		mu.Unlock()
		select {
		case <-time.After(s.wait):
		case <-r.Context().Done():
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		if s.to != "" {
			w.Header().Set("Location", s.to)
		}
		if s.status == -1 {
			panic(http.ErrAbortHandler)
		}
		if s.status != 0 {
			w.WriteHeader(s.status)
		}
		if s.body == "" && s.status == 0 {
			s.body = "Bienvenue"
			if r.URL.Path == "/class" {
				s.body = "En classe"
			}
		}
		if s.body != "" {
			fmt.Fprintf(w, "<html><head><title>x</title></head><body><p>%s</p></body></html>", s.body)
		}
	})
}

func onClass(s saying) func(int, *http.Request) saying {
	return func(_ int, r *http.Request) saying {
		if r.URL.Path == "/class" {
			return s
		}
		return saying{}
	}
}

// TestOddMornings: one person, and the rare ways a morning can go. Both ledgers
// hold the person and each try once, under the right name.
func TestOddMornings(t *testing.T) {
	once := []string{"tries: 1000", "tries: 1"}
	for _, tt := range []struct {
		name     string
		change   []string
		say      func(n int, r *http.Request) saying
		people   string
		attempts string
		midWork  int
	}{
		{"`until` never true", append([]string{"      expect: {text: En classe}\n", "      until: {text: Ouvert}\n      every: 5s\n      times: 4\n"}, once...),
			onClass(saying{body: "Fermé"}), "waiting_room/lobby:1", "waiting_room/lobby:1", 0},
		{"`until` true at the last", []string{"      expect: {text: En classe}\n", "      until: {text: En classe}\n      every: 5s\n      times: 4\n"},
			func(n int, r *http.Request) saying {
				if n > 1 && n < 5 {
					return saying{body: "Fermé"}
				}
				return saying{}
			}, "late/:1", "late/:1", 0},
		{"a redirect out of scope in the middle", once, onClass(saying{status: 302, to: "http://elsewhere.example/"}),
			"error/out_of_scope:1", "error/out_of_scope:1", 0},
		{"redirected for ever", once, onClass(saying{status: 302, to: "/class"}), "error/redirect_loop:1", "error/redirect_loop:1", 0},
		{"answered just as the person refreshes", nil, func(n int, _ *http.Request) saying {
			if n == 1 {
				return saying{wait: 30 * time.Second}
			}
			return saying{}
		}, "late/:1", "", 0},
		{"the next try is due after the end", []string{"drain: 10m", "drain: 30s"}, onClass(saying{body: "Trop de monde"}),
			"quota/quota_page:1", "quota/quota_page:1", 0},
		{"cut in the second try", []string{"drain: 10m", "drain: 70s"}, onClass(saying{wait: time.Hour}),
			"unfinished/in_flight:1", "timeout/impatient:2 unfinished/in_flight:1", 0},
		{"hard stop", []string{"tries: 1000", "tries: 1000\n  hard_stop: 5m\n  late_stop: 5m"}, onClass(saying{body: "Trop de monde"}),
			"quota/quota_page:1", "quota/quota_page:2", 0},
		{"lost after class", []string{"      in_class: true\n", "      in_class: true\n    - get: /work\n      pause: 1s\n      expect: {text: Exercice}\n"},
			func(_ int, r *http.Request) saying {
				if r.URL.Path == "/work" {
					return saying{status: 503}
				}
				return saying{}
			}, "in_time/:1", "in_time/:1", 1},
		{"cut off", once, onClass(saying{status: -1}), "unreachable/closed:1", "unreachable/closed:1", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			yaml := strings.NewReplacer(tt.change...).Replace(twoPages)
			if len(tt.change) > 0 && yaml == twoPages {
				t.Fatal("nothing changed")
			}
			out := morning{yaml: yaml, seed: 1, other: portalOf(tt.say), people: []arrivals.Arrival{{At: time.Second, ID: 4}}}.play(t)
			if got := list(out.books.People); got != tt.people {
				t.Errorf("people %q, want %q", got, tt.people)
			}
			if got := list(out.books.Attempts); tt.attempts != "" && got != tt.attempts {
				t.Errorf("attempts %q, want %q", got, tt.attempts)
			}
			lost := 0
			for _, n := range out.run.Total.MidWork {
				lost += int(n)
			}
			if lost != tt.midWork {
				t.Errorf("%d losses in mid-work, want %d", lost, tt.midWork)
			}
		})
	}
}

func list(b results.Book) string {
	var out []string
	for _, c := range b.Reasons() {
		out = append(out, fmt.Sprintf("%s/%s:%d", c.Outcome, c.Reason, c.N))
	}
	return strings.Join(out, " ")
}

// TestWildMornings draws what the portal says, when the guard refuses and when
// the run is cut, with accounts handed on: play checks that both ledgers balance
// and agree.
func TestWildMornings(t *testing.T) {
	for seed := range uint64(8) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 5))
			var mu sync.Mutex // the portal and the guard both draw
			draw := func(n int) int {
				mu.Lock()
				defer mu.Unlock()
				return r.IntN(n)
			}
			say := func(int, *http.Request) saying {
				s := saying{wait: time.Duration(draw(40_000)) * time.Millisecond}
				switch draw(12) {
				case 0:
					s.body = "Trop de monde"
				case 1:
					s.body = "Salle d'attente"
				case 2:
					s.status = 503
				case 3:
					s.status = -1
				case 4:
					s.status, s.to = 302, "http://elsewhere.example/"
				case 5:
					s.status, s.to = 302, "/class"
				case 6:
					s.wait = time.Hour
				}
				return s
			}
			yaml := strings.NewReplacer("tries: 1000", "tries: 3\n  hard_stop: 4m", "drain: 10m", "drain: 90s",
				"synthetic: true", "synthetic: true\n  reuse: after_end").Replace(twoPages)
			out := morning{yaml: yaml, seed: seed, other: portalOf(say), people: evenly(50, 3*time.Second),
				guard: func(g *openGuard) {
					g.deny = func(*url.URL) error {
						if draw(60) == 0 {
							return &runner.TransportError{Reason: results.ReasonConsentLimit}
						}
						return nil
					}
				},
				during: func(ctx context.Context, cut context.CancelFunc, _ *openGuard) {
					if seed%2 == 0 {
						return
					}
					select {
					case <-time.After(time.Duration(20+seed*20) * time.Second):
						cut()
					case <-ctx.Done():
					}
				}}.play(t)
			if out.people.Intended != 50 || (seed%2 == 0) != (out.ended.How == results.EndedPlanned) {
				t.Errorf("people %v, ended %+v", out.people, out.ended)
			}
		})
	}
}
