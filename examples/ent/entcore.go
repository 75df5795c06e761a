package ent

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// root is GET /: to the login without a session, else to the home page.
func (e *ENT) root(x *exchange) Answer {
	if x.session == nil {
		redirect(x.w, "/auth/login?callback="+url.QueryEscape(e.origin(x.r)+"/"))
	} else {
		redirect(x.w, "/timeline/timeline")
	}
	return Served
}

// origin gives the address under which the client knows the ENT.
func (e *ENT) origin(r *http.Request) string {
	if r.TLS != nil {
		return "https://" + r.Host
	}
	return "http://" + r.Host
}

func (e *ENT) loginPage(x *exchange) Answer {
	e.pages.login.send(x.w, x.r, http.StatusOK)
	return Served
}

func (e *ENT) loginForm(x *exchange) Answer {
	e.pages.form.send(x.w, x.r, http.StatusOK)
	return ServedStatic
}

// login is the POST of a password. It asks for no token and no quota, as in
// entcore; what is refused gets the login page again, with HTTP 200.
func (e *ENT) login(x *exchange) Answer {
	login := x.form.Get("email")
	a := e.check(x, login, x.form.Get("password"))
	switch a {
	case Served:
		id, s := e.open(login, x.m)
		e.counters.loginsWeb.Add(1)
		e.setCookie(x.w, sessionCookie, id, "; HttpOnly")
		e.setCookie(x.w, markerCookie, "true", "")
		e.setCookie(x.w, xsrfCookie, s.xsrf, "")
		redirect(x.w, e.back(x.r, x.form.Get("callBack")))
	case LockedOut:
		e.pages.locked.send(x.w, x.r, http.StatusOK)
	case ProfileBlocked:
		e.pages.blocked.send(x.w, x.r, http.StatusOK)
	default:
		e.pages.badPassword.send(x.w, x.r, http.StatusOK)
	}
	return a
}

// back makes an address of this site out of what the client asked to return to.
func (e *ENT) back(r *http.Request, to string) string {
	to = strings.TrimPrefix(to, e.origin(r))
	if !strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") || strings.HasPrefix(to, `/\`) {
		return "/"
	}
	return to
}

func (e *ENT) logout(x *exchange) Answer {
	if c, err := x.r.Cookie(sessionCookie); err == nil {
		e.sessions.take(c.Value)
	}
	for _, name := range []string{sessionCookie, markerCookie, xsrfCookie} {
		e.dropCookie(x.w, name)
	}
	redirect(x.w, e.back(x.r, x.r.URL.Query().Get("callback")))
	return Served
}

// mobileToken is the login of the mobile application.
func (e *ENT) mobileToken(x *exchange) Answer {
	fail := func(status int, code string, a Answer) Answer {
		sendString(x.w, x.r, status, typeJSON, `{"error":"`+code+`"}`)
		return a
	}
	if q := x.m.Quota.Sessions; q > 0 && e.sessions.len() > q {
		return fail(509, "quota_overflow", QuotaPage)
	}
	if x.form.Get("grant_type") != "password" {
		return fail(http.StatusBadRequest, "unsupported_grant_type", BadRequest)
	}
	login := x.form.Get("username")
	if a := e.check(x, login, x.form.Get("password")); a != Served {
		return fail(http.StatusBadRequest, "invalid_grant", a)
	}
	id, _ := e.open(login, x.m)
	e.counters.loginsMobile.Add(1)
	sendString(x.w, x.r, http.StatusOK, typeJSON, fmt.Sprintf(
		`{"token_type":"Bearer","access_token":%q,"expires_in":%d}`, id, int(e.cfg.SessionIdle.Seconds())))
	return Served
}

// timeline is the home page: a shell that names nobody.
func (e *ENT) timeline(x *exchange) Answer {
	if e.draw(drawBlank, x.m.Blank.Empty) {
		return e.blank(x)
	}
	e.pages.timeline.send(x.w, x.r, http.StatusOK)
	return Served
}

// userinfo is the proof that a login worked: the only answer that names the user.
func (e *ENT) userinfo(x *exchange) Answer {
	first, last := person(x.session.shown)
	return e.json(x, userInfo{
		Login: x.session.shown, UserID: userID(x.session.shown), FirstName: first, LastName: last, Username: last + " " + first,
		Type: e.persona(x.session.shown), ClassNames: []string{"3e B"}, StructureNames: []string{"Collège Jean-Moulin"},
		Apps: []string{"homeworks", "conversation", "exercizer", "edt", "workspace"}, HasApp: true,
	})
}

type userInfo struct {
	Login          string   `json:"login"`
	UserID         string   `json:"userId"`
	FirstName      string   `json:"firstName"`
	LastName       string   `json:"lastName"`
	Username       string   `json:"username"`
	Type           string   `json:"type"`
	ClassNames     []string `json:"classNames"`
	StructureNames []string `json:"structureNames"`
	Apps           []string `json:"apps"`
	HasApp         bool     `json:"hasApp"`
	DeletePending  bool     `json:"deletePending"`
}

type personInfo struct {
	ID          string   `json:"id"`
	Login       string   `json:"login"`
	DisplayName string   `json:"displayName"`
	Schools     []string `json:"schools"`
	Mood        string   `json:"mood"`
}

func (e *ENT) person(x *exchange) Answer {
	first, last := person(x.session.shown)
	return e.json(x, struct {
		Status string       `json:"status"`
		Result []personInfo `json:"result"`
	}{"ok", []personInfo{{
		ID: userID(x.session.shown), Login: x.session.shown, DisplayName: first + " " + last,
		Schools: []string{"Collège Jean-Moulin"}, Mood: "default",
	}}})
}

func (e *ENT) json(x *exchange, v any) Answer {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // only plain values are given
	}
	sendString(x.w, x.r, http.StatusOK, typeJSON, string(b))
	return Served
}

func userID(login string) string { return fmt.Sprintf("%016x", hash(login)) }
