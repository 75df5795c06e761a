//go:build slow

package main

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"firstbell/report"
)

// consentFile writes the consent of a host, as `firstbell consent` prints it.
func consentFile(t *testing.T, host, grace string, requests float64) string {
	t.Helper()
	b, err := firstbell(t, "consent", host, "--by", "the test", "--requests", fmt.Sprint(requests), "--connections", "1000").Output()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "firstbell.json")
	text := strings.Replace(string(b), `"2m0s"`, `"`+grace+`"`, 1)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return port
}

// TestConsentWithdrawn takes the consent back in the middle of a storm.
func TestConsentWithdrawn(t *testing.T) {
	for _, how := range []string{"", "stop", "changed"} {
		t.Run("consent="+how, func(t *testing.T) {
			t.Parallel()
			addr := "127.0.0.1:" + freePort(t)
			ent := startEntAs(t, firstbell(t, "ent", "--listen", addr, "--admin", "127.0.0.1:0",
				"--consent", consentFile(t, "http://"+addr, "2m0s", 5000)))
			s := startStorm(t, mini{target: ent.url, people: 1200, play: 40, top: "consent: required\n"}.String())
			underWay(t, s, ent, 100)
			ent.mode(t, "consent", how)
			withdrawn := time.Now()
			code := s.wait(t)
			if took := time.Since(withdrawn); took > 8*time.Second {
				t.Errorf("it ended %s after the withdrawal", took)
			}
			quiet(t, ent)
			equal(t, "exit code", code, 6)
			sum := s.summary(t)
			equal(t, "ended as", sum.Run.EndedAs, "stopped_by_target")
			equal(t, "verdict", sum.Verdict.Value, report.Inconclusive)
			if since := time.Since(withdrawn); sum.People.NotSent < 200 {
				t.Errorf("only %d not sent, %s after the withdrawal", sum.People.NotSent, since)
			}
		})
	}
}

// quiet fails if the portal still gets requests.
func quiet(t *testing.T, ent *entProcess) {
	t.Helper()
	before := ent.counters(t)["arrivals"]
	time.Sleep(3 * time.Second)
	equal(t, "requests after the end", ent.counters(t)["arrivals"], before)
}

// TestConsentStopIsQuick measures at the server: nothing comes 5 s after.
func TestConsentStopIsQuick(t *testing.T) {
	t.Parallel()
	addr := "127.0.0.1:" + freePort(t)
	ent := startEntAs(t, firstbell(t, "ent", "--listen", addr, "--admin", "127.0.0.1:0",
		"--consent", consentFile(t, "http://"+addr, "2m0s", 5000)))
	s := startStorm(t, mini{target: ent.url, people: 1200, play: 40, top: "consent: required\n"}.String())
	s.begun(t)
	ent.mode(t, "delay", "1s")
	underWay(t, s, ent, 60)
	ent.mode(t, "consent", "stop")
	withdrawn, last, seen := time.Now(), time.Now(), int64(0)
	for time.Since(withdrawn) < 9*time.Second {
		if n := ent.counters(t)["arrivals"]; n != seen {
			seen, last = n, time.Now()
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Logf("the last request came %s after the withdrawal", last.Sub(withdrawn))
	promptly(t, "the last request came", withdrawn, last, 5*time.Second)
	equal(t, "exit code", s.wait(t), 6)
}

// TestConsentUnreadable: a portal too loaded to serve the file does not stop
// the test before its grace, and does then.
func TestConsentUnreadable(t *testing.T) {
	for _, how := range []string{"error", "slow"} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			addr := "127.0.0.1:" + freePort(t)
			ent := startEntAs(t, firstbell(t, "ent", "--listen", addr, "--admin", "127.0.0.1:0",
				"--consent", consentFile(t, "http://"+addr, "8s", 5000)))
			s := startStorm(t, mini{target: ent.url, people: 1200, play: 40, top: "consent: required\n"}.String())
			underWay(t, s, ent, 60)
			ent.mode(t, "consent", how)
			began := time.Now()
			code := s.wait(t)
			took := time.Since(began)
			if took < 6*time.Second || took > 20*time.Second {
				t.Errorf("ended %s after the file became unreadable, grace 8s", took)
			}
			equal(t, "exit code", code, 6)
			sum := s.summary(t)
			equal(t, "ended as", sum.Run.EndedAs, "stopped_by_target")
			if !strings.Contains(sum.Run.EndedCause, "unreadable") {
				t.Errorf("cause %q", sum.Run.EndedCause)
			}
		})
	}
	t.Run("back within its grace", func(t *testing.T) {
		t.Parallel()
		addr := "127.0.0.1:" + freePort(t)
		ent := startEntAs(t, firstbell(t, "ent", "--listen", addr, "--admin", "127.0.0.1:0",
			"--consent", consentFile(t, "http://"+addr, "30s", 5000)))
		s := startStorm(t, mini{target: ent.url, people: 400, play: 14, top: "consent: required\n"}.String())
		underWay(t, s, ent, 60)
		ent.mode(t, "consent", "error")
		time.Sleep(5 * time.Second)
		ent.mode(t, "consent", "present")
		s.wait(t)
		sum := s.summary(t)
		equal(t, "ended as", sum.Run.EndedAs, "planned")
		if !slices.ContainsFunc(sum.Events, func(e report.EventRow) bool { return e.Kind == "consent_unreadable" }) {
			t.Error("the report does not say that the consent was unreadable for a while")
		}
	})
}

