package httpdriver

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/publicsuffix"

	"firstbell/runner"
)

var noon = time.Date(2026, 1, 12, 12, 0, 0, 0, time.UTC)

func origin(t testing.TB, s string) runner.Origin {
	t.Helper()
	o, err := runner.OriginOf(address(t, s))
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func trusted(o runner.Origin) bool { return o.Scheme == "https" || o.Loopback() }

// put stores lines set by an answer to at; sent gives the Cookie value to to.
func put(t testing.TB, j *jar, at string, now time.Time, lines ...string) {
	t.Helper()
	u, o := address(t, at), origin(t, at)
	for _, l := range lines {
		j.set(o, trusted(o), u.EscapedPath(), l, now)
	}
}

func sent(t testing.TB, j *jar, to string, now time.Time) string {
	t.Helper()
	u, o := address(t, to), origin(t, to)
	b := j.appendHeader(nil, o, trusted(o), u.EscapedPath(), now)
	return strings.TrimSuffix(strings.TrimPrefix(string(b), "Cookie: "), "\r\n")
}

func TestJar(t *testing.T) {
	const site = "https://ent.example.fr/auth/login"
	long := strings.Repeat("x", maxPair)
	for _, tt := range []struct {
		name, at string
		set      []string
		to, want string
	}{
		{"default path is the folder", site, []string{"a=1"}, "https://ent.example.fr/auth/x", "a=1"},
		{"…and not above it", site, []string{"a=1"}, "https://ent.example.fr/home", ""},
		{"a path is no prefix of a word", site, []string{"a=1; Path=/au"}, site, ""},
		{"longest path first, then oldest", site, []string{"a=1; Path=/", "b=2; Path=/auth", "c=3; Path=/"}, site, "b=2; a=1; c=3"},
		{"replaced in place", site, []string{"a=1; Path=/", "b=2; Path=/", "a=3; Path=/"}, site, "a=3; b=2"},
		{"same name, two paths", site, []string{"a=1; Path=/", "a=2; Path=/auth"}, site, "a=2; a=1"},
		{"host-only by default", site, []string{"a=1; Path=/"}, "https://sub.ent.example.fr/", ""},
		{"domain goes below", site, []string{"a=1; Path=/; Domain=.example.fr"}, "https://cas.example.fr/", "a=1"},
		{"domain of somebody else", site, []string{"a=1; Path=/; Domain=example.org"}, site, ""},
		{"domain of a sibling", site, []string{"a=1; Path=/; Domain=cas.example.fr"}, site, ""},
		{"domain that is only a suffix of the text", site, []string{"a=1; Path=/; Domain=ample.fr"}, site, ""},
		{"public suffix", site, []string{"a=1; Path=/; Domain=fr"}, site, ""},
		{"public suffix with two labels", "https://x.gouv.fr/", []string{"a=1; Domain=gouv.fr"}, "https://x.gouv.fr/", ""},
		{"upper case domain", site, []string{"a=1; Path=/; Domain=Example.FR"}, "https://cas.example.fr/", "a=1"},
		{"IP with a dot in front", "http://127.0.0.1:8080/", []string{"a=1; Domain=.127.0.0.1"}, "http://127.0.0.1:9090/", "a=1"},
		{"another IP", "http://127.0.0.1/", []string{"a=1; Domain=127.0.0.2"}, "http://127.0.0.1/", ""},
		{"part of an IP", "http://127.0.0.1/", []string{"a=1; Domain=0.0.1"}, "http://127.0.0.1/", ""},
		{"ports share cookies", "http://127.0.0.1:1/", []string{"a=1"}, "http://127.0.0.1:2/", "a=1"},
		{"localhost", "http://localhost/", []string{"a=1; Domain=localhost"}, "http://localhost/", "a=1"},
		{"secure needs https", "http://ent.example.fr/", []string{"a=1; Secure"}, "https://ent.example.fr/", ""},
		{"secure is not sent over http", "https://ent.example.fr/", []string{"a=1; Secure"}, "http://ent.example.fr/", ""},
		{"secure on loopback", "http://127.0.0.1/", []string{"a=1; Secure; HttpOnly"}, "http://127.0.0.1/", "a=1"},
		{"max-age before expires", site, []string{"a=1; Path=/; Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:00 GMT"}, site, "a=1"},
		{"deleted by max-age", site, []string{"a=1; Path=/", "a=; Path=/; Max-Age=0"}, site, ""},
		{"deleted by negative max-age", site, []string{"a=1; Path=/", "a=; Path=/; Max-Age=-1"}, site, ""},
		{"deleted by expires", site, []string{"a=1; Path=/", "a=; Path=/; Expires=Thu, 01-Jan-1970 00:00:10 GMT"}, site, ""},
		{"deletion on another path", site, []string{"a=1; Path=/", "a=; Max-Age=0"}, site, "a=1"},
		{"malformed max-age is ignored", site, []string{"a=1; Path=/; Max-Age=+5; Max-Age="}, site, "a=1"},
		{"huge max-age", site, []string{"a=1; Path=/; Max-Age=99999999999999999999999"}, site, "a=1"},
		{"quotes stay", site, []string{`a="x y"; Path=/`}, site, `a="x y"`},
		{"equals in value", site, []string{"a=b=c; Path=/"}, site, "a=b=c"},
		{"empty value", site, []string{"a=; Path=/"}, site, "a="},
		{"no name", site, []string{"alone; Path=/"}, site, "alone"},
		{"neither name nor value", site, []string{"=; Path=/"}, site, ""},
		{"blanks around", site, []string{"  a = 1 ; path = / "}, site, "a=1"},
		{"last attribute wins", site, []string{"a=1; Path=/x; Path=/"}, site, "a=1"},
		{"path without slash", site, []string{"a=1; Path=x"}, site, "a=1"},
		{"control characters", site, []string{"a=1\x00; Path=/", "b=\x0b; Path=/"}, site, ""},
		{"too long", site, []string{"a=" + long + "; Path=/"}, site, ""},
		{"__Host-", site, []string{"__Host-a=1; Secure; Path=/"}, site, "__Host-a=1"},
		{"__Host- with domain", site, []string{"__Host-a=1; Secure; Path=/; Domain=ent.example.fr"}, site, ""},
		{"__Host- below the root", site, []string{"__Host-a=1; Secure; Path=/auth"}, site, ""},
		{"__Secure- without secure", site, []string{"__Secure-a=1; Path=/"}, site, ""},
		{"prefix in any case", site, []string{"__hOsT-a=1; Path=/"}, site, ""},
		{"prefix hidden in a value", site, []string{"=__Host-a=1; Path=/"}, site, ""},
		{"SameSite is no obstacle", site, []string{"a=1; Path=/; SameSite=Strict"}, site, "a=1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var j jar
			put(t, &j, tt.at, noon, tt.set...)
			if got := sent(t, &j, tt.to, noon); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestJarKeepsSecureCookiesAlone(t *testing.T) {
	var j jar
	put(t, &j, "https://ent.example.fr/", noon, "a=tls; Secure; Path=/")
	put(t, &j, "http://ent.example.fr/", noon, "a=plain; Path=/", "a=; Path=/; Max-Age=0", "a=deep; Path=/deep", "a=dom; Domain=ent.example.fr; Path=/")
	if got := sent(t, &j, "https://ent.example.fr/deep", noon); got != "a=tls" {
		t.Errorf("got %q", got)
	}
}

func TestJarExpires(t *testing.T) {
	var j jar
	put(t, &j, "https://ent.example.fr/", noon, "a=1; Max-Age=60", "b=2; Expires=Mon, 12 Jan 2026 12:00:30 GMT", "c=3")
	for _, tt := range []struct {
		after time.Duration
		want  string
	}{{0, "a=1; b=2; c=3"}, {29 * time.Second, "a=1; b=2; c=3"}, {30 * time.Second, "a=1; c=3"}, {60 * time.Second, "c=3"}} {
		if got := sent(t, &j, "https://ent.example.fr/", noon.Add(tt.after)); got != tt.want {
			t.Errorf("after %v: got %q, want %q", tt.after, got, tt.want)
		}
	}
}

func TestJarIsBounded(t *testing.T) {
	var many, large jar
	for i := range 1000 {
		put(t, &many, "https://ent.example.fr/", noon, fmt.Sprintf("c%d=1", i))
		put(t, &large, "https://ent.example.fr/", noon, fmt.Sprintf("c%d=%s", i, strings.Repeat("x", 4000)))
	}
	if len(many.cookies) != maxCookies || many.cookies[maxCookies-1].name() != "c999" {
		t.Errorf("%d cookies", len(many.cookies))
	}
	if large.bytes > maxCookieBytes || len(large.cookies) == 0 {
		t.Errorf("%d bytes in %d cookies", large.bytes, len(large.cookies))
	}
}

func TestCookieDate(t *testing.T) {
	want := time.Date(2026, 11, 6, 8, 49, 37, 0, time.UTC)
	for _, s := range []string{
		"Fri, 06 Nov 2026 08:49:37 GMT", "Friday, 06-Nov-26 08:49:37 GMT", "Fri Nov  6 08:49:37 2026",
		"6 november 2026 8:49:37", "08:49:37 06/nov/2026", "2026 Nov 06 08:49:37.123 UTC",
	} {
		if got, ok := parseCookieDate(s); !ok || !got.Equal(want) {
			t.Errorf("%q = %v, %v", s, got, ok)
		}
	}
	for _, s := range []string{"", "0", "tomorrow", "Fri, 06 Nov 2026", "31 Feb 2026 08:49:37", "06 Nov 2026 24:00:00",
		"06 Nov 1600 08:49:37", "06 Nov 2026 8:49", "0006 Nov 2026 08:49:37"} {
		if got, ok := parseCookieDate(s); ok {
			t.Errorf("%q = %v", s, got)
		}
	}
}

// jarHosts are hosts and domains for which browsers and net/http/cookiejar
// agree: none is both a host and the parent of another.
var (
	jarHosts   = []string{"ent.example.fr", "cas.example.fr", "www.cas.example.fr", "other.org"}
	jarDomains = []string{"", "", "example.fr", ".example.fr", "fr", "other.net", "cas.example.fr.", "xample.fr"}
	jarPaths   = []string{"", "", "/", "/a", "/a/", "/a/b", "rel", "/c"}
	jarAges    = []string{"", "", "", "; Max-Age=100", "; Max-Age=0", "; Max-Age=-3", "; Expires=Thu, 01 Jan 1970 00:00:01 GMT",
		"; Expires=Fri, 01 Jan 2100 00:00:01 GMT"}
	jarURLs = []string{"/", "/a", "/a/", "/a/b", "/a/b/c", "/ab", "/c/d"}
)

// FuzzJarAgainstOracle plays the same cookies into this jar and the standard
// library's, and compares what they send everywhere after each one.
func FuzzJarAgainstOracle(f *testing.F) {
	f.Add([]byte{0, 0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4})
	for seed := range uint64(30) {
		r := rand.New(rand.NewPCG(seed, 0))
		b := make([]byte, 60)
		for i := range b {
			b[i] = byte(r.Uint32())
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > 60 {
			b = b[:60]
		}
		var ours jar
		oracle, _ := cookiejar.New(&cookiejar.Options{PublicSuffixList: publicsuffix.List})
		now := time.Now()
		for ; len(b) >= 5; b = b[5:] {
			u := &url.URL{Scheme: "https", Host: jarHosts[int(b[0])%len(jarHosts)], Path: jarURLs[int(b[0]>>3)%len(jarURLs)]}
			line := fmt.Sprintf("n%d=v%d%s", b[1]%3, b[1], jarAges[int(b[2])%len(jarAges)])
			if d := jarDomains[int(b[3])%len(jarDomains)]; d != "" && d != "cas.example.fr." {
				line += "; Domain=" + d
			}
			if p := jarPaths[int(b[4])%len(jarPaths)]; p != "" {
				line += "; Path=" + p
			}
			if b[2]&0x40 != 0 {
				line += "; Secure"
			}
			put(t, &ours, u.String(), now, line)
			c, err := http.ParseSetCookie(line)
			if err != nil {
				t.Fatal(err)
			}
			oracle.SetCookies(u, []*http.Cookie{c})
			compareJars(t, &ours, oracle, now, line)
		}
	})
}

func compareJars(t *testing.T, ours *jar, oracle *cookiejar.Jar, now time.Time, line string) {
	t.Helper()
	for _, scheme := range []string{"https", "http"} {
		for _, h := range jarHosts {
			for _, p := range jarURLs {
				u := &url.URL{Scheme: scheme, Host: h, Path: p}
				var want []string
				for _, c := range oracle.Cookies(u) {
					want = append(want, c.Name+"="+c.Value)
				}
				if got := sent(t, ours, u.String(), now); got != strings.Join(want, "; ") {
					t.Fatalf("after %q, to %s: got %q, oracle %q", line, u, got, want)
				}
			}
		}
	}
}

// FuzzSetCookie checks that no line, however odd, breaks a bound or a request.
func FuzzSetCookie(f *testing.F) {
	f.Add("a=1; Path=/; Domain=.127.0.0.1; Expires=Fri, 06 Nov 2026 08:49:37 GMT; Secure; HttpOnly; SameSite=None")
	f.Add("=; =; ;;;=x")
	f.Add("__Host-\xff=\x80; Max-Age=-0; Domain=é.fr")
	f.Fuzz(func(t *testing.T, line string) {
		var j jar
		o := runner.Origin{Scheme: "https", Host: "ent.example.fr", Port: 443}
		j.set(o, true, "/auth/login", line, noon)
		j.set(o, true, "", line, noon)
		b := string(j.appendHeader(nil, o, true, "/auth/login", noon))
		if strings.ContainsAny(strings.TrimSuffix(b, "\r\n"), "\r\n\x00") {
			t.Errorf("%q breaks the request: %q", line, b)
		}
		size := 0
		for i := range j.cookies {
			size += j.cookies[i].size()
			_ = j.cookies[i].name() + j.cookies[i].value()
		}
		if size != j.bytes || len(j.cookies) > 2 {
			t.Errorf("%d bytes counted as %d, %d cookies", size, j.bytes, len(j.cookies))
		}
	})
}
