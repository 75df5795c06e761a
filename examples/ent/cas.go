package ent

import (
	"encoding/base64"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// formLife is how long a CAS login page may stay open before its password is
// posted.
const formLife = 30 * time.Minute

// ticket is what a service ticket is good for, once.
type ticket struct{ login, service string }

// casPage is GET /cas/login: the form, or at once a ticket for a browser that
// signed in before.
func (e *ENT) casPage(x *exchange) Answer {
	service := x.r.URL.Query().Get("service")
	if !e.serviceAllowed(x.r, service) {
		return e.casUnknownService(x)
	}
	if login, ok := e.granted(x.r); ok {
		e.toService(x, login, service)
		return Served
	}
	e.casForm(x, http.StatusOK, "")
	return Served
}

// casFree says that a browser with a ticket-granting cookie costs nothing and is
// asked for no quota.
func (e *ENT) casFree(x *exchange) bool { _, ok := e.granted(x.r); return ok }

func (e *ENT) granted(r *http.Request) (string, bool) {
	c, err := r.Cookie(grantCookie)
	if err != nil {
		return "", false
	}
	return e.granting.get(c.Value, true)
}

func (e *ENT) casForm(x *exchange, status int, message string) {
	if message != "" {
		message = `<p class="warning" id="msg">` + html.EscapeString(message) + `</p>`
	}
	sendString(x.w, x.r, status, typeHTML,
		e.pages.cas.fill("portal", e.cfg.Name, "html message", message, "execution", e.execution()))
}

// execution makes the form's one-time token. A real one holds the encrypted state
// of the login flow, and weighs as much.
func (e *ENT) execution() string {
	id := token() + "-" + strconv.FormatInt(time.Since(e.created).Milliseconds(), 36)
	return id + "." + e.sign(id) + "_" + flowState
}

var flowState = base64.StdEncoding.EncodeToString([]byte(strings.Repeat("webflow-state:viewLoginForm;", 32)))

// spend accepts a token made here, not too old and not used before.
func (e *ENT) spend(execution string) bool {
	head, _, _ := strings.Cut(execution, "_")
	id, signature, ok := strings.Cut(head, ".")
	if !ok || signature != e.sign(id) {
		return false
	}
	_, made, _ := strings.Cut(id, "-")
	ms, err := strconv.ParseInt(made, 36, 64)
	if err != nil || time.Since(e.created)-time.Duration(ms)*time.Millisecond > formLife {
		return false
	}
	return e.submitted.add(id, struct{}{})
}

// casLogin is the POST of a password. A wrong one gets the form again with HTTP
// 401, as Apereo CAS does.
func (e *ENT) casLogin(x *exchange) Answer {
	service := x.r.URL.Query().Get("service")
	if !e.serviceAllowed(x.r, service) {
		return e.casUnknownService(x)
	}
	if x.form.Get("_eventId") != "submit" || !e.spend(x.form.Get("execution")) {
		e.casForm(x, http.StatusOK, textCASStale)
		return StaleForm
	}
	login := x.form.Get("username")
	a := e.check(x, login, x.form.Get("password"))
	switch a {
	case Served:
		e.counters.loginsCAS.Add(1)
		grant := "TGT-" + token()
		e.granting.put(grant, login)
		e.setCookie(x.w, grantCookie, grant, "; HttpOnly")
		e.toService(x, login, service)
	case LockedOut:
		e.casForm(x, http.StatusLocked, textLocked)
	case ProfileBlocked:
		e.casForm(x, http.StatusOK, textBlocked)
	default:
		e.casForm(x, http.StatusUnauthorized, textCASBad)
	}
	return a
}

func (e *ENT) casUnknownService(x *exchange) Answer {
	sendString(x.w, x.r, http.StatusForbidden, typeHTML,
		fill("message.html", "title", "Application non autorisée à utiliser CAS", "text", "Le service demandé n'est pas déclaré."))
	return BadRequest
}

// serviceAllowed admits the ENT's own host and the declared services; no service
// at all is a login to CAS itself.
func (e *ENT) serviceAllowed(r *http.Request, service string) bool {
	if service == "" {
		return true
	}
	u, err := url.Parse(service)
	if err != nil || u.Host == "" {
		return false
	}
	if u.Host == r.Host && (u.Scheme == "http" || u.Scheme == "https") {
		return true
	}
	for _, s := range e.cfg.Services {
		if service == s || strings.HasPrefix(service, strings.TrimSuffix(s, "/")+"/") {
			return true
		}
	}
	return false
}

// toService sends the browser on with a ticket for the service.
func (e *ENT) toService(x *exchange, login, service string) {
	if service == "" {
		sendString(x.w, x.r, http.StatusOK, typeHTML, fill("message.html", "title", "Connexion réussie",
			"text", "Vous vous êtes authentifié auprès du service central d'authentification."))
		return
	}
	st := fmt.Sprintf("ST-%d-%s-cas", e.counters.tickets.Add(1), token())
	e.tickets.put(st, ticket{login, service})
	u, err := url.Parse(service)
	if err != nil {
		panic(err) // serviceAllowed parsed it
	}
	q := "ticket=" + st
	if u.RawQuery != "" {
		q = u.RawQuery + "&" + q
	}
	u.RawQuery, u.Fragment = q, ""
	redirect(x.w, u.String())
}

// validate takes a ticket: it serves once, for its own service, for a short time.
// The second result is the code of CAS when it is refused.
func (e *ENT) validate(st, service string) (login, code string) {
	if st == "" || service == "" {
		return "", "INVALID_REQUEST"
	}
	t, ok := e.tickets.take(st)
	switch {
	case !ok:
		return "", "INVALID_TICKET"
	case t.service != service:
		return "", "INVALID_SERVICE"
	}
	e.counters.validations.Add(1)
	return t.login, ""
}

// casValidate is what the application's server asks. A refusal is HTTP 200 too.
func (e *ENT) casValidate(x *exchange) Answer {
	q := x.r.URL.Query()
	login, code := e.validate(q.Get("ticket"), q.Get("service"))
	if x.r.URL.Path == "/cas/validate" { // version 1 of the protocol: two lines of text
		text := "no\n\n"
		if code == "" {
			text = "yes\n" + login + "\n"
		}
		sendString(x.w, x.r, http.StatusOK, []string{"text/plain; charset=UTF-8"}, text)
	} else if code != "" {
		sendString(x.w, x.r, http.StatusOK, typeXML, `<cas:serviceResponse xmlns:cas="http://www.yale.edu/tp/cas">
    <cas:authenticationFailure code="`+code+`">Le ticket n'est pas reconnu</cas:authenticationFailure>
</cas:serviceResponse>
`)
	} else {
		sendString(x.w, x.r, http.StatusOK, typeXML, e.casSuccess(x.r.URL.Path, login))
	}
	if code != "" {
		return TicketRefused
	}
	return Served
}

func (e *ENT) casSuccess(path, login string) string {
	attributes := ""
	if strings.Contains(path, "/p3/") {
		first, last := person(login)
		attributes = "\n        <cas:attributes><cas:sn>" + last + "</cas:sn><cas:givenName>" + first +
			"</cas:givenName><cas:profile>" + html.EscapeString(e.persona(login)) + "</cas:profile></cas:attributes>"
	}
	return `<cas:serviceResponse xmlns:cas="http://www.yale.edu/tp/cas">
    <cas:authenticationSuccess>
        <cas:user>` + html.EscapeString(login) + `</cas:user>` + attributes + `
    </cas:authenticationSuccess>
</cas:serviceResponse>
`
}

func (e *ENT) casLogout(x *exchange) Answer {
	if c, err := x.r.Cookie(grantCookie); err == nil {
		e.granting.take(c.Value)
	}
	if c, err := x.r.Cookie(portalCookie); err == nil {
		e.sessions.take(c.Value)
	}
	for _, name := range []string{grantCookie, portalCookie, xsrfCookie} {
		e.dropCookie(x.w, name)
	}
	sendString(x.w, x.r, http.StatusOK, typeHTML,
		fill("message.html", "title", "Déconnexion réussie", "text", "Vous vous êtes déconnecté du service central d'authentification."))
	return Served
}

// portal is the application behind CAS: it sends strangers there, validates the
// ticket they bring back, and names its user.
func (e *ENT) portal(x *exchange) Answer {
	service := e.origin(x.r) + x.r.URL.Path
	if s := e.portalSession(x.r); s != nil {
		if e.draw(drawBlank, x.m.Blank.Empty) {
			return e.blank(x)
		}
		first, last := person(s.shown)
		sendString(x.w, x.r, http.StatusOK, typeHTML, e.pages.portail.fill("portal", e.cfg.Name,
			"login", s.shown, "name", first+" "+last, "persona", e.persona(s.shown)))
		return Served
	}
	if st := x.r.URL.Query().Get("ticket"); st != "" {
		if login, code := e.validate(st, service); code == "" {
			id, s := e.open(login, x.m)
			e.setCookie(x.w, portalCookie, id, "; HttpOnly")
			e.setCookie(x.w, sessionCookie, id, "; HttpOnly") // the other pages know the user too
			e.setCookie(x.w, xsrfCookie, s.xsrf, "")
			redirect(x.w, x.r.URL.Path)
			return Served
		}
	}
	redirect(x.w, "/cas/login?service="+url.QueryEscape(service))
	return Served
}

// portalFree says that only the page itself costs, not the redirects before it.
func (e *ENT) portalFree(x *exchange) bool { return e.portalSession(x.r) == nil }

func (e *ENT) portalSession(r *http.Request) *session {
	c, err := r.Cookie(portalCookie)
	if err != nil {
		return nil
	}
	s, ok := e.sessions.get(c.Value, true)
	if !ok {
		return nil
	}
	return s
}
