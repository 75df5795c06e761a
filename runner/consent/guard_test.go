package consent

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"firstbell/runner/results"
	"firstbell/scenarios"
)

func TestNothingIsLoadedBeforeConsentIsRead(t *testing.T) {
	g := guarding(t, target(t, ent), nil)
	if err := g.Request(address(t, ent+"/")); reason(err) != results.ReasonOutOfScope {
		t.Errorf("request: %v", err)
	}
	if err := g.Dial("ent.preprod.example", at("192.0.2.7:443")); reason(err) != results.ReasonOutOfScope {
		t.Errorf("dial: %v", err)
	}
	if err := g.Read(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := g.Request(address(t, ent+"/")); err != nil {
		t.Error(err)
	}
	if err := g.Dial("ent.preprod.example", at("192.0.2.7:443")); err != nil {
		t.Error(err)
	}
	if got := g.Grants()[0]; !got.Consented || got.ConsentedBy != "Marie Dupont" || got.RequestsPerSecond != 50 {
		t.Errorf("%+v", got)
	}
}

func TestScope(t *testing.T) {
	sc := target(t, ent)
	sc.Hosts = []scenarios.Host{{Name: "local", URL: address(t, "http://127.0.0.1:8080")}}
	g := guarding(t, sc, nil)
	if err := g.Read(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		address string
		in      bool
	}{
		{ent, true}, {ent + "/a?b#c", true}, {"HTTPS://ENT.Preprod.Example:443/", true}, {"http://127.0.0.1:8080/x", true},
		{"https://ent。preprod。example/", true}, // ideographic dots: the same name, and the same is dialled
		{"http://[::ffff:127.0.0.1]:8080/", true},
		{"http://ent.preprod.example/", false}, {"https://ent.preprod.example:8443/", false},
		{"https://ent.preprod.example./", false}, {"https://u@ent.preprod.example/", false},
		{"https://ent.preprod.example@evil.example/", false}, {"https://ent.preprod.example.evil.example/", false},
		{"https://evil.example/https://ent.preprod.example/", false}, {"//ent.preprod.example/", false},
		{"http://127.0.0.1/", false}, {"http://127.0.0.2:8080/", false}, {"http://127.1:8080/", false},
		{"http://2130706433:8080/", false}, {"http://0x7f000001:8080/", false}, {"http://0177.0.0.1:8080/", false},
		{"http://0.0.0.0:8080/", false}, {"http://[::]:8080/", false}, {"http://[::1]:8080/", false}, {"http://[::1%25lo]:8080/", false},
		{"http://localhost:8080/", false}, {"http://127.0.0.1.:8080/", false}, {"http://127.0.0.1:08080/", true},
		{"ftp://127.0.0.1:8080/", false}, {"javascript:alert(1)", false}, {"file:///etc/passwd", false}, {"http:127.0.0.1:8080", false},
		{"http://еnt.preprod.example/", false},       // Cyrillic е
		{"https://e\u200bnt.preprod.example/", true}, // nothing in the middle: what browsers ask for, and what is dialled
	} {
		u, err := url.Parse(tt.address)
		if err != nil {
			continue // nobody could ask for it
		}
		if err := g.Request(u); (err == nil) != tt.in {
			t.Errorf("%s: %v", tt.address, err)
		} else if err != nil && reason(err) != results.ReasonOutOfScope {
			t.Errorf("%s: %v", tt.address, err)
		}
	}
	for range 3 {
		g.Request(address(t, "https://cdn.example/x?ticket=1"))
	}
	if n := g.OutOfScope()["https://cdn.example"]; n != 3 {
		t.Errorf("cdn counted %d times", n)
	}
	told := 0
	for _, e := range g.events {
		if strings.Contains(fmt.Sprint(e), "ticket") {
			t.Errorf("an event repeats an address: %+v", e)
		}
		if e.Kind == "out_of_scope" && e.Fields["host"] == "https://cdn.example" {
			told++
		}
	}
	if told != 1 {
		t.Errorf("told %d times", told)
	}
}

func TestBackslashesAreNoWayRound(t *testing.T) {
	g := guarding(t, target(t, "http://127.0.0.1:8080"), nil)
	for _, s := range []string{`http:\\evil.example`, `http://evil.example\@127.0.0.1:8080/`, `http://127.0.0.1:8080\@evil.example/`} {
		if u, err := url.Parse(s); err == nil && g.Request(u) == nil {
			t.Errorf("%s was let through to %s", s, u.Host)
		}
	}
}

func TestDialledAddresses(t *testing.T) {
	sc := target(t, ent)
	sc.Hosts = []scenarios.Host{{Name: "l", URL: address(t, "http://localhost:8080")}, {Name: "i", URL: address(t, "http://127.0.0.3:81")}}
	g := guarding(t, sc, nil)
	if err := g.Read(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		host, addr string
		ok         bool
	}{
		{"ent.preprod.example", "192.0.2.7:443", true},
		{"ent.preprod.example", "[::ffff:192.0.2.7]:443", true},
		{"ent.preprod.example", "192.0.2.7:8443", false},
		{"ent.preprod.example", "192.0.2.8:443", false}, // the name moved
		{"ent.preprod.example", "127.0.0.1:443", false},
		{"ENT.preprod.example", "192.0.2.7:443", false},
		{"localhost", "127.0.0.1:8080", true},
		{"localhost", "[::1]:8080", true},
		{"localhost", "[::ffff:127.0.0.1]:8080", true},
		{"localhost", "192.0.2.7:8080", false},
		{"localhost", "127.0.0.1:81", false},
		{"localhost", "0.0.0.0:8080", false},
		{"127.0.0.3", "127.0.0.3:81", true},
		{"127.0.0.3", "127.0.0.1:81", false},
		{"evil.example", "127.0.0.1:8080", false},
		{"", "127.0.0.1:8080", false},
	} {
		err := g.Dial(tt.host, at(tt.addr))
		if (err == nil) != tt.ok || err != nil && reason(err) != results.ReasonOutOfScope {
			t.Errorf("%s at %s: %v", tt.host, tt.addr, err)
		}
	}
}

// Loopback is exempt only when nothing makes it stand for something else.
func TestExemption(t *testing.T) {
	for _, tt := range []struct {
		name   string
		sc     func(*scenarios.Scenario)
		target string
		exempt bool
	}{
		{"literal", nil, "http://127.0.0.1:8080", true},
		{"anywhere in 127/8", nil, "http://127.9.8.7", true},
		{"IPv6", nil, "http://[::1]:8080", true},
		{"mapped", nil, "http://[::ffff:127.0.0.1]:8080", true},
		{"localhost", nil, "https://localhost", true},
		{"under localhost", nil, "http://ent.localhost", true},
		{"consent: required", func(sc *scenarios.Scenario) { sc.Consent = scenarios.ConsentRequired }, "http://127.0.0.1:8080", false},
		{"a name that resolves to loopback", nil, "http://ent.test", false},
		{"a name sent to loopback", func(sc *scenarios.Scenario) {
			sc.Resolve = []scenarios.Resolve{{Host: "ent.example", Address: "127.0.0.1"}}
		}, "http://ent.example", false},
		{"localhost sent elsewhere", func(sc *scenarios.Scenario) {
			sc.Resolve = []scenarios.Resolve{{Host: "localhost", Address: "192.0.2.1"}}
		}, "http://localhost", false},
		{"a literal sent elsewhere", func(sc *scenarios.Scenario) {
			sc.Resolve = []scenarios.Resolve{{Host: "127.0.0.1:80", Address: "192.0.2.1:80"}}
		}, "http://127.0.0.1", false},
		{"localhost sent to loopback", func(sc *scenarios.Scenario) {
			sc.Resolve = []scenarios.Resolve{{Host: "localhost", Address: "127.0.0.9:81"}}
		}, "http://localhost", true},
		{"behind a proxy", func(sc *scenarios.Scenario) { sc.Proxy = &url.URL{Scheme: "http", Host: "127.0.0.1:3128"} }, "http://127.0.0.1", false},
		{"with a Host header", func(sc *scenarios.Scenario) {
			sc.Journeys = []scenarios.Journey{{Steps: []scenarios.Step{{Headers: []scenarios.Field{{Name: "HOST"}}}}}}
		}, "http://127.0.0.1", false},
		{"with a Host header in a call", func(sc *scenarios.Scenario) {
			sc.Journeys = []scenarios.Journey{{Steps: []scenarios.Step{{Calls: []scenarios.Call{{Headers: []scenarios.Field{{Name: "host"}}}}}}}}
		}, "http://127.0.0.1", false},
		{"localhost as a suffix of a word", nil, "http://notlocalhost", false},
		{"localhost.example", nil, "http://localhost.example", false},
		{"private network", nil, "http://10.0.0.1", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			sc := target(t, tt.target)
			if tt.sc != nil {
				tt.sc(sc)
			}
			g := guarding(t, sc, nil)
			if got := g.Grants()[0]; got.Exempt != tt.exempt {
				t.Errorf("%+v", got)
			}
			if err := g.Request(sc.Target); (err == nil) != tt.exempt {
				t.Errorf("before consent: %v", err)
			}
			if err := g.Read(t.Context()); (err == nil) != tt.exempt {
				t.Errorf("reading: %v", err)
			}
		})
	}
}

