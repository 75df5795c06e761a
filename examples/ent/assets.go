package ent

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"math/rand/v2"
	"strings"
	"sync"
)

// assets gives the static files by path. They weigh what such files weigh and
// compress as they do; what they hold beyond a few useful lines is filler. They
// are the same for every ENT and never change.
var assets = sync.OnceValue(func() map[string]*page {
	rnd := rand.New(rand.NewPCG(2021, 4))
	css, js, img := []string{"text/css; charset=UTF-8"}, []string{"application/javascript; charset=UTF-8"}, []string{"image/png"}
	m := map[string]*page{
		"/assets/themes/ode/css/theme.css":        newPage(css, fill("theme.css")+filler(rnd, 52_000, cssLine)),
		"/assets/themes/ode/css/icons.css":        newPage(css, filler(rnd, 18_000, cssLine)),
		"/assets/js/vendor.js":                    newPage(js, filler(rnd, 160_000, jsLine)),
		"/assets/js/entcore/ng-app.js":            newPage(js, filler(rnd, 210_000, jsLine)),
		"/auth/public/js/login.js":                newPage(js, fill("login.js")),
		"/timeline/public/js/application.js":      newPage(js, fill("application.js")),
		"/assets/themes/ode/img/logo.png":         newPage(img, picture(rnd, 128, 64)),
		"/assets/themes/ode/img/favicon.png":      newPage(img, picture(rnd, 16, 16)),
		"/assets/themes/ode/img/illustration.png": newPage(img, picture(rnd, 256, 160)),
		"/assets/img/tooload.png":                 newPage(img, picture(rnd, 256, 160)),
		"/assets/img/avatar.png":                  newPage(img, picture(rnd, 48, 48)),
	}
	for _, icon := range []string{"cahier", "edt", "messagerie", "exercices", "deconnexion"} {
		m["/assets/themes/ode/img/icons/"+icon+".png"] = newPage(img, picture(rnd, 32, 32))
	}
	for _, p := range m {
		p.cached()
	}
	return m
})

var words = strings.Fields(`accueil actualite agenda annuaire application bloc bouton cahier carte classe colonne contenu
courriel devoir document eleve emploi entete espace fichier filtre groupe icone image ligne liste menu message note
notification onglet page panneau parent partage professeur profil recherche ressource semaine service titre widget`)

// filler writes about n bytes of generated code, which a browser reads without
// effect.
func filler(rnd *rand.Rand, n int, line func(*rand.Rand, *strings.Builder)) string {
	var b strings.Builder
	for b.Len() < n {
		line(rnd, &b)
	}
	return b.String()
}

func word(rnd *rand.Rand) string { return words[rnd.IntN(len(words))] }

func cssLine(rnd *rand.Rand, b *strings.Builder) {
	const hex = "0123456789abcdef"
	b.WriteString(".ode-" + word(rnd) + " .ode-" + word(rnd) + "-" + word(rnd) + "{color:#")
	for range 6 {
		b.WriteByte(hex[rnd.IntN(16)])
	}
	b.WriteString(";margin:" + string(hex[rnd.IntN(10)]) + "px}\n")
}

func jsLine(rnd *rand.Rand, b *strings.Builder) {
	const letters = "abcdefghijklmnopqrstuvwxyz"
	c := string(letters[rnd.IntN(26)])
	b.WriteString("!function(" + c + "){return " + c + "." + word(rnd) + "&&" + c + "." + word(rnd) + "('" + word(rnd) + "')}({});\n")
}

// picture encodes a soft gradient with a little noise: 1 to 60 kB.
func picture(rnd *rand.Rand, w, h int) string {
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			n := uint8(rnd.IntN(4))
			m.Set(x, y, color.RGBA{R: uint8(42+x*60/w) + n, G: uint8(111+y*60/h) + n, B: 180 + n, A: 255})
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		panic(err) // a bytes.Buffer does not fail, and the image is not empty
	}
	return b.String()
}
