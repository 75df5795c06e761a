package page

import (
	"math/rand/v2"
	"strings"
	"testing"
)

// slowText is the text by the tree: the oracle.
func slowText(body string) (string, bool) {
	r := NewReading("text/html", []byte(body))
	if r.document() == nil {
		return "", false
	}
	return normalise(r.visible(true)), true
}

// agree compares the quick reading with the tree; quick reports whether there was
// one.
func agree(t *testing.T, body string) (quick bool) {
	t.Helper()
	text, ok := quickText(NewReading("text/html", []byte(body)).body())
	if !ok {
		return false
	}
	want, parsed := slowText(body)
	if !parsed {
		t.Fatalf("%q: quick, and the tree gave up", body)
	}
	if got := normalise(text); got != want {
		t.Fatalf("%q:\nquick %q\ntree  %q", body, got, want)
	}
	return true
}

func TestQuickText(t *testing.T) {
	for _, tc := range []struct {
		body  string
		quick bool
	}{
		{`<!doctype html><html><head><title>ENT</title><meta charset=utf-8><link rel=x><style>p{color:red}</style></head><body><h1>Bon<b>jour</b></h1><p>Léa &amp; Zoé<p>deux</body></html>`, true},
		{`<form><input type=hidden name=a value=b><label>Nom <input name=n></label><input type=submit value="Se connecter"><button>OK</button></form>`, true},
		{`<ul><li>a<li>b<ul><li>c</ul></ul><dl><dt>x<dd>y<dt>z</dl>`, true},
		{`<table><tr><td>a<td>b`, false}, // cells without an end
		{`<table> <tr><td>a</td> <td>b</td></tr></table>`, true},
		{`<table>text<tr><td>a</td></tr></table>`, false},
		{`a<script>var x = "<p>"</script>b<!-- c -->d`, true},
		{`<noscript>Activez</noscript>x`, true},
		{`<p hidden>x</p>y`, false},
		{`<p style="display:none">x</p>y`, false},
		{`<style>.x{visibility:hidden}</style><p class=x>y</p>`, false},
		{`<body ng-init="m='non'">x`, false},
		{`<b><p>x</b>y</p>`, false},
		{`<a>x<a>y</a></a>`, false},
		{`x</div>y`, false},
		{`x</nobr>y`, false},
		{`<svg><title>x</title></svg>`, false},
		{`<select><option>x</select>`, false},
		{`<div/>x`, false},
		{"a\x00b", false},
		{`<p>un<div>deux</div>`, true},
		{`<p><span>un<div>deux</div>`, false},
		{``, true},
		{`x</body>y</html>z`, true},
		{`x<head>y`, false},
	} {
		if got := agree(t, tc.body); got != tc.quick {
			t.Errorf("%q: quick %v, want %v", tc.body, got, tc.quick)
		}
	}
}

var pieces = strings.Fields(`<p> </p> <div> </div> <span> </span> <b> </b> <a> </a> <ul> </ul> <li> </li> <table> </table> <tr> </tr> <td> </td>
 <th> <tbody> </tbody> <form> </form> <button> </button> <h1> </h1> <h2> <title> </title> <script> </script> <style> </style> <noscript>
 </noscript> <textarea> </textarea> <br> <img> <input> <input/type=submit/value=V> <html> </html> <head> </head> <body> </body> <dl> <dt>
 <dd> </dd> </dl> <label> </label> <!--c--> <!doctype/html> <legend> </legend> <fieldset> </fieldset> <meta> <link> <em> </em> <i> </i>
 <select> <option> <svg> <hr> x y &amp; &eacute; &nbsp; < > <br/> <p/> </br> </p/> <center> </center> <wbr> <small> </small>`)

// TestQuickTextAgrees: whatever tags come in whatever order, the quick reading says
// what the tree says, or nothing.
func TestQuickTextAgrees(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	quick := 0
	for range 40_000 {
		var b strings.Builder
		for range 1 + r.IntN(9) {
			b.WriteString(strings.ReplaceAll(pieces[r.IntN(len(pieces))], "/type", " type"))
			b.WriteString([]string{"", "", " ", "w", "\n"}[r.IntN(5)])
		}
		if agree(t, b.String()) {
			quick++
		}
	}
	if quick < 4000 {
		t.Errorf("only %d were read quickly", quick)
	}
}

func FuzzQuickText(f *testing.F) {
	f.Add("<html><body><p>Bonjour <b>Léa</b></p></body></html>")
	f.Add("<table><tr><td>a</td></tr></table><ul><li>a<li>b</ul>")
	f.Add(strings.Join(pieces, ""))
	f.Fuzz(func(t *testing.T, body string) { agree(t, body) })
}