// TestConsentLimit: what is over the consented rate is not sent, and said.
func TestConsentLimit(t *testing.T) {
	t.Parallel()
	addr := "127.0.0.1:" + freePort(t)
	ent := startEntAs(t, firstbell(t, "ent", "--listen", addr, "--admin", "127.0.0.1:0",
		"--consent", consentFile(t, "http://"+addr, "2m0s", 60)))
	s := startStorm(t, mini{target: ent.url, people: 400, play: 10, top: "consent: required\npatience: none\n"}.String())
	s.begun(t)
	before, began := ent.counters(t)["arrivals"], time.Now()
	code := s.wait(t)
	rate := float64(ent.counters(t)["arrivals"]-before) / time.Since(began).Seconds()
	sum := s.summary(t)
	if rate > 63 {
		t.Errorf("%.1f requests/s reached the portal, 60 were consented to", rate)
	}
	atLeast(t, "not sent", sum.Attempts.NotSent, 100)
	if code == 0 || sum.Verdict.Value == report.Ready {
		t.Errorf("exit %d, %s", code, sum.Verdict.Value)
	}
	if !slices.ContainsFunc(sum.Reasons, func(r report.ReasonRow) bool { return r.Reason == "consent_limit" }) {
		t.Error("no reason says consent_limit")
	}
}

// namespace is a network of its own, reached by one pair of addresses.
type namespace struct{ name, address string }

// newNamespace makes one, or skips where that is not allowed.
func newNamespace(t *testing.T) namespace {
	t.Helper()
	id := os.Getpid() % 200
	n := namespace{name: fmt.Sprintf("firstbell%d", id), address: fmt.Sprintf("10.213.%d.2", id)}
	near := fmt.Sprintf("fbn%d", id)
	t.Cleanup(func() {
		_ = exec.Command("ip", "link", "del", near).Run()
		_ = exec.Command("ip", "netns", "del", n.name).Run()
	})
	for _, line := range []string{
		"netns add " + n.name,
		fmt.Sprintf("link add %s type veth peer name far netns %s", near, n.name),
		fmt.Sprintf("addr add 10.213.%d.1/30 dev %s", id, near),
		"link set " + near + " up",
		fmt.Sprintf("-n %s addr add %s/30 dev far", n.name, n.address),
		"-n " + n.name + " link set far up",
		"-n " + n.name + " link set lo up",
	} {
		if out, err := exec.Command("ip", strings.Fields(line)...).CombinedOutput(); err != nil {
			t.Skipf("network namespaces cannot be made here: ip %s: %s", line, out)
		}
	}
	return n
}

// ent starts the example portal inside.
func (n namespace) ent(t *testing.T, args ...string) *entProcess {
	t.Helper()
	inner := firstbell(t, append([]string{"ent", "--listen", n.address + ":8480", "--admin", n.address + ":8481"}, args...)...)
	cmd := exec.Command("ip", append([]string{"netns", "exec", n.name}, inner.Args...)...)
	cmd.Args[4] = inner.Path
	cmd.Env = append(inner.Env, "FIRSTBELL_ENT_ANY=1")
	return startEntAs(t, cmd)
}

