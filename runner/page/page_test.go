package page

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/andybalholm/cascadia"

	"firstbell/scenarios"
)

func at(address, body string) *Page {
	u, err := url.Parse(address)
	if err != nil {
		panic(err)
	}
	return &Page{Final: u, Hops: []string{address}, Status: 200,
		Header: http.Header{"Content-Type": {"text/html; charset=utf-8"}}, Body: []byte(body)}
}

func jsonPage(body string) *Page {
	p := at("https://ent.example/api", body)
	p.Header.Set("Content-Type", "application/json")
	return p
}

func lookup(name string) (string, bool) {
	v, ok := map[string]string{"login": "léa.martin", "empty": ""}[name]
	return v, ok
}

func lit(s string) scenarios.Pattern { return scenarios.Pattern{Literal: scenarios.MustTemplate(s)} }
func css(s string) scenarios.CSS {
	src, a, _ := strings.Cut(s, " @")
	sel, err := cascadia.ParseGroup(src)
	if err != nil {
		panic(err)
	}
	return scenarios.CSS{Source: s, Sel: sel, Attr: a}
}
func want(s string) *scenarios.Template { t := scenarios.MustTemplate(s); return &t }

func (p *Page) with(change func(*Page)) *Page { change(p); return p }

func TestMatch(t *testing.T) {
	home := `<html><head><title>Accueil</title><style>.x{display:none}</style></head><body>
		<p>Bonjour&nbsp;<b>l&eacute;a</b>.martin,</p><p>aujourd’hui&#8239;: c'est&nbsp;  l&#39;ENT</p>
		<div class="x">Identifiant incorrect</div><div hidden>Quota</div><script>var t = "Vous êtes très nombreux"</script>
		<template>gabarit</template><input type="submit" value="Se connecter"><form><input name="q"></form></body></html>`
	for _, tt := range []struct {
		name string
		page *Page
		m    scenarios.Matcher
		ok   bool
	}{
		{"text across inline tags", at("https://e/", home), scenarios.Matcher{Text: []scenarios.Pattern{lit("Bonjour ${login}")}}, true},
		{"apostrophes and spaces", at("https://e/", home), scenarios.Matcher{Text: []scenarios.Pattern{lit("aujourd'hui : c’est l'ENT")}}, true},
		{"case matters", at("https://e/", home), scenarios.Matcher{Text: []scenarios.Pattern{lit("bonjour")}}, false},
		{"title", at("https://e/", home), scenarios.Matcher{Text: []scenarios.Pattern{lit("Accueil")}}, true},
		{"hidden by a rule", at("https://e/", home), scenarios.Matcher{Text: []scenarios.Pattern{lit("Identifiant incorrect")}}, false},
		{"hidden by attribute", at("https://e/", home), scenarios.Matcher{Text: []scenarios.Pattern{lit("Quota")}}, false},
		{"script", at("https://e/", home), scenarios.Matcher{Text: []scenarios.Pattern{lit("très nombreux")}}, false},
		{"template", at("https://e/", home), scenarios.Matcher{Text: []scenarios.Pattern{lit("gabarit")}}, false},
		{"button", at("https://e/", home), scenarios.Matcher{Text: []scenarios.Pattern{lit("Se connecter")}}, true},
		{"regex", at("https://e/", home), scenarios.Matcher{Text: []scenarios.Pattern{{Regex: regexp.MustCompile("Bonjour l.a")}}}, true},
		{"an empty variable proves nothing", at("https://e/", home), scenarios.Matcher{Text: []scenarios.Pattern{lit("${empty}")}}, false},
		{"an unknown variable proves nothing", at("https://e/", home), scenarios.Matcher{Text: []scenarios.Pattern{lit("${nobody}")}}, false},
		{"ng-init", at("https://e/", `<body ng-init="error='L&#39;identifiant est incorrect'">`), scenarios.Matcher{Text: []scenarios.Pattern{lit("L'identifiant est incorrect")}}, true},
		{"cloak", at("https://e/", `<style>[ng-cloak]{display:none}</style><p ng-cloak>Bonjour</p>`), scenarios.Matcher{Text: []scenarios.Pattern{lit("Bonjour")}}, true},
		{"media rule", at("https://e/", `<style>@media print{p{display:none}} b{visibility:hidden}</style><p>Bonjour</p><b>caché</b>`), scenarios.Matcher{Text: []scenarios.Pattern{lit("Bonjour")}, Not: &scenarios.Matcher{Text: []scenarios.Pattern{lit("caché")}}}, true},
		{"source of a tag", at("https://e/", `<cas:user>léa.martin</cas:user>`), scenarios.Matcher{Text: []scenarios.Pattern{lit("<cas:user>${login}</cas:user>")}}, true},
		{"latin1", at("https://e/", "<p>tr\xe8s nombreux").with(func(p *Page) { p.Header.Set("Content-Type", "text/html; charset=iso-8859-1") }), scenarios.Matcher{Text: []scenarios.Pattern{lit("très nombreux")}}, true},
		{"css", at("https://e/", home), scenarios.Matcher{CSS: []scenarios.CSS{css("input[name=q]")}}, true},
		{"no css", at("https://e/", home), scenarios.Matcher{CSS: []scenarios.CSS{css("input[name=r]")}}, false},
		{"json", jsonPage(`{"login":"léa.martin"}`), scenarios.Matcher{JSON: []scenarios.JSONCheck{{Path: "login", Want: want("${login}")}}}, true},
		{"json exists", jsonPage(`{"a":{"b":[1]}}`), scenarios.Matcher{JSON: []scenarios.JSONCheck{{Path: "a.b"}}}, true},
		{"json empty", jsonPage(`{"a":{"b":[ ]}}`), scenarios.Matcher{JSON: []scenarios.JSONCheck{{Path: "a.b"}}}, false},
		{"json false", jsonPage(`{"a":false}`), scenarios.Matcher{JSON: []scenarios.JSONCheck{{Path: "a"}}}, false},
		{"json broken", jsonPage(`{"login":"léa.martin"`), scenarios.Matcher{JSON: []scenarios.JSONCheck{{Path: "login"}}}, false},
		{"json too deep", jsonPage(strings.Repeat("[", 1<<20)), scenarios.Matcher{JSON: []scenarios.JSONCheck{{Path: "0"}}}, false},
		{"path", at("https://e/timeline/timeline?x=1", ""), scenarios.Matcher{URL: []scenarios.Pattern{lit("/timeline/timeline")}}, true},
		{"a callback is no proof", at("https://e/auth/login?callback=/timeline/timeline", ""), scenarios.Matcher{URL: []scenarios.Pattern{lit("/timeline/timeline")}}, false},
		{"query asked for", at("https://e/login?error=1", ""), scenarios.Matcher{URL: []scenarios.Pattern{lit("/login?error")}}, true},
		{"other host", at("https://idp.e/x", ""), scenarios.Matcher{URL: []scenarios.Pattern{lit("https://idp.e")}}, true},
		{"via", at("https://e/", "").with(func(p *Page) { p.Hops = []string{"https://e/", "https://e/?ticket=ST-1"} }), scenarios.Matcher{Via: []scenarios.Pattern{lit("ticket=ST-")}}, true},
		{"status", at("https://e/", ""), scenarios.Matcher{Status: []int{401, 200}}, true},
		{"not", at("https://e/", home), scenarios.Matcher{Not: &scenarios.Matcher{Text: []scenarios.Pattern{lit("Bonjour")}}}, false},
		{"smaller", at("https://e/", "abc"), scenarios.Matcher{Smaller: 4}, true},
		{"not smaller", at("https://e/", "abcd"), scenarios.Matcher{Smaller: 4}, false},
		{"header", at("https://e/", ""), scenarios.Matcher{Header: []scenarios.HeaderCheck{{Name: "content-type"}}}, true},
		{"no cookie", at("https://e/", ""), scenarios.Matcher{Cookie: []string{"a"}}, false},
		{"cookie", at("https://e/", "").with(func(p *Page) { p.Cookie = func(n string) (string, bool) { return "", n == "a" } }), scenarios.Matcher{Cookie: []string{"a"}}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			ok, missing := tt.page.Match(&tt.m, lookup)
			if ok != tt.ok || (missing == "") != ok {
				t.Errorf("%v, missing %q; text %q", ok, missing, tt.page.Text())
			}
			if strings.Contains(missing, "léa") {
				t.Errorf("missing holds a value: %q", missing)
			}
		})
	}
}

