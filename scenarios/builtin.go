package scenarios

import "regexp"

// builtInRule is one known page. Each is specific enough that a normal portal
// page cannot match: whole sentences, error numbers in their own attribute, or
// a status together with a mark of the product.
type builtInRule struct {
	class  Class
	from   string // the product or event it was seen in
	text   string // RE2 on the page's source, any case; "" for none
	css    string
	status []int
	header string // a header that must be there…
	holds  string // …and what it holds, any case
	empty  bool   // no byte of body
}

// builtInRules are in the order of classes. What cannot be told from a page
// alone is left to whoever walks the journey: a login loop, a federation that
// brings no ticket, a good shell whose calls failed, a lobby polled in vain, a
// loss after class, the network.
var builtInRules = []builtInRule{
	{class: ClassQuota, from: "entcore, 6 April 2021", text: `instauré une logique de quota`},
	{class: ClassQuota, from: "entcore, since 19 April 2021", text: `vous êtes très nombreux aujourd'hui.*merci d'attendre`},
	{class: ClassQuota, from: "entcore, English", text: `implemented a quota system`},
	{class: ClassQuota, from: "entcore, the page's image", css: `img[src*="tooload"]`},
	{class: ClassQuota, from: "Kosmos, Occitanie", text: `accès momentanément indisponible`},
	{class: ClassQuota, from: "Kosmos, Grand Est", text: `l'accès à l'ent est temporairement restreint`},
	{class: ClassQuota, from: "entcore mobile", text: `"error" ?: ?"quota_overflow"`},
	{class: ClassQuota, from: "French quota pages", text: `trop (?:de (?:monde|connexions|visiteurs|personnes|utilisateurs)|nombreux)\b.{0,120}(?:patien|réessay|revenez|merci d'attendre)`},
	{class: ClassQuota, from: "English quota pages", text: `too many (?:people|visitors|users)\b.{0,120}(?:try again|come back|please wait)`},
	{class: ClassProfileBlocked, from: "entcore", text: `est temporairement bloqué pour votre profil`},
	{class: ClassWaitingRoom, from: "French waiting rooms", text: `vous êtes (?:maintenant )?(?:dans|placée? dans) (?:la|une|notre) (?:file d'attente|salle d'attente)`},
	{class: ClassWaitingRoom, from: "English waiting rooms", text: `you are (?:now|currently) in (?:line|the queue|a queue|the waiting room)`},
	{class: ClassBadCredentials, from: "entcore", text: `l'identifiant ou le mot de passe est incorrect`},
	{class: ClassBadCredentials, from: "Apereo CAS", css: `form input[name="execution"], form input[name="lt"]`, status: []int{401}},
	{class: ClassBadCredentials, from: "Keycloak", css: `form#kc-form-login[action] #input-error, form#kc-form-login .kc-feedback-text`},
	{class: ClassBadCredentials, from: "Moodle", css: `#loginerrormessage`},
	{class: ClassBadCredentials, from: "LemonLDAP::NG PE5", css: `[trmsg="5"], [trspan="PE5"]`},
	{class: ClassLocked, from: "entcore", text: `trop grand nombre de tentatives`},
	{class: ClassLocked, from: "LemonLDAP::NG PE86", css: `[trmsg="86"], [trspan="PE86"]`},
	{class: ClassThrottled, from: "RFC 6585, RFC 4918", status: []int{429, 423}},
	{class: ClassChallenge, from: "Cloudflare", header: "Cf-Mitigated", holds: `challenge`},
	{class: ClassChallenge, from: "Cloudflare", css: `#challenge-form, #challenge-error-title, #cf-challenge-running`, status: []int{403, 503}},
	{class: ClassChallenge, from: "Cloudflare", text: `<title>\s*just a moment(?:\.\.\.|…)?\s*</title>`},
	{class: ClassChallenge, from: "Cloudflare, error 1015", text: `you are being rate limited`},
	{class: ClassChallenge, from: "AWS WAF", header: "X-Amzn-Waf-Action", holds: `challenge|captcha`},
	{class: ClassChallenge, from: "French challenge pages", text: `vérifi(?:ons|ez|er|cation)[^<.]{0,30} que vous (?:êtes (?:bien )?(?:un )?humain|n'êtes pas un (?:robot|automate))`},
	{class: ClassChallenge, from: "English challenge pages", text: `(?:verify|verifying|checking|confirm|prove)(?: that)? (?:if )?you are (?:a |an )?(?:human|not a (?:ro)?bot)`},
	{class: ClassChallenge, from: "Imperva", text: `request unsuccessful\. incapsula incident id`},
	{class: ClassChallenge, from: "F5 BIG-IP", text: `the requested url was rejected\. please consult with your administrator`},
	{class: ClassOutage, from: "entcore", text: `momentanément indisponible, notre équipe fait le maximum`},
	{class: ClassFederation, from: "Toutatice", text: `<(?:\w+:)?erreur(?:technique|fonctionnelle)\b`},
	{class: ClassFederation, from: "CAS ticket validation", text: `<cas:authenticationfailure`},
	{class: ClassStaleForm, from: "LemonLDAP::NG PE81, PE82", css: `[trmsg="81"], [trspan="PE81"], [trmsg="82"], [trspan="PE82"]`},
	{class: ClassStaleForm, from: "Moodle", text: `(?:invalid login token|jeton de connexion (?:non valide|invalide))`},
	{class: ClassBackendDown, from: "LemonLDAP::NG PE6, PE8", css: `[trmsg="6"], [trspan="PE6"], [trmsg="8"], [trspan="PE8"]`},
	{class: ClassBackendDown, from: "gateways", status: []int{502, 503, 504}},
	{class: ClassError, from: "Somme, 2021", text: `l'application a rencontré une erreur, si ça se reproduit veuillez contacter le support`},
	{class: ClassError, from: "BigBlueButton lobby", text: `"guestStatus" ?: ?"DENY"|<returncode>FAILED</returncode>|"returncode" ?: ?"FAILED"`},
	{class: ClassBlank, from: "an HTML page of no byte", header: "Content-Type", holds: `html`, status: []int{200}, empty: true},
}

// BuiltIn is the signatures of pages known from public sources, in the order
// of the classes.
func BuiltIn() []Signature {
	out := make([]Signature, len(builtInRules))
	for i, r := range builtInRules {
		out[i] = Signature{Class: r.class, Match: r.matcher(), BuiltIn: true}
	}
	return out
}

func (r builtInRule) matcher() Matcher {
	m := Matcher{Status: r.status}
	if r.text != "" {
		m.Text = []Pattern{{Regex: regexp.MustCompile(`(?is)` + r.text)}}
	}
	if r.css != "" {
		g, err := compileCSS(r.css)
		if err != nil {
			panic("built-in signature: " + err.Error())
		}
		m.CSS = []CSS{{Source: r.css, Sel: g}}
	}
	if r.header != "" {
		m.Header = []HeaderCheck{{Name: r.header, Want: &Pattern{Regex: regexp.MustCompile(`(?i)` + r.holds)}}}
	}
	if r.empty {
		m.Smaller = 1
	}
	return m
}
