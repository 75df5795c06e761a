package runner_test

import (
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"firstbell/runner/results"
	"firstbell/scenarios/arrivals"
)

// twoPages is a login of two pages with a pause of 7 s between them, and people
// whose behaviour is certain.
const twoPages = `
version: 1
target: http://127.0.0.1
accounts:
  generate: {count: 10, login: "eleve${n}", password: "mdp-eleve${n}"}
  synthetic: true
population: [{persona: eleve, people: 10, show_up: 100%}]
storm:
  play: 09:00-09:05
  curve: {"09:00-09:05": 100%}
personas:
  eleve: {role: pupil, device: {desktop: 100%}, think: {median: 8s, p95: 45s}, journeys: {page: 100%}}
journeys:
  page:
    - get: /
      expect: {text: Bienvenue}
    - get: /class
      pause: 7s
      expect: {text: En classe}
      in_class: true
signatures:
  quota: {text: Trop de monde}
  waiting_room: {text: Salle d'attente}
patience:
  wait: {median: 1h, p95: 1h1m}
  impatient: {share: 100%, wait: 30s}
  after_error: {median: 5s, p95: 5s}
  quota: {obey: 100%, wait: 3m, spread: 1ms, retry_from: 10s, retry_to: 30s}
  tries: 1000
criteria: {in_time: 10s}
limits: {drain: 10m}
`

// TestExactTimes: one person, a portal whose every answer is timed; the time to
// class and what stands beside it are known.
func TestExactTimes(t *testing.T) {
	const sec = time.Second
	const spread = time.Millisecond // of the quota page's three minutes
	for _, tt := range []struct {
		name    string
		serve   func(n int, r *http.Request) (wait time.Duration, head map[string]string, body string)
		class   time.Duration // exact; 0: never in class
		own     time.Duration
		waited  time.Duration
		outcome results.Outcome
		tries   uint64
	}{
		{"at once", func(int, *http.Request) (time.Duration, map[string]string, string) { return 0, nil, "" },
			0, 7 * sec, 0, results.InTime, 1},
		{"exactly the criterion", func(n int, _ *http.Request) (time.Duration, map[string]string, string) { return 5 * sec, nil, "" },
			10 * sec, 7 * sec, 0, results.InTime, 1},
		{"one nanosecond over", func(n int, _ *http.Request) (time.Duration, map[string]string, string) {
			return 5*sec + time.Duration(n-1), nil, ""
		}, 10*sec + 1, 7 * sec, 0, results.Late, 1},
		{"a quota page obeyed", func(n int, _ *http.Request) (time.Duration, map[string]string, string) {
			if n == 2 {
				return sec, nil, "Trop de monde"
			}
			return sec, nil, ""
		}, 3*sec + 180*sec, 7 * sec, 0, results.Late, 2}, // comes back to the step that failed
		{"a waiting page, twice", func(n int, _ *http.Request) (time.Duration, map[string]string, string) {
			if n < 3 {
				return sec, map[string]string{"Refresh": "20"}, "Salle d'attente"
			}
			return sec, nil, ""
		}, 44 * sec, 7 * sec, 42 * sec, results.Late, 1},
		{"a waiting page, then a failure", func(n int, _ *http.Request) (time.Duration, map[string]string, string) {
			switch n {
			case 1:
				return sec, map[string]string{"Refresh": "20"}, "Salle d'attente"
			case 2:
				return sec, map[string]string{"Retry-After": "90"}, "503"
			}
			return sec, nil, ""
		}, 114 * sec, 7 * sec, 21 * sec, results.Late, 2},
		{"refreshed after 30 s", func(n int, _ *http.Request) (time.Duration, map[string]string, string) {
			if n == 1 {
				return time.Hour, nil, ""
			}
			return sec, nil, ""
		}, 32 * sec, 7 * sec, 0, results.Late, 2},
		{"503 with Retry-After, obeyed", func(n int, _ *http.Request) (time.Duration, map[string]string, string) {
			if n == 1 {
				return sec, map[string]string{"Retry-After": "90"}, "503"
			}
			return sec, nil, ""
		}, 93 * sec, 7 * sec, 0, results.Late, 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var n atomic.Int64
			portal := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				wait, head, body := tt.serve(int(n.Add(1)), r)
				select {
				case <-time.After(wait):
				case <-r.Context().Done():
					return
				}
				for k, v := range head {
					w.Header().Set(k, v)
				}
				switch {
				case body == "503":
					w.WriteHeader(http.StatusServiceUnavailable)
				case body != "":
				case r.URL.Path == "/class":
					body = "En classe"
				default:
					body = "Bienvenue"
				}
				w.Header().Set("Content-Type", "text/html; charset=utf-8")
				fmt.Fprintf(w, "<html><head><title>x</title></head><body><p>%s</p></body></html>", body)
			})
			out := morning{yaml: twoPages, seed: 1, other: portal, people: []arrivals.Arrival{{At: 3*sec + 1, ID: 4}}}.play(t)
			if out.people.Of(tt.outcome) != 1 || out.tries.Intended != tt.tries {
				t.Errorf("people %v, attempts %v", reasons(out.books.People), reasons(out.books.Attempts))
			}
			class := results.NewHist(results.ClassHist)
			for _, h := range out.run.Total.Class {
				class.Merge(h)
			}
			class.Each(func(lo, hi time.Duration, _ uint64) {
				if tt.class+spread < lo || tt.class-spread > hi {
					t.Errorf("time to class in [%v, %v], truth %v", lo, hi, tt.class)
				}
			})
			var beside results.Beside
			for _, b := range out.run.Total.Beside {
				beside.OwnTime += b.OwnTime
				beside.Waited += b.Waited
			}
			if beside.OwnTime != tt.own || beside.Waited != tt.waited {
				t.Errorf("own %v, waited %v; truth %v, %v", beside.OwnTime, beside.Waited, tt.own, tt.waited)
			}
			// Settled = first click + time to class + own pauses.
			if want := 3*sec + 1 + tt.class + tt.own; (out.took-want).Abs() > spread || tt.tries == 1 && out.took != want {
				t.Errorf("settled at %v, truth %v", out.took, want)
			}
		})
	}
}
