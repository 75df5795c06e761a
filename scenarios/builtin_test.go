package scenarios

import (
	"html"
	"net/http"
	"strings"
	"testing"

	xhtml "golang.org/x/net/html"
)

// page is a served page, judged here by the rules the documentation gives: the
// source with entities decoded, spaces collapsed and ’ as '.
type page struct {
	status int
	header http.Header
	body   string
}

func (m *Matcher) matchesPage(p page) bool {
	text := strings.Join(strings.Fields(strings.ReplaceAll(html.UnescapeString(p.body), "’", "'")), " ")
	for _, t := range m.Text {
		if !t.Regex.MatchString(text) {
			return false
		}
	}
	for _, c := range m.CSS {
		doc, err := xhtml.Parse(strings.NewReader(p.body))
		found := false
		var walk func(*xhtml.Node)
		walk = func(n *xhtml.Node) {
			found = found || n.Type == xhtml.ElementNode && c.Sel.Match(n)
			for k := n.FirstChild; k != nil; k = k.NextSibling {
				walk(k)
			}
		}
		if err == nil {
			walk(doc)
		}
		if !found {
			return false
		}
	}
	if len(m.Status) > 0 {
		ok := false
		for _, s := range m.Status {
			ok = ok || s == p.status
		}
		if !ok {
			return false
		}
	}
	for _, h := range m.Header {
		if !h.Want.Regex.MatchString(p.header.Get(h.Name)) {
			return false
		}
	}
	return m.Smaller == 0 || len(p.body) < m.Smaller
}

func classOf(p page) Class {
	for _, s := range BuiltIn() {
		if s.Match.matchesPage(p) {
			return s.Class
		}
	}
	return ""
}

var htmlType = http.Header{"Content-Type": {"text/html; charset=utf-8"}}

