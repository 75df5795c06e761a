package ent

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"html"
	"io"
	"net/http"
	"strconv"
	"strings"
)

//go:embed pages
var files embed.FS

// page is an answer rendered once: sending it costs a few headers and a copy.
type page struct {
	body, gz         []byte
	kind             []string // Content-Type
	length, gzLength []string
	etag             []string // nil for what must not be cached
}

var (
	typeHTML = []string{"text/html; charset=UTF-8"}
	typeJSON = []string{"application/json"}
	typeXML  = []string{"application/xml; charset=UTF-8"}
	typeText = []string{"text/plain; charset=UTF-8"}
	noStore  = []string{"no-store"}
	gzipped  = []string{"gzip"}
	varies   = []string{"Accept-Encoding"}
	closes   = []string{"close"}
	hour     = []string{"public, max-age=3600"}
)

func newPage(kind []string, body string) *page {
	p := &page{body: []byte(body), kind: kind, length: []string{strconv.Itoa(len(body))}}
	if len(body) > 1000 && !strings.HasPrefix(kind[0], "image/") && !strings.HasPrefix(kind[0], "font/") {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		z.Write(p.body) // a bytes.Buffer does not fail
		z.Close()
		p.gz, p.gzLength = b.Bytes(), []string{strconv.Itoa(b.Len())}
	}
	return p
}

// cached makes the page one that browsers keep for an hour.
func (p *page) cached() *page {
	sum := sha256.Sum256(p.body)
	p.etag = []string{`"` + hex.EncodeToString(sum[:8]) + `"`}
	return p
}

// send writes the page with a status, compressed when the client can.
func (p *page) send(w http.ResponseWriter, r *http.Request, status int) {
	h := w.Header()
	h["Content-Type"] = p.kind
	if p.etag == nil {
		h["Cache-Control"] = noStore
	} else {
		h["Cache-Control"], h["Etag"] = hour, p.etag
		if r.Header.Get("If-None-Match") == p.etag[0] {
			w.WriteHeader(http.StatusNotModified)
			return
		}
	}
	body, length := p.body, p.length
	if p.gz != nil {
		h["Vary"] = varies
		if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
			h["Content-Encoding"] = gzipped
			body, length = p.gz, p.gzLength
		}
	}
	h["Content-Length"] = length
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		w.Write(body)
	}
}

// sendString writes an answer made for one request.
func sendString(w http.ResponseWriter, r *http.Request, status int, kind []string, body string) {
	h := w.Header()
	h["Content-Type"], h["Cache-Control"] = kind, noStore
	h["Content-Length"] = []string{strconv.Itoa(len(body))}
	w.WriteHeader(status)
	if r == nil || r.Method != http.MethodHead {
		io.WriteString(w, body)
	}
}

func redirect(w http.ResponseWriter, to string) {
	h := w.Header()
	h["Location"], h["Cache-Control"], h["Content-Length"] = []string{to}, noStore, []string{"0"}
	w.WriteHeader(http.StatusFound)
}

// draft is an embedded file cut at its [[name]] markers.
type draft struct{ texts, names []string } // text, name, text, …, text

func newDraft(file string) draft {
	b, err := files.ReadFile("pages/" + file)
	if err != nil {
		panic(err) // the file is part of the binary
	}
	var d draft
	rest := string(b)
	for {
		text, after, ok := strings.Cut(rest, "[[")
		d.texts = append(d.texts, text)
		if !ok {
			return d
		}
		name, next, _ := strings.Cut(after, "]]")
		d.names, rest = append(d.names, name), next
	}
}

// fill puts values in place of the markers, HTML-escaped, or as they are for a
// name given as "html name".
func (d draft) fill(values ...string) string {
	var b strings.Builder
	b.WriteString(d.texts[0])
	for i, name := range d.names {
		for k := 0; k+1 < len(values); k += 2 {
			if values[k] == name {
				b.WriteString(html.EscapeString(values[k+1]))
			} else if given, raw := strings.CutPrefix(values[k], "html "); raw && given == name {
				b.WriteString(values[k+1])
			}
		}
		b.WriteString(d.texts[i+1])
	}
	return b.String()
}

// fill fills a draft used once.
func fill(file string, values ...string) string { return newDraft(file).fill(values...) }

