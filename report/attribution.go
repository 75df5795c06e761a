package report

import (
	"firstbell/runner/results"
	"firstbell/scenarios"
)

// attributionOf is S12.
func attributionOf(trials []played, d *results.Dossier, sc *scenarios.Scenario) Attribution {
	out := unmeasuredAttribution()
	return out
}
