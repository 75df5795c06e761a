package scenarios

import "strings"

// Vars looks up what belongs to the whole scenario: target, the names under
// hosts (addresses without a final slash) and env.NAME.
func (s *Scenario) Vars() Lookup {
	fixed := map[string]string{}
	if s.Target != nil {
		fixed["target"] = s.Target.String()
	}
	for _, h := range s.Hosts {
		fixed[h.Name] = h.URL.String()
	}
	return func(name string) (string, bool) {
		if env, ok := strings.CutPrefix(name, "env."); ok {
			if s.Env == nil {
				return "", false
			}
			return s.Env(env)
		}
		v, ok := fixed[name]
		return v, ok
	}
}