// quotaText is the body of the quota page, by wording. The second and third
// language of entcore's page kept the word quota when the first lost it.
var quotaText = map[Wording]string{
	Wording20210406: `<section lang="fr"><p>Vous êtes très nombreux à utiliser votre espace numérique de travail.</p>
<p>Pour permettre à chacun d'en profiter dans de bonnes conditions, nous avons limité le temps des sessions et instauré une logique de quota. Quand le nombre d'utilisateurs maximum est atteint, il vous faut patienter pour y accéder à votre tour.</p>
<p>Merci de votre compréhension. Revenez et essayez à nouveau d'ici quelques minutes.</p></section>` + quotaElsewhere,
	Wording20210419: `<section lang="fr"><p>Vous êtes très nombreux aujourd'hui.</p>
<p>L'accès à votre espace reprendra dès que possible. Merci d'attendre 3 minutes avant d'essayer à nouveau.</p></section>` + quotaElsewhere,
	WordingOccitanie: `<section lang="fr"><h1>Accès momentanément indisponible</h1><p>Le nombre de personnes connectées est trop important. Merci de revenir un peu plus tard.</p></section>`,
	WordingGrandEst:  `<section lang="fr"><p>En raison d'un très grand nombre de connexions, l'accès à l'ENT est temporairement restreint.</p></section>`,
}

const quotaElsewhere = `
<section lang="es"><p>Hemos limitado el tiempo de las sesiones e implementado un sistema de cuotas. Vuelva a intentarlo dentro de unos minutos.</p></section>
<section lang="en"><p>We have limited the session time and implemented a quota system. When the maximum number of users is reached, please wait for your turn and try again in a few minutes.</p></section>`

// What the login pages say of a password.
const (
	textBadPassword = "L'identifiant ou le mot de passe est incorrect."
	textLocked      = "Suite à un trop grand nombre de tentatives, votre compte est bloqué. Essayez à nouveau dans 15 minutes."
	textBlocked     = "L'accès à votre réseau éducatif est temporairement bloqué pour votre profil d'utilisateur."
	textCASBad      = "L'identifiant ou le mot de passe que vous avez fourni est incorrect."
	textCASStale    = "Votre page de connexion a expiré. Veuillez saisir à nouveau votre mot de passe."
)

// pageSet holds what is rendered once per ENT.
type pageSet struct {
	login, badPassword, locked, blocked, form, timeline, homeworks, edt, messages, exercise *page
	unavailable, timeout, throttled, notFound, blank                                        *page
	quota                                                                                   map[Wording]*page

	cas, portail, room draft // filled for each request
}

func newPageSet(portal string) *pageSet {
	login := func(err string) *page {
		// The text stands in a script's string inside an attribute.
		return newPage(typeHTML, fill("login.html", "portal", portal, "error", strings.ReplaceAll(err, "'", "’")))
	}
	shell := func(class, source string) *page {
		return newPage(typeHTML, fill("timeline.html", "portal", portal, "class", class, "source", source))
	}
	message := func(title, text string) *page {
		return newPage(typeHTML, fill("message.html", "title", title, "text", text))
	}
	ps := &pageSet{
		login: login(""), badPassword: login(textBadPassword), locked: login(textLocked), blocked: login(textBlocked),
		form:        newPage(typeHTML, fill("login-form.html")).cached(),
		timeline:    shell("timeline", "/timeline/lastNotifications?page=0"),
		homeworks:   shell("homeworks", "/homeworks/list"),
		edt:         shell("edt", "/edt/courses"),
		messages:    shell("conversation", "/conversation/list/INBOX?page=0"),
		exercise:    shell("exercizer", "/exercizer/subjects"),
		unavailable: message("503 Service Unavailable", "Le service est momentanément indisponible."),
		timeout:     message("504 Gateway Time-out", "Le serveur n'a pas répondu à temps."),
		throttled:   message("429 Too Many Requests", "Trop de requêtes depuis votre adresse."),
		notFound:    message("404 Not Found", "La page demandée n'existe pas."),
		quota:       map[Wording]*page{},
		blank:       newPage(typeHTML, ""),
		cas:         newDraft("cas.html"),
		portail:     newDraft("portail.html"),
		room:        newDraft("room.html"),
	}
	for w, text := range quotaText {
		ps.quota[w] = newPage(typeHTML, fill("tooload.html", "portal", portal, "html text", text))
	}
	return ps
}
