package ent

import (
	"net/http"
	"strconv"
	"strings"
)

// session is a signed-in user.
type session struct {
	login string
	shown string // whose name is shown: login, or somebody else's in the mode WrongIdentity
	xsrf  string
	shell bool // its calls fail: see Blank.Shell
}

const (
	sessionCookie = "oneSessionId"
	portalCookie  = "JSESSIONID"
	xsrfCookie    = "XSRF-TOKEN"
	markerCookie  = "authenticated"
	grantCookie   = "TGC"
	placeCookie   = "file_attente"
)

// session finds the session a request belongs to, by cookie or by the mobile
// application's bearer token. Using it makes it live on. bearer says that the
// request cannot have been forged by another site.
func (e *ENT) session(r *http.Request) (s *session, bearer bool) {
	if c, err := r.Cookie(sessionCookie); err == nil {
		if s, ok := e.sessions.get(c.Value, true); ok {
			return s, false
		}
	}
	if id, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		if s, ok := e.sessions.get(id, true); ok {
			return s, true
		}
	}
	return nil, false
}

// open starts a session and gives its identifier, which carries a signature as
// entcore's cookie does.
func (e *ENT) open(login string, m *Modes) (string, *session) {
	s := &session{login: login, shown: login, xsrf: token(), shell: e.draw(drawShell, m.Blank.Shell)}
	if e.draw(drawIdentity, m.WrongIdentity) {
		s.shown = e.other(login)
		e.counters.wrongIdentities.Add(1)
	}
	id := token()
	id += ":" + e.sign(id)
	e.sessions.put(id, s)
	return id, s
}

// other gives another account of the same range.
func (e *ENT) other(login string) string {
	a, n, ok := e.account(login)
	if !ok || a.Count < 2 {
		return login + "-autre"
	}
	return a.Prefix + strconv.Itoa(n%a.Count+1)
}

// account finds the range a login belongs to, and its number there.
func (e *ENT) account(login string) (Accounts, int, bool) {
	prefix := strings.TrimRight(login, "0123456789")
	n, err := strconv.Atoi(login[len(prefix):])
	if err != nil || login[len(prefix)] == '0' {
		return Accounts{}, 0, false
	}
	for _, a := range e.cfg.Accounts {
		if a.Prefix == prefix && n <= a.Count {
			return a, n, true
		}
	}
	return Accounts{}, 0, false
}

// check judges a password, counts wrong ones, and says which answer it deserves:
// Served for a right one.
func (e *ENT) check(x *exchange, login, password string) Answer {
	if n, _ := e.wrong.get(login, false); n >= e.cfg.MaxRetry {
		return LockedOut
	}
	a, _, ok := e.account(login)
	if !ok || e.cfg.Password(login) != password {
		if ok { // an unknown login cannot be locked, and would fill the memory
			e.wrong.update(login, func(n int, _ bool) int { return n + 1 })
		}
		return BadCredentials
	}
	e.wrong.take(login)
	if a.Prefix == x.m.BlockedPersona {
		return ProfileBlocked
	}
	if e.draw(drawLost, x.m.LostSession) {
		return LostSession
	}
	if e.known.add(login, struct{}{}) {
		e.counters.distinct.Add(1)
	}
	return Served
}

// setCookie adds a cookie for the whole site.
func (e *ENT) setCookie(w http.ResponseWriter, name, value, attributes string) {
	c := name + "=" + value + "; Path=/"
	if e.cfg.CookieDomain != "" {
		c += "; Domain=" + e.cfg.CookieDomain
	}
	w.Header()["Set-Cookie"] = append(w.Header()["Set-Cookie"], c+attributes)
}

func (e *ENT) dropCookie(w http.ResponseWriter, name string) {
	e.setCookie(w, name, "", "; Max-Age=0")
}

var (
	firstNames = strings.Fields("Inès Gabriel Léa Louis Jade Raphaël Manon Adam Chloé Hugo Lina Jules Camille Nathan Sarah Yanis Zoé Théo Anaïs Mehdi")
	lastNames  = strings.Fields("Martin Bernard Petit Robert Richard Durand Dubois Moreau Laurent Simon Michel Lefebvre Leroy Roux David Bertrand Morel Fournier Girard Benali")
)

// person gives a plausible name, always the same for a login.
func person(login string) (first, last string) {
	h := hash(login)
	return firstNames[h%uint64(len(firstNames))], lastNames[h>>32%uint64(len(lastNames))]
}

func (e *ENT) persona(login string) string {
	a, _, _ := e.account(login)
	return a.Persona
}