func TestBuiltInSignatures(t *testing.T) {
	wrap := func(s string) string {
		return "<!DOCTYPE html><html><head><title>ENT</title></head><body><p>" + s + "</p></body></html>"
	}
	for _, c := range []struct {
		name string
		want Class
		page page
	}{
		{"entcore quota, 2021", ClassQuota, page{200, htmlType, wrap("nous avons limité le temps des sessions et instauré une logique\n   de quota. Quand le nombre d’utilisateurs maximum est atteint, il vous faut patienter pour y accéder à votre tour… Revenez et essayez à nouveau d'ici quelques minutes.")}},
		{"entcore quota, entities", ClassQuota, page{200, htmlType, wrap("instaur&eacute; une logique de&nbsp;quota")}},
		{"entcore quota, later", ClassQuota, page{200, htmlType, wrap("Vous êtes très nombreux aujourd’hui. … Merci d’attendre <b>3 minutes</b> avant d'essayer à nouveau")}},
		{"entcore quota, English", ClassQuota, page{200, htmlType, wrap("we implemented a quota system")}},
		{"entcore quota image", ClassQuota, page{200, htmlType, wrap(`<img src="/assets/img/tooload.png">`)}},
		{"Kosmos Occitanie", ClassQuota, page{200, htmlType, wrap("Accès momentanément indisponible")}},
		{"Kosmos Grand Est", ClassQuota, page{503, htmlType, wrap("en raison d'un très grand nombre de connexions, l’accès à l’ENT est temporairement restreint")}},
		{"entcore mobile 509", ClassQuota, page{509, nil, `{"error":"quota_overflow"}`}},
		{"a French quota page", ClassQuota, page{200, htmlType, wrap("<h1>Trop de monde</h1><p>Patientez quelques minutes.</p>")}},
		{"another, with 503", ClassQuota, page{503, htmlType, wrap("Vous êtes trop nombreux en ce moment, revenez plus tard")}},
		{"an English quota page", ClassQuota, page{503, htmlType, wrap("Too many visitors right now. Please try again later.")}},
		{"profile blocked", ClassProfileBlocked, page{200, htmlType, wrap("L'accès à votre réseau éducatif est temporairement bloqué pour votre profil d'utilisateur.")}},
		{"waiting room", ClassWaitingRoom, page{200, htmlType, wrap("Vous êtes dans la file d’attente")}},
		{"entcore wrong password in ng-init", ClassBadCredentials, page{200, htmlType, `<html><body ng-init="error='L&#39;identifiant ou le mot de passe est incorrect.'"></body></html>`}},
		{"CAS 401", ClassBadCredentials, page{401, htmlType, wrap(`<form><input type="hidden" name="execution" value="e1"></form>`)}},
		{"Keycloak", ClassBadCredentials, page{200, htmlType, wrap(`<form id="kc-form-login" action="/x"><span id="input-error">Invalid username or password.</span></form>`)}},
		{"Moodle", ClassBadCredentials, page{200, htmlType, wrap(`<a id="loginerrormessage">Invalid login</a>`)}},
		{"LLNG PE5", ClassBadCredentials, page{200, htmlType, wrap(`<span trmsg="5"></span>`)}},
		{"entcore locked", ClassLocked, page{200, htmlType, wrap("Votre compte est bloqué : trop grand nombre de tentatives")}},
		{"LLNG PE86", ClassLocked, page{200, htmlType, wrap(`<span trmsg="86"></span>`)}},
		{"429", ClassThrottled, page{429, nil, ""}},
		{"423", ClassThrottled, page{423, htmlType, wrap("Locked")}},
		{"Cloudflare", ClassChallenge, page{503, htmlType, wrap(`<form id="challenge-form"></form>`)}},
		{"Cloudflare, while it looks", ClassChallenge, page{200, htmlType, "<html><head><title>Just a moment...</title></head><body><script>run()</script></body></html>"}},
		{"Cloudflare 1015", ClassChallenge, page{403, htmlType, wrap("Error 1015 … You are being rate limited")}},
		{"AWS WAF", ClassChallenge, page{202, http.Header{"X-Amzn-Waf-Action": {"challenge"}}, ""}},
		{"a French challenge", ClassChallenge, page{200, htmlType, wrap("Un instant… Vérification que vous êtes humain")}},
		{"another", ClassChallenge, page{503, htmlType, wrap("Veuillez vérifier ci-dessous que vous n’êtes pas un robot.")}},
		{"an English challenge", ClassChallenge, page{200, htmlType, wrap("Verifying you are human. This may take a few seconds.")}},
		{"F5", ClassChallenge, page{200, htmlType, "<html><head><title>Request Rejected</title></head><body>The requested URL was rejected. Please consult with your administrator.<br><br>Your support ID is: 1</body></html>"}},
		{"outage", ClassOutage, page{200, htmlType, wrap("Le service est momentanément indisponible, notre équipe fait le maximum")}},
		{"Somme", ClassError, page{200, htmlType, wrap("l'application a rencontré une erreur, si ça se reproduit veuillez contacter le support")}},
		{"Toutatice", ClassFederation, page{200, nil, "<erreurTechnique>…</erreurTechnique>"}},
		{"CAS validation", ClassFederation, page{200, nil, `<cas:serviceResponse xmlns:cas="http://www.yale.edu/tp/cas"><cas:authenticationFailure code="INVALID_TICKET">x</cas:authenticationFailure></cas:serviceResponse>`}},
		{"LLNG PE82", ClassStaleForm, page{200, htmlType, wrap(`<span trmsg="82"></span>`)}},
		{"Moodle token", ClassStaleForm, page{200, htmlType, wrap("Invalid login token")}},
		{"LLNG PE6", ClassBackendDown, page{200, htmlType, wrap(`<span trmsg="6"></span>`)}},
		{"502", ClassBackendDown, page{502, htmlType, wrap("Bad Gateway")}},
		{"504", ClassBackendDown, page{504, nil, ""}},
		{"BBB denied", ClassError, page{200, nil, `{"response":{"returncode":"SUCCESS","guestStatus":"DENY"}}`}},
		{"BBB failed", ClassError, page{200, nil, `<response><returncode>FAILED</returncode></response>`}},
		{"empty HTML", ClassBlank, page{200, htmlType, ""}},
	} {
		if got := classOf(c.page); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestNormalPagesMatchNoSignature(t *testing.T) {
	for name, p := range map[string]page{
		"French portal": {200, htmlType, `<html lang="fr"><head><title>Accueil - Mon ENT</title></head><body><nav>Messagerie Cahier de textes</nav><h1>Bonjour Léa</h1>
			<p>Trop de monde à la cantine ? Elle est momentanément indisponible. Vous êtes très nombreux à avoir répondu au sondage, merci.</p><p>Espace documentaire : quota 80 % utilisé (2 Go). Erreur de saisie ? Contactez le support.</p>
			<p>Inscription au voyage : vous êtes en file d'attente pour le car.</p></body></html>`},
		"English portal": {200, htmlType, `<html lang="en"><head><title>Home</title></head><body><h1>Welcome</h1><p>Your storage quota is almost used. Too many files? Attempts left for the quiz: 3. Queue for the lab opens at 9. Verify your answers. The robot club meets in just a moment.</p></body></html>`},
		"CAS form":       {200, htmlType, `<form id="fm1" method="post"><input name="username"><input name="password" type="password"><input type="hidden" name="execution" value="e1s1"></form>`},
		"Keycloak form":  {200, htmlType, `<form id="kc-form-login" action="/x" method="post"><input name="username"></form>`},
		"140 bytes":      {200, htmlType, `<!DOCTYPE html><html><head><title>OK</title></head><body><div id="app"></div><script src="/app.js"></script></body></html>            `},
		"JSON of 2":      {200, http.Header{"Content-Type": {"application/json"}}, `{}`},
		"empty JSON":     {200, http.Header{"Content-Type": {"application/json"}}, ``},
		"204":            {204, nil, ``},
		"good lobby":     {200, nil, `{"response":{"returncode":"SUCCESS","guestStatus":"WAIT"}}`},
		"good ticket":    {200, nil, `<cas:serviceResponse><cas:authenticationSuccess><cas:user>a</cas:user></cas:authenticationSuccess></cas:serviceResponse>`},
		"LLNG form":      {200, htmlType, `<form id="lform"><span trspan="enterCred"></span><input name="user"></form>`},
	} {
		if got := classOf(p); got != "" {
			t.Errorf("%s: taken for %s", name, got)
		}
	}
}

func TestEveryClassHasAKnownPlace(t *testing.T) {
	rank := map[Class]int{}
	for i, c := range classes {
		rank[c.class] = i
	}
	last := 0
	for _, s := range BuiltIn() {
		r, ok := rank[s.Class]
		if !ok || r < last {
			t.Errorf("%s is out of order or unknown", s.Class)
		}
		last = r
	}
}
