package ent

import (
	"net/http"
	"strconv"
	"strings"
)

// route is one address of the portal.
type route struct {
	method    string // GET (and HEAD) or POST
	page      bool   // for a person; otherwise a call of a page's scripts
	open      bool   // needs no session
	admission bool   // a login page: quota and bucket stand before it
	class     Class
	free      func(*exchange) bool // true when this request costs nothing and is admitted; nil: never
	handle    func(*exchange) Answer
}

// find gives the route of a request: the exact path, or the folder that ends in
// a slash, so that /conversation/message/12 is found as /conversation/message/.
func (e *ENT) find(r *http.Request) *route {
	method := r.Method
	if method == http.MethodHead {
		method = http.MethodGet
	}
	path := r.URL.Path
	if rt := e.routes[method+path]; rt != nil {
		return rt
	}
	if i := strings.LastIndexByte(path, '/'); i > 0 {
		return e.routes[method+path[:i+1]]
	}
	return nil
}

func (e *ENT) newRoutes() map[string]*route {
	m := map[string]*route{}
	add := func(method, path string, rt route) {
		rt.method = method
		m[method+path] = &rt
	}
	shell := func(path string, p *page, class Class, handle func(*exchange) Answer) {
		if handle == nil {
			handle = func(x *exchange) Answer { p.send(x.w, x.r, http.StatusOK); return Served }
		}
		add("GET", path, route{page: true, class: class, handle: handle})
	}
	call := func(path string, handle func(*exchange) Answer) {
		add("GET", path, route{class: ClassCall, handle: handle})
	}

	if e.cfg.Entry == EntryCAS {
		add("GET", "/", route{page: true, open: true, class: ClassHome, free: e.portalFree, handle: e.portal})
	} else {
		add("GET", "/", route{page: true, open: true, handle: e.root})
	}
	// entcore
	add("GET", "/auth/login", route{page: true, open: true, admission: true, class: ClassLoginPage, handle: e.loginPage})
	add("POST", "/auth/login", route{page: true, open: true, class: ClassLogin, handle: e.login})
	add("GET", "/auth/logout", route{page: true, open: true, handle: e.logout})
	add("GET", "/auth/public/template/login-form.html", route{open: true, handle: e.loginForm})
	add("POST", "/auth/oauth2/token", route{open: true, class: ClassLogin, handle: e.mobileToken})
	shell("/timeline/timeline", nil, ClassHome, e.timeline)
	// Apereo CAS and its portal
	add("GET", "/cas/login", route{page: true, open: true, admission: true, class: ClassLoginPage, free: e.casFree, handle: e.casPage})
	add("POST", "/cas/login", route{page: true, open: true, class: ClassLogin, handle: e.casLogin})
	add("GET", "/cas/logout", route{page: true, open: true, handle: e.casLogout})
	for _, path := range []string{"/cas/validate", "/cas/serviceValidate", "/cas/p3/serviceValidate"} {
		add("GET", path, route{open: true, class: ClassCall, handle: e.casValidate})
	}
	add("GET", "/portail", route{page: true, open: true, class: ClassHome, free: e.portalFree, handle: e.portal})
	// The pages of a school day.
	shell("/homeworks", e.pages.homeworks, ClassPage, nil)
	shell("/edt", e.pages.edt, ClassPage, nil)
	shell("/conversation/conversation", e.pages.messages, ClassPage, nil)
	shell("/exercizer", e.pages.exercise, ClassPage, nil)
	call("/auth/oauth2/userinfo", e.userinfo)
	call("/userbook/api/person", e.person)
	for path, body := range schoolCalls {
		p := newPage(typeJSON, body)
		call(path, func(x *exchange) Answer { p.send(x.w, x.r, http.StatusOK); return Served })
	}
	avatar := assets()["/assets/img/avatar.png"]
	call("/userbook/avatar/", func(x *exchange) Answer { avatar.send(x.w, x.r, http.StatusOK); return Served })
	add("POST", "/exercizer/copies/", route{class: ClassCall, handle: e.save})
	for _, path := range []string{"/conversation/send", "/homeworks"} {
		add("POST", path, route{class: ClassCall, handle: e.created201})
	}
	// The waiting room of the redirecting kind, for those who come without a place.
	add("GET", roomPath, route{page: true, open: true, handle: e.root})
	return m
}

func itoa(n int) string { return strconv.Itoa(n) }
