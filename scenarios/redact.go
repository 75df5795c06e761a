package scenarios

import (
	"regexp"
	"strings"

	"go.yaml.in/yaml/v4"
)

// redacted stands in the kept file where a secret was written out.
const redacted = "***"

var (
	// secretName are the names under which people write secrets.
	secretName = regexp.MustCompile(`(?i)pass|pwd|^mdp|secret|token|api.?key|authorization|^cookie`)
	// sentHere are the keys whose mappings are sent, or make accounts.
	sentHere = map[string]bool{"generate": true, "form": true, "submit": true, "json": true, "query": true,
		"headers": true, "values": true, "basic_auth": true}
	notSecret = regexp.MustCompile(`\$\{[^}]*\}|^(?i:basic|bearer) `)
	anything  = regexp.MustCompile(`[\pL\pN]`)
)

// Redacted is Source as the run folder keeps it: a password, token or key that
// is written out, rather than taken from the accounts or the environment, is
// replaced by ***. It is Source itself when there is none. What it replaces
// changes neither who comes nor what is judged.
func (s *Scenario) Redacted() []byte {
	d := &decoder{file: "scenario.yaml", sc: &Scenario{}}
	top := d.loadTree(s.Source)
	if top == nil || !redact(top, false) {
		return s.Source
	}
	if b := d.dump(top); len(d.mistakes) == 0 {
		return b
	}
	return nil // rather nothing than a secret
}

// redact walks n, which is sent when sent, and reports whether it changed.
func redact(n *yaml.Node, sent bool) (changed bool) {
	if n.Kind != yaml.MappingNode {
		for _, c := range n.Content {
			changed = redact(c, sent) || changed
		}
		return changed
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i].Value, n.Content[i+1]
		if sent && secretName.MatchString(key) {
			changed = blot(value) || changed
			continue
		}
		changed = redact(value, sent || sentHere[key]) || changed
	}
	return changed
}

// blot replaces the literal texts below n.
func blot(n *yaml.Node) (changed bool) {
	for i, c := range n.Content {
		if n.Kind != yaml.MappingNode || i%2 == 1 {
			changed = blot(c) || changed
		}
	}
	if n.Kind == yaml.ScalarNode && anything.MatchString(strings.TrimSpace(notSecret.ReplaceAllString(n.Value, ""))) {
		n.Value, n.Tag, n.Style = redacted, "!!str", yaml.DoubleQuotedStyle
		return true
	}
	return changed
}