func TestWrongIdentity(t *testing.T) {
	m := scenarios.Matcher{JSON: []scenarios.JSONCheck{{Path: "login", Want: want("${login}")}}}
	for body, want := range map[string]bool{`{"login":"paul"}`: true, `{"login":""}`: false, `{}`: false, `{"login":3}`: false, `x`: false, `{"login":"léa.martin"}`: false} {
		if got := jsonPage(body).WrongIdentity(&m, lookup); got != want {
			t.Errorf("%s: %v", body, got)
		}
	}
}

func TestSubmit(t *testing.T) {
	const login = `<form method="post" action="/cas/login" id="f"><input name="username" value="x"><input name="password" type="password">
		<input type=hidden name="execution" value="a&amp;b=c"><input type=hidden name="_eventId" value="submit">
		<input type=checkbox name=warn value=oui><input type=checkbox name=rem checked>
		<select name=lang><option value=en>E<option value=fr selected>F</select><textarea name=note>
a
b</textarea><input name=off disabled value=1><button type=button name=no value=1>x</button>
		<input type=submit name=go value="Se connecter"><button name=other value=2>y</button></form>`
	typed := []Field{{"username", "léa"}, {"password", "p&w"}}
	for _, tt := range []struct {
		name, url, body string
		fill            Filling
		want            string
	}{
		{"like a browser", "https://c/cas/login?service=s", login, Filling{Fields: typed},
			"POST https://c/cas/login application/x-www-form-urlencoded username=l%C3%A9a&password=p%26w&execution=a%26b%3Dc&_eventId=submit&rem=on&lang=fr&note=a%0D%0Ab&go=Se+connecter"},
		{"another button, other choices", "https://c/", login, Filling{Fields: append(typed[:2:2], Field{"warn", "oui"}, Field{"rem", ""}, Field{"lang", "en"}), Button: "other"},
			"POST https://c/cas/login application/x-www-form-urlencoded username=l%C3%A9a&password=p%26w&execution=a%26b%3Dc&_eventId=submit&warn=oui&lang=en&note=a%0D%0Ab&other=2"},
		{"no action keeps the query", "https://c/l?x=1#f", `<form method=POST><input name=a></form>`, Filling{Fields: []Field{{"a", "1"}}},
			"POST https://c/l?x=1 application/x-www-form-urlencoded a=1"},
		{"#", "https://c/l?x=1", `<form method=POST action="#"><input name=a></form>`, Filling{Fields: []Field{{"a", "1"}}},
			"POST https://c/l?x=1 application/x-www-form-urlencoded a=1"},
		{"?", "https://c/l?x=1", `<form method=POST action="?"><input name=a></form>`, Filling{Fields: []Field{{"a", "1"}}},
			"POST https://c/l? application/x-www-form-urlencoded a=1"},
		{"base", "https://c/l", `<base href="https://d/x/"><form method=POST action="y"><input name=a></form>`, Filling{Fields: []Field{{"a", "1"}}},
			"POST https://d/x/y application/x-www-form-urlencoded a=1"},
		{"get", "https://c/l?old=1", `<form action="/s?q=0"><input name=a></form>`, Filling{Fields: []Field{{"a", "é 1"}}},
			"GET https://c/s?a=%C3%A9+1  "},
		{"formaction", "https://c/", `<form method=post action=/a><input name=a><button formaction=/b formmethod=get>x</button></form>`, Filling{Fields: []Field{{"a", "1"}}},
			"GET https://c/b?a=1  "},
		{"hidden decoy", "https://c/", `<form action=/bad method=post style="display:none"><input name=a><input name=b></form><form action=/good method=post><input name=a><input name=b></form>`, Filling{Fields: []Field{{"a", "1"}, {"b", "2"}}},
			"POST https://c/good application/x-www-form-urlencoded a=1&b=2"},
		{"decoy of hidden fields", "https://c/", `<form action=/bad method=post><input type=hidden name=a><input type=hidden name=b></form><form action=/good method=post><input name=a><input name=b></form>`, Filling{Fields: []Field{{"a", "1"}, {"b", "2"}}},
			"POST https://c/good application/x-www-form-urlencoded a=1&b=2"},
		{"decoy by a rule", "https://c/", `<style>.hp, #z { position:absolute; left:-9999px }</style><div class=hp><form action=/bad method=post><input name=a></form></div><form action=/good method=post><input name=a></form>`, Filling{Fields: []Field{{"a", "1"}}},
			"POST https://c/good application/x-www-form-urlencoded a=1"},
		{"disabled decoy", "https://c/", `<form action=/bad method=post><fieldset disabled><input name=a></fieldset></form><form action=/good method=post><input name=a></form>`, Filling{Fields: []Field{{"a", "1"}}},
			"POST https://c/good application/x-www-form-urlencoded a=1"},
		{"by css", "https://c/", `<form action=/1 method=post><input name=a></form><div id=two><form action=/2 method=post><input name=a></form></div>`, Filling{Fields: []Field{{"a", "1"}}, In: "#two"},
			"POST https://c/2 application/x-www-form-urlencoded a=1"},
		{"in a table", "https://c/", `<table><form action=/t method=post><tr><td><input name=a><input type=hidden name=h value=1></td></tr></form></table>`, Filling{Fields: []Field{{"a", "1"}}},
			"POST https://c/t application/x-www-form-urlencoded a=1&h=1"},
		{"form attribute", "https://c/", `<form id=f action=/f method=post></form><input form=f name=a>`, Filling{Fields: []Field{{"a", "1"}}},
			"POST https://c/f application/x-www-form-urlencoded a=1"},
		{"saml", "https://c/", `<body onload="document.forms[0].submit()"><form action="https://sp/acs" method=post><input type=hidden name=SAMLResponse value="PHg+"><input type=hidden name=RelayState value="a b"><noscript><input type=submit value=ok></noscript></form>`, Filling{},
			"POST https://sp/acs application/x-www-form-urlencoded SAMLResponse=PHg%2B&RelayState=a+b"},
		{"radio", "https://c/", `<form method=post><input type=radio name=p value=1 checked><input type=radio name=p value=2></form>`, Filling{Fields: []Field{{"p", "2"}}},
			"POST https://c/ application/x-www-form-urlencoded p=2"},
		{"no form", "https://c/", `<p>x</p>`, Filling{}, "no form to submit: the page holds no form"},
		{"drawn by script", "https://c/", `<div id=app></div><script src=x></script>`, Filling{}, "no form to submit: the page holds no form (a script may draw it: write the request as post with form)"},
		{"no such field", "https://c/", `<form id=f><input name=b value=secret></form>`, Filling{Fields: []Field{{"a", "1"}}}, "no form to submit: no form holds the fields a; the page has 1 form(s): 1 #f (b)"},
		{"several", "https://c/", `<form><input name=a></form><form><input name=a></form>`, Filling{Fields: []Field{{"a", "1"}}}, `no form to submit: 2 forms would do; the page has 2 form(s): 1 (a) 2 (a); name one: in: "#css"`},
		{"javascript", "https://c/", `<form action="javascript:go()"><input name=a></form>`, Filling{Fields: []Field{{"a", "1"}}}, "no form to submit: the form's action is no address to send to (a script handles it: write the request as post with form)"},
		{"no button", "https://c/", `<form><input name=a></form>`, Filling{Button: "z"}, `no form to submit: the form has no button "z"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, err := at(tt.url, tt.body).Submit(tt.fill)
			got := ""
			if err != nil {
				got = err.Error()
			} else {
				got = fmt.Sprintf("%s %s %s %s", s.Method, s.URL, s.ContentType, s.Body)
			}
			if got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestMultipart(t *testing.T) {
	s, err := at("https://c/", `<form method=post enctype=multipart/form-data><input name=a><input type=file name=f></form>`).
		Submit(Filling{Fields: []Field{{"a", "1"}}})
	if err != nil {
		t.Fatal(err)
	}
	r, _ := http.NewRequest("POST", "/", strings.NewReader(string(s.Body)))
	r.Header.Set("Content-Type", s.ContentType)
	if err := r.ParseMultipartForm(1 << 20); err != nil || r.FormValue("a") != "1" {
		t.Errorf("%v, %q", err, s.Body)
	}
}

func TestHasForm(t *testing.T) {
	p := at("https://c/", `<form><input name=u><input name=p type=password></form>`)
	if !p.HasForm([]string{"u", "p"}) || p.HasForm([]string{"u", "x"}) || p.HasForm(nil) {
		t.Error("the form just submitted is not recognised")
	}
}

func TestAssets(t *testing.T) {
	p := at("https://c/d/", `<link rel="stylesheet" href=a.css><link rel=canonical href=x><link rel="shortcut icon" href=/i.png>
		<script src="//cdn.example/j.js"></script><img src=b.png><img srcset="c.png 1x, d.png 2x" src=e.png><img src="data:image/png;base64,AA">
		<img src=b.png><template><img src=t.png></template>`)
	var got []string
	for _, u := range p.Assets() {
		got = append(got, u.String())
	}
	want := "https://c/d/a.css https://c/i.png https://cdn.example/j.js https://c/d/b.png https://c/d/c.png"
	if strings.Join(got, " ") != want {
		t.Errorf("got %v", got)
	}
	many := at("https://c/", strings.Repeat("<img src=x", 1)+strings.Repeat("><img src=y", 500)+">")
	if n := len(many.Assets()); n > 100 {
		t.Errorf("%d assets", n)
	}
}

func TestRefresh(t *testing.T) {
	now := time.Date(2021, 4, 6, 8, 55, 0, 0, time.UTC)
	for _, tt := range []struct {
		meta, header, retry string
		after               time.Duration
		url                 string
	}{
		{"20", "", "", 20 * time.Second, "https://c/w?t=1"},
		{"5; url=/next", "", "", 5 * time.Second, "https://c/next"},
		{"0;URL='/q?a=b'", "", "", 0, "https://c/q?a=b"},
		{" 3 , https://d/x ", "", "", 3 * time.Second, "https://d/x"},
		{"", "7; url=z", "", 7 * time.Second, "https://c/z"},
		{"", "", "120", 2 * time.Minute, "https://c/w?t=1"},
		{"", "", "Tue, 06 Apr 2021 08:55:30 GMT", 30 * time.Second, "https://c/w?t=1"},
		{"", "", "Tue, 06 Apr 2021 08:00:00 GMT", 0, "https://c/w?t=1"},
		{"99999999999999999999", "", "", time.Hour, "https://c/w?t=1"},
		{"x", "", "", 0, ""},
		{"5; url=javascript:x()", "", "", 0, ""},
		{"", "", "soon", 0, ""},
	} {
		p := at("https://c/w?t=1", `<meta http-equiv="Refresh" content="`+tt.meta+`">`)
		if tt.header != "" {
			p.Header.Set("Refresh", tt.header)
		}
		if tt.retry != "" {
			p.Header.Set("Retry-After", tt.retry)
		}
		r, ok := p.Refresh(now)
		got := ""
		if ok {
			got = r.URL.String()
		}
		if got != tt.url || r.After != tt.after {
			t.Errorf("%+v: %v %q", tt, r.After, got)
		}
	}
}

func TestBlank(t *testing.T) {
	for body, want := range map[string]string{
		"": "true false", "<html><body></body></html>": "true false", "<title>ENT</title><div id=app></div>": "true false",
		"<div id=app></div><script src=x></script>": "true true", "<p>Bonjour": "false false", "<form><input name=a></form>": "false false",
		"<img src=x>": "false false", "<input type=hidden name=x>": "true false",
		`<body onload="document.forms[0].submit()"><noscript><p>Click</noscript><form><input type=hidden name=SAMLRequest></form>`: "true true",
		"<body onload=''><form><input type=hidden name=x></form>":                                                                  "true false",
	} {
		blank, scripts := at("https://c/", body).Blank()
		if got := fmt.Sprint(blank, scripts); got != want {
			t.Errorf("%q: %s", body, got)
		}
	}
	if blank, _ := jsonPage("").Blank(); blank {
		t.Error("an empty answer that is not HTML is no blank page")
	}
}

func TestCapture(t *testing.T) {
	p := at("https://c/", `<a id=x href="/next?id=7">Suite</a> token=abc`).with(func(p *Page) {
		p.Hops = []string{"https://c/?ticket=ST-9&x=1"}
		p.Header.Set("X-Id", "42")
	})
	attr, text := css("#x @href"), css("#x")
	for _, tt := range []struct {
		c    scenarios.Capture
		want string
	}{
		{scenarios.Capture{CSS: &attr}, "/next?id=7"}, {scenarios.Capture{CSS: &text}, "Suite"},
		{scenarios.Capture{Regex: regexp.MustCompile(`token=(\w+)`)}, "abc"}, {scenarios.Capture{Regex: regexp.MustCompile(`token`)}, "token"},
		{scenarios.Capture{Via: regexp.MustCompile(`ticket=(ST-[^&]+)`)}, "ST-9"}, {scenarios.Capture{Header: "x-id"}, "42"},
		{scenarios.Capture{JSON: "a"}, ""}, {scenarios.Capture{Regex: regexp.MustCompile(`nothing`)}, ""},
	} {
		got, ok := p.Capture(&tt.c)
		if got != tt.want || ok != (tt.want != "") {
			t.Errorf("%+v: %q %v", tt.c, got, ok)
		}
	}
	if v, ok := jsonPage(`{"a":{"b":5}}`).Capture(&scenarios.Capture{JSON: "a.b"}); v != "5" || !ok {
		t.Errorf("json: %q %v", v, ok)
	}
}

// FuzzPage: whatever a target sends, nothing panics, nothing takes for ever and
// every list is bounded.
func FuzzPage(f *testing.F) {
	f.Add("text/html", []byte(`<form action="#"><input name=username><input name=password type=password></form>`))
	f.Add("text/html", []byte(strings.Repeat("<div>", 2000)))
	f.Add("text/html", []byte(strings.Repeat("<table><form><select><svg><math>", 200)))
	f.Add("text/html", []byte(`<style>a{display:none}b{{{}}}@media{}</style><meta http-equiv=refresh content="1;url=">`))
	f.Add("application/json", []byte(strings.Repeat(`{"a":[`, 3000)))
	f.Add("", []byte("\xff\xfe<html>\x00<p ng-init=\"a\">"))
	f.Add("text/html; charset=utf-16", []byte("<\x00p\x00"))
	m := scenarios.Matcher{Text: []scenarios.Pattern{lit("Bonjour ${login}")}, Not: &scenarios.Matcher{CSS: []scenarios.CSS{css("form input")}}}
	j := scenarios.Matcher{JSON: []scenarios.JSONCheck{{Path: "a.#.b", Want: want("${login}")}}}
	f.Fuzz(func(t *testing.T, kind string, body []byte) {
		p := at("https://c/x?y=z", string(body))
		p.Header.Set("Content-Type", kind)
		p.Match(&m, lookup)
		p.Match(&j, lookup)
		p.WrongIdentity(&j, lookup)
		p.Blank()
		p.Refresh(time.Unix(0, 0))
		if n := len([]rune(p.Title())); n > 160 {
			t.Errorf("title of %d characters", n)
		}
		if len(p.Assets()) > 100 {
			t.Error("too many assets")
		}
		if s, err := p.Submit(Filling{Fields: []Field{{"username", "\r\n"}, {"password", "x"}}}); err == nil && !web(s.URL) {
			t.Errorf("submits to %v", s.URL)
		} else if err != nil && len(err.Error()) > 4000 {
			t.Errorf("an error of %d bytes", len(err.Error()))
		}
		p.HasForm([]string{"username"})
		p.Compact()
	})
}
