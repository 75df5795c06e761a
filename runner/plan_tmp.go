package runner

import (
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"slices"

	"firstbell/runner/results"
	"firstbell/scenarios"
)

func scenarioHash(sc *scenarios.Scenario) string {
	sum := sha256.Sum256(sc.Source)
	return hex.EncodeToString(sum[:])
}

func group(c scenarios.Cohort) results.Group {
	return results.Group{Region: c.Region, Level: c.Level, Persona: c.Persona}
}

func groupList(sc *scenarios.Scenario) []results.Group {
	var out []results.Group
	for _, c := range sc.Population {
		if g := group(c); !slices.Contains(out, g) {
			out = append(out, g)
		}
	}
	return out
}

func groupOf(sc *scenarios.Scenario) func(int) int {
	list := groupList(sc)
	return func(cohort int) int { return slices.Index(list, group(sc.Population[cohort])) }
}

func origins(sc *scenarios.Scenario) []*url.URL {
	out := []*url.URL{sc.Target}
	for _, h := range sc.Hosts {
		out = append(out, h.URL)
	}
	return out
}
