package runner

import (
	"fmt"

	"firstbell/runner/results"
	"firstbell/scenarios"
)

// checkIsolation refuses a step that nobody who comes would ever perform.
func checkIsolation(sc *scenarios.Scenario, c *results.Conduct) error {
	n := 0
	for _, j := range sc.Journeys {
		n += len(j.Steps)
	}
	if c.Step < 0 || c.Step >= n {
		return fmt.Errorf("isolation of step %d of %d", c.Step, n)
	}
	return nil
}
