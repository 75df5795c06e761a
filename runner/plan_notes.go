package runner

import (
	"fmt"

	"firstbell/scenarios"
)

// planNotes are what a reader of the report must know about how the target was
// reached, in the report's language. Names and addresses only, no secrets.
func planNotes(sc *scenarios.Scenario, lang string) []string {
	say := func(fr, en string, args ...any) string {
		if lang == "en" {
			return fmt.Sprintf(en, args...)
		}
		return fmt.Sprintf(fr, args...)
	}
	var out []string
	for _, u := range sc.Origins() {
		if u.Scheme == "http" {
			out = append(out, say("%s est atteint en HTTP, sans chiffrement.", "%s is reached over HTTP, without encryption.", hostPort(u)))
		}
	}
	if sc.TLS.Insecure {
		out = append(out, say("Les certificats des serveurs n’ont pas été vérifiés (tls.insecure).", "Server certificates were not verified (tls.insecure)."))
	}
	if sc.TLS.CA != "" {
		out = append(out, say("Les certificats ont été vérifiés avec une autorité fournie par le scénario.", "Certificates were verified with an authority given by the scenario."))
	}
	for _, r := range sc.Resolve {
		out = append(out, say("Le nom %s a été dirigé vers l’adresse %s (resolve).", "The name %s was sent to the address %s (resolve).", r.Host, r.Address))
	}
	if sc.Proxy != nil {
		out = append(out, say("Les requêtes sont passées par le proxy %s.", "Requests went through the proxy %s.", sc.Proxy.Host))
	}
	if sc.BasicAuth != nil {
		out = append(out, say("Un mot de passe HTTP Basic protège la préproduction ; il est envoyé avec chaque requête.", "An HTTP Basic password stands in front of the staging; it is sent with every request."))
	}
	return out
}