// TestNoConsentNoLoad: a portal outside this machine without a consent file
// gets no load, whatever the file says to make it look like loopback.
func TestNoConsentNoLoad(t *testing.T) {
	n := newNamespace(t)
	ent := n.ent(t)
	local := startEnt(t)
	_, localPort, _ := net.SplitHostPort(strings.TrimPrefix(local.url, "http://"))
	tests := []struct {
		name, target, top string
		exit              int
	}{
		{"plainly", "http://" + n.address + ":8480", "", 5},
		{"resolve of a name", "http://ent.example:8480", "resolve: {ent.example: " + n.address + "}\n", 5},
		{"resolve of localhost", "http://localhost:8480", "resolve: {localhost: " + n.address + "}\n", 5},
		{"resolve of a name under localhost", "http://ent.localhost:8480", "resolve: {ent.localhost: " + n.address + "}\n", 5},
		{"resolve of a loopback address", "http://127.0.0.1:8480", `resolve: {"127.0.0.1": ` + n.address + "}\n", 5},
		{"resolve with a port", "http://127.0.0.1:" + localPort, `resolve: {"127.0.0.1:` + localPort + `": "` + n.address + ":8480\"}\n", 5},
		{"mapped into IPv6", "http://[::ffff:" + n.address + "]:8480", "", 5},
		{"through a proxy", local.url, "proxy: http://" + n.address + ":8480\n", 5},
		{"a production name on loopback", "http://ent.example:" + localPort, "resolve: {ent.example: 127.0.0.1}\n", 5},
		{"a host of the file", local.url, "hosts: {other: \"http://" + n.address + ":8480\"}\n", 5},
		{"unspecified address", "http://0.0.0.0:" + localPort, "", 5},
		{"consent required on loopback", local.url, "consent: required\n", 5},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := startStorm(t, mini{target: tt.target, people: 100, play: 10, top: tt.top}.String())
			equal(t, "exit code", s.wait(t), tt.exit)
			if s.folder() != "" {
				t.Error("a run's folder was made")
			}
			if !strings.Contains(s.stderr.String(), "FB0301") {
				t.Errorf("%s", s.stderr.String())
			}
			for _, p := range []*entProcess{ent, local} {
				c := p.counters(t)
				equal(t, "requests other than for the consent", c["arrivals"]-c["served_consent"], 0)
			}
		})
	}
	t.Run("Host header", func(t *testing.T) {
		text := strings.Replace(mini{target: local.url, people: 100, play: 10}.String(), "    - get: /\n", "    - get: /\n      headers: {Host: ent.example}\n", 1)
		s := startStorm(t, text)
		equal(t, "exit code", s.wait(t), 2)
	})
}

// TestLoadInNamespace: with consent, the same portal is loaded; when it takes
// it back everything stops.
func TestLoadInNamespace(t *testing.T) {
	n := newNamespace(t)
	ent := n.ent(t, "--consent", consentFile(t, "http://"+n.address+":8480", "2m0s", 5000))
	s := startStorm(t, mini{target: ent.url, people: 300, play: 20}.String())
	underWay(t, s, ent, 60)
	ent.mode(t, "consent", "stop")
	equal(t, "exit code", s.wait(t), 6)
	s.summary(t)
	quiet(t, ent)
}

// TestOutOfScope: a redirect and a file that lead elsewhere are not followed,
// and the report lists the host.
func TestOutOfScope(t *testing.T) {
	t.Parallel()
	var elsewhere atomic.Int64
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { elsewhere.Add(1) }))
	defer other.Close()
	target := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/login":
			http.Redirect(w, r, other.URL+"/sso?ticket=ST-1", http.StatusFound)
		default:
			w.Header().Set("Content-Type", "text/html")
			fmt.Fprintf(w, `<link rel=stylesheet href="%s/a.css"><script src="//cdn.example/x.js"></script><p>Bonjour tout le monde</p>`, other.URL)
		}
	}))
	defer target.Close()
	scenario := func(step string) string {
		return fmt.Sprintf(`version: 1
target: %s
accounts: {generate: {count: 900, login: "e${n}", password: "p${n}"}, synthetic: true, reuse: after_end}
population: 9000
storm: {curve: {08:50-09:00: 100%%}, play: 08:59:55-09:00:00, batches: {share: 0%%}}
journeys:
  j:
%scriteria: {in_class: rate>50%%}
limits: {drain: 10s}
patience: none
`, target.URL, step)
	}
	for name, step := range map[string]string{
		"redirect": "    - {get: /login, expect: {text: Bonjour}, in_class: true}\n",
		"file":     "    - {get: /, expect: {text: Bonjour}, assets: cold, in_class: true}\n",
	} {
		t.Run(name, func(t *testing.T) {
			s := startStorm(t, scenario(step))
			s.wait(t)
			sum := s.summary(t)
			equal(t, "requests elsewhere", elsewhere.Load(), 0)
			b, err := os.ReadFile(filepath.Join(s.folder(), "summary.json"))
			if err != nil {
				t.Fatal(err)
			}
			if host := strings.TrimPrefix(other.URL, "http://"); !strings.Contains(string(b), host) {
				t.Errorf("%s is not listed in summary.json", host)
			}
			if name == "redirect" && (sum.People.Error != sum.People.Started || !strings.Contains(string(b), "out_of_scope")) {
				t.Errorf("people: %+v", sum.People)
			}
			if name == "file" && !strings.Contains(string(b), "cdn.example") {
				t.Error("cdn.example is not listed")
			}
		})
	}
}
