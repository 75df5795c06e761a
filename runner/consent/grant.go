package consent

import "time"

// Grant is what one host of the scenario consented to, for the report.
type Grant struct {
	Origin               string // https://ent.preprod.example
	Exempt               bool   // loopback, no consent needed; the rest is then empty
	Consented            bool   // its consent has been read and is good
	ConsentedBy          string
	Source               string // where the file was read; "loopback, exempt"
	Addresses            []string
	NotBefore, NotAfter  time.Time
	RequestsPerSecond    float64
	ConnectionsPerSecond float64
	Grace                time.Duration
}

// Grants lists the hosts of the scenario, target first.
func (g *Guard) Grants() []Grant {
	out := make([]Grant, len(g.order))
	for i, s := range g.order {
		out[i] = s.grant()
	}
	return out
}

func (s *site) grant() Grant {
	g := Grant{Origin: s.origin.String(), Exempt: s.exempt}
	t := s.terms.Load()
	if t == nil {
		return g
	}
	g.Source = t.source
	if t.file == nil {
		return g
	}
	for _, a := range t.addrs {
		g.Addresses = append(g.Addresses, a.String())
	}
	g.Consented, g.ConsentedBy = true, cut(t.file.ConsentedBy)
	g.NotBefore, g.NotAfter = t.file.NotBefore, t.file.NotAfter
	g.RequestsPerSecond, g.ConnectionsPerSecond = t.file.RequestsPerSecond, t.file.ConnectionsPerSecond
	g.Grace = time.Duration(t.file.Grace)
	return g
}
