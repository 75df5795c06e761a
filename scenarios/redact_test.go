package scenarios

import (
	"strings"
	"testing"
)

func TestRedacted(t *testing.T) {
	src := `version: 1
target: https://ent.example
population: 3
hosts: {passport: "https://pass.example"} # a name is no secret
accounts: {generate: {count: 3, login: "eleve${n}", password: "Plant-1-${n}", class: 6e}, synthetic: true}
journeys:
  password:
    - post: /login
      form: {user: "${login}", password: "${password}", mdp: "Plant-2", remember: "yes"}
      headers: {Authorization: "Bearer ${env.KEY}", X-Api-Key: Plant-3}
      json: 
    - submit: {j_password: [Plant-4, "${password}"], ok: fine}
      expect: {text: "Mot de passe Bonjour"}
      in_class: true
`
	src = strings.Replace(src, "      json: \n", "", 1)
	sc, err := Parse([]byte(src), Options{SkipFiles: true, Env: func(string) (string, bool) { return "x", true }})
	if err != nil {
		t.Fatal(err)
	}
	got := string(sc.Redacted())
	if strings.Contains(got, "Plant") {
		t.Errorf("a secret is kept:\n%s", got)
	}
	for _, want := range []string{"https://pass.example", `"${password}"`, "Bearer ${env.KEY}", "eleve${n}", "fine", "6e", "Mot de passe Bonjour", "a name is no secret"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is gone:\n%s", want, got)
		}
	}
	again, err := Parse([]byte(got), Options{SkipFiles: true, Env: func(string) (string, bool) { return "x", true }})
	if err != nil {
		t.Fatalf("the kept file does not read: %v\n%s", err, got)
	}
	if string(again.Redacted()) != got {
		t.Error("redacting twice changes more")
	}
	plain := strings.ReplaceAll(strings.ReplaceAll(src, "Plant-1-", "${env.KEY}-"), `mdp: "Plant-2", `, "")
	plain = strings.ReplaceAll(strings.ReplaceAll(plain, ", X-Api-Key: Plant-3", ""), "[Plant-4, \"${password}\"]", "\"${password}\"")
	if sc, err = Parse([]byte(plain), Options{SkipFiles: true, Env: func(string) (string, bool) { return "x", true }}); err != nil {
		t.Fatal(err)
	}
	if string(sc.Redacted()) != plain {
		t.Errorf("a file without secrets is not kept byte for byte:\n%s", sc.Redacted())
	}
}
