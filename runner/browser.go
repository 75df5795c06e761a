package runner

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"net/url"
	"strings"

	"firstbell/runner/page"
	"firstbell/scenarios"
	"firstbell/scenarios/arrivals"
)

// browser is what one person has in front of them: a session, the page shown,
// and the values read on the way. It is used by one goroutine at a time.
type browser struct {
	id      uint32
	attempt int
	account int // index into Accounts; -1: none
	session Session
	page    *page.Page        // shown now; nil when no later step looks at it
	vars    map[string]string // captured and computed values
	warm    map[uint64]bool   // files this person has loaded
	// The page the password was typed on, to know it again when the portal
	// sends a signed-in person back there.
	signedIn  bool
	loginPage string // host and path
	loginKey  uint64 // of its bytes
	// wrong replaces the password: a proof that refusals are recognised.
	wrong string
	// pinned people share an account and, with it, the random values of the
	// person luck: what they send is what that person has sent.
	pinned bool
	luck   uint32
}

// lookup gives the variables of the file as this person has them now. Cookies
// are those the person would send to u.
func (b *browser) lookup(s *site, u *url.URL) scenarios.Lookup {
	var own scenarios.Lookup
	if b.account >= 0 {
		own = s.sc.Accounts.Lookup(b.account)
	}
	return func(name string) (string, bool) {
		if v, ok := b.vars[name]; ok {
			return v, true
		}
		if b.wrong != "" && name == "password" {
			return b.wrong, true
		}
		if own != nil {
			if v, ok := own(name); ok {
				return v, true
			}
		}
		if v, ok := s.names[name]; ok {
			return v, true
		}
		if cookie, ok := strings.CutPrefix(name, "cookie."); ok && u != nil {
			return b.session.Cookie(u, cookie)
		}
		if env, ok := strings.CutPrefix(name, "env."); ok && s.sc.Env != nil {
			return s.sc.Env(env)
		}
		if random, ok := strings.CutPrefix(name, "random."); ok {
			return b.random(s.seed, random), true
		}
		return "", false
	}
}

// random is 43 characters that are safe anywhere (PKCE's verifier needs 43),
// the same for the whole attempt.
func (b *browser) random(seed uint64, name string) string {
	h := sha256.New()
	var bits [8]byte
	who := b.id
	if b.pinned {
		who = b.luck
	}
	binary.LittleEndian.PutUint64(bits[:], arrivals.Bits(seed, arrivals.StreamValue, uint64(who), uint64(b.attempt)))
	h.Write(bits[:])
	h.Write([]byte(name))
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil))
}

func (b *browser) set(name, value string) {
	if b.vars == nil {
		b.vars = map[string]string{}
	}
	b.vars[name] = value
}

// remember notes a page judged good: until the password is accepted, as the one
// it may be typed on.
func (b *browser) remember(s *site, login bool, p *page.Page) {
	switch {
	case login:
		b.signedIn = true
	case !b.signedIn:
		b.loginPage, b.loginKey = p.Final.Host+p.Final.Path, s.memos.key(p, "")
	}
}

// backAtLogin reports whether a signed-in person was sent back to the login
// page: by a redirect, to its address, and the page is the same or asks for a
// password.
func (b *browser) backAtLogin(s *site, p *page.Page) bool {
	return b.signedIn && len(p.Hops) > 1 && p.Final.Host+p.Final.Path == b.loginPage &&
		(s.memos.key(p, "") == b.loginKey || p.AsksPassword())
}

// secrets are the values that must be taken out of anything kept.
func (b *browser) secrets(s *site) []string {
	var out []string
	if b.account >= 0 {
		own := s.sc.Accounts.Lookup(b.account)
		for _, name := range accountColumns(s.sc) {
			if name == "persona" {
				continue
			}
			if v, ok := own(name); ok {
				out = append(out, v)
			}
		}
	}
	for _, v := range b.vars {
		out = append(out, v)
	}
	return append(out, b.wrong)
}

func accountColumns(sc *scenarios.Scenario) []string {
	g := sc.Accounts.Generate
	if g == nil {
		return sc.Accounts.Columns
	}
	names := []string{"login", "password"}
	for _, f := range g.Extra {
		names = append(names, f.Name)
	}
	return names
}