func TestProxyIsTheOnlyAddressDialled(t *testing.T) {
	sc := target(t, ent)
	sc.Proxy = address(t, "http://u:p@10.1.2.3:3128")
	g := guarding(t, sc, nil)
	if err := g.Read(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := g.Dial("ent.preprod.example", at("10.1.2.3:3128")); err != nil {
		t.Error(err)
	}
	if g.Dial("ent.preprod.example", at("192.0.2.7:443")) == nil || g.Dial("10.1.2.3", at("10.1.2.3:3128")) == nil {
		t.Error("dialled round the proxy")
	}
}

func TestRefusals(t *testing.T) {
	g := guarding(t, target(t, ent), func(c *Config) { c.Key = "right" })
	const key = "3c1b7ad8b6d6c6f0f2bd3cf5ba8a6ba5d6c4ac8a3a3a0ab6bcd33a2fd8c36bb0"
	for _, tt := range []struct {
		name string
		a    answer
		why  string
	}{
		{"nothing there", answer{status: 404}, "answered 404"},
		{"a redirect", answer{status: 302}, "answered 302"},
		{"behind a password", answer{status: 401}, "answered 401"},
		{"no answer", answer{err: errors.New("connection refused")}, "connection refused"},
		{"a login page", answer{status: 200, body: []byte("<html>")}, "not a firstbell consent file"},
		{"somebody else's JSON", answer{status: 200, body: []byte(`{"a":1}`)}, "not a firstbell consent file"},
		{"production", published(func(f *File) { f.Environment = "production" }), `"production"`},
		{"Staging", published(func(f *File) { f.Environment = "Staging" }), `"Staging"`},
		{"nobody", published(func(f *File) { f.ConsentedBy = " " }), "who consents"},
		{"another host", published(func(f *File) { f.Host = "ent.example" }), "ent.example"},
		{"another port", published(func(f *File) { f.Host = "ent.preprod.example:8443" }), "8443"},
		{"too early", published(func(f *File) { f.NotBefore = f.NotAfter.Add(-1) }), "opens"},
		{"too late", published(func(f *File) { f.NotAfter = f.NotBefore.Add(1) }), "closed"},
		{"no window", published(func(f *File) { f.NotAfter = f.NotBefore }), "window"},
		{"no rate", published(func(f *File) { f.RequestsPerSecond = 0 }), "how much"},
		{"negative rate", published(func(f *File) { f.ConnectionsPerSecond = -1 }), "how much"},
		{"stopped", published(func(f *File) { f.Stop = true }), "stop"},
		{"stopped and broken", answer{status: 200, body: []byte(`{"stop":true,"not_after":7}`)}, "stop"},
		{"wrong key", published(func(f *File) { f.KeySHA256 = key }), "key"},
		{"control in clear", published(func(f *File) { f.Control = "http://ops.example/stop" }), "control"},
		{"endless grace", published(func(f *File) { f.Grace = Duration(24 * 3600e9) }), "grace"},
		{"wrong types", answer{status: 200, body: []byte(`{"environment":"staging","not_after":"tomorrow"}`)}, "wrong type"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g.web.set(well, tt.a)
			err := g.Read(t.Context())
			var refused *Refused
			if !errors.As(err, &refused) || refused.Host != ent || refused.Fix == "" || !strings.Contains(refused.Why, tt.why) {
				t.Errorf("%#v", refused)
			}
			if g.Request(address(t, ent)) == nil {
				t.Error("loaded all the same")
			}
		})
	}
	g.web.set(well, published(func(f *File) { f.Host = "ENT.preprod.example:443" }))
	if err := g.Read(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestEveryHostIsNamedInTheError(t *testing.T) {
	sc := target(t, ent)
	sc.Hosts = []scenarios.Host{{URL: address(t, "https://a.example")}, {URL: address(t, "https://b.example")}}
	err := guarding(t, sc, nil).Read(t.Context())
	if err == nil || !strings.Contains(err.Error(), "https://a.example") || !strings.Contains(err.Error(), "https://b.example") {
		t.Error(err)
	}
}

// FuzzRequest checks that whatever is let through is, in the driver's spelling,
// the very origin of the scenario.
func FuzzRequest(f *testing.F) {
	for _, s := range []string{"http://127.0.0.1:8080/", "http://127.0.0.1:8080@evil/", "http://2130706433:8080", "http://[::1%25x]:8080", `http:\\a`, "//x", "http://LOCALHOST:8080", "http://127。0。0。1:8080"} {
		f.Add(s)
	}
	g := guarding(f, target(f, "http://127.0.0.1:8080"), nil)
	f.Fuzz(func(t *testing.T, s string) {
		u, err := url.Parse(s)
		if err != nil || g.Request(u) != nil {
			return
		}
		if u.User != nil || u.Port() == "" || !strings.EqualFold(u.Scheme, "http") {
			t.Errorf("%q was let through", s)
		}
		if again, err := url.Parse(u.String()); err != nil || again.Hostname() != u.Hostname() {
			t.Errorf("%q reads differently the second time", s)
		}
	})
}
