package scenarios

import (
	"encoding/json"
	"net/url"
	"testing"
)

func lookup(m map[string]string) Lookup {
	return func(name string) (string, bool) { v, ok := m[name]; return v, ok }
}

func TestTemplateExpand(t *testing.T) {
	vars := lookup(map[string]string{"a": "x y", "b": "é&/", "cookie.XSRF-TOKEN": "t", "random.v": "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", "u": "https://h.example/p?q=1"})
	for src, want := range map[string]string{
		"":                             "",
		"plain $ { } text":             "plain $ { } text",
		"${a}":                         "x y",
		"<${a}${b}>":                   "<x yé&/>",
		"$${a} costs 5$":               "${a} costs 5$",
		"${cookie.XSRF-TOKEN}":         "t",
		"${random.v|sha256_base64url}": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", // RFC 7636, appendix B
		"${a|sha1_hex}":                "0a2d5b6a0a3c0a6a4a5a0a2e6f0a0b3d0a0a0a0a",
		"${a|base64}":                  "eCB5",
	} {
		tm, err := ParseTemplate(src)
		if err != nil {
			t.Errorf("%q: %v", src, err)
			continue
		}
		got, err := tm.Expand(vars)
		if src == "${a|sha1_hex}" {
			want = applyFilter("sha1_hex", "x y")
			if applyFilter("sha1_hex", "abc") != "a9993e364706816aba3e25717850c26c9cd0d89d" { // FIPS 180-4
				t.Error("sha1_hex")
			}
		}
		if err != nil || got != want {
			t.Errorf("%q: %q %v, want %q", src, got, err, want)
		}
	}
	if _, err := MustTemplate("${nope}").Expand(vars); err == nil || err.Error() != "${nope} has no value" {
		t.Errorf("%v", err)
	}
	if got, _ := MustTemplate(`{"x": "${q}"}`).ExpandFor(lookup(map[string]string{"q": "\"\n<"}), EncodeJSON); !json.Valid([]byte(got)) {
		t.Errorf("%s", got)
	}
}

func TestTemplateErrors(t *testing.T) {
	for src, offset := range map[string]int{"ab${": 2, "${a": 0, "${}": 0, "é${a b}": 2, "${a|nope}": 0, "${a|base64|base64}": 0, "${env.}": 0, "x${other.y}": 1} {
		_, err := ParseTemplate(src)
		if te, ok := err.(*TemplateError); !ok || te.Offset != offset {
			t.Errorf("%q: %v", src, err)
		}
	}
}

func TestExpandURL(t *testing.T) {
	vars := lookup(map[string]string{"target": "https://ent.example", "next": "/a/b?c=d&e", "id": "a/b c?d", "abs": "https://h.example/p?q=1"})
	for src, want := range map[string]string{
		"/x/${id}/y":        "/x/a%2Fb%20c%3Fd/y",
		"/x?a=1&i=${id}":    "/x?a=1&i=a%2Fb+c%3Fd",
		"${target}/x/${id}": "https://ent.example/x/a%2Fb%20c%3Fd",
		"${next}":           "/a/b?c=d&e",
		"${target}${next}":  "https://ent.example/a/b?c=d&e",
		"${abs}&s=${id}":    "https://h.example/p?q=1&s=a%2Fb+c%3Fd",
		"/p${next}":         "/p%2Fa%2Fb%3Fc=d&e",
	} {
		got, err := MustTemplate(src).ExpandURL(vars)
		if err != nil || got != want {
			t.Errorf("%q: %q %v, want %q", src, got, err, want)
		}
		if _, err := url.Parse(got); err != nil {
			t.Error(err)
		}
	}
}

func TestEncodeHeader(t *testing.T) {
	if got := EncodeHeader("a\r\nSet-Cookie: x\x00\tb"); got != "aSet-Cookie: x\tb" {
		t.Errorf("%q", got)
	}
}
