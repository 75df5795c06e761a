package runner

import (
	"strings"
	"testing"
)

func TestRedact(t *testing.T) {
	values := []string{"eleve12", "s3cret/p&w", "ab", ""}
	for _, text := range []string{
		"Bonjour eleve12", "Bonjour ELEVE12!", "mot de passe s3cret/p&w", "https://e/?ticket=ST-12-abcDEF-cas&x=1", "ST-12-abc",
		"SAMLResponse=PHNhbWw+", `"access_token":"abc.def"`, "Cookie: JSESSIONID=0123", "code=xyz123", "state=qwerty", "password: hunter2",
		"Bearer abc.def", "eyJhbGciOiJIUzI1NiJ9.e30.x", "lea.martin@ecole.example", "d41d8cd98f00b204e9800998ecf8427e",
		"123e4567-e89b-12d3-a456-426614174000", "execution=e1s1",
	} {
		got := Redact(text, values...)
		if !strings.Contains(got, hiddenMark) {
			t.Errorf("%q is kept as %q", text, got)
		}
		for _, secret := range []string{"eleve12", "ELEVE12", "s3cret", "ST-12", "PHNhbWw", "abc.def", "xyz123", "hunter2", "0123", "qwerty", "lea.martin", "d41d8", "123e4567", "e1s1"} {
			if strings.Contains(text, secret) && strings.Contains(got, secret) {
				t.Errorf("%q keeps %q: %q", text, secret, got)
			}
		}
	}
	for _, text := range []string{"", "Vous êtes très nombreux aujourd'hui", `missing: text "Bonjour ${login}" · Accueil`, "ENT - Connexion", "absence"} {
		if got := Redact(text, values...); got != text {
			t.Errorf("%q became %q", text, got)
		}
	}
}

func TestMaskPath(t *testing.T) {
	for path, want := range map[string]string{
		"/auth/login": "/auth/login", "/auth/oauth2/userinfo": "/auth/oauth2/userinfo", "/user/123": "/user/…",
		"/directory/123e4567-e89b/x": "/directory/…/x", "/a;jsessionid=AB12": "/a", "/u/eleve12": "/u/•••", "/": "/",
	} {
		if got := maskPath(path, "eleve12"); got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
}

func FuzzRedact(f *testing.F) {
	f.Add("Bonjour eleve12 ticket=ST-1", "eleve12")
	f.Add("\xff\xfe=:", "a")
	f.Fuzz(func(t *testing.T, text, secret string) {
		got := Redact(text, secret)
		if len(secret) >= 3 && !strings.Contains(hiddenMark, secret) && strings.Contains(strings.ReplaceAll(got, hiddenMark, "\n"), secret) && !strings.Contains(secret, "\n") {
			t.Errorf("%q keeps %q: %q", text, secret, got)
		}
	})
}
