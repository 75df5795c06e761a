package report

import (
	"slices"
	"strconv"

	"firstbell/runner/results"
)

// identity is what the target has shown of itself in a session so far. A trial by
// itself cannot know: it is sure to meet one target when another one took the
// first's place before it began.
type identity struct {
	shown   map[string][]string // by host, the certificates of the trials so far
	changes uint64
}

// see compares what a trial met with the trials before. Several machines behind a
// name may each have their own certificate: the first trial that meets the host
// knows them all, or so many that nothing can be said.
func (d *identity) see(events []results.Event) {
	met := map[string][]string{}
	var inside, since uint64
	for _, e := range events {
		switch host, leaf := e.Fields["host"], e.Fields["sha256"]; {
		case e.Kind == results.EventTargetChanged:
			inside++
		case e.Kind == results.EventCertificate && host != "" && !slices.Contains(met[host], leaf):
			met[host] = append(met[host], leaf)
		}
	}
	if d.shown == nil {
		d.shown = map[string][]string{}
	}
	for host, leaves := range met {
		known := d.shown[host]
		all := slices.Clone(known)
		for _, leaf := range leaves {
			if !slices.Contains(all, leaf) {
				all = append(all, leaf)
			}
		}
		if len(known) > 0 && len(known) < results.MaxCertificates && len(all) > len(known) {
			since++
		}
		d.shown[host] = all
	}
	d.changes += max(inside, since)
}

// judge makes V7, which a storm has judged by itself, the whole session's.
func (d *identity) judge(gates []Gate) {
	i := slices.IndexFunc(gates, func(g Gate) bool { return g.ID == "V7" })
	if i < 0 || d.changes == 0 || gates[i].Status == NotMet {
		return
	}
	m := gates[i].Measures[0]
	m.Count, m.Status, m.Measured, m.At = d.changes, NotMet, Decimal(strconv.FormatUint(d.changes, 10)), -1
	gates[i] = gate("V7", m)
}
