package results

import (
	"fmt"
	"slices"
)

// Before is what an earlier session measured of the same target, and the one step
// that was given more between it and this one: as the operator declared, nothing
// measures it.
type Before struct {
	RunID string `json:"run_id"`
	// The capacity: logins per second, with the 95 % interval.
	Rate float64 `json:"rate_per_s"`
	Low  float64 `json:"low_per_s"`
	High float64 `json:"high_per_s"`
	// Named is the step that its own trials named, at Level (L0, L1); empty for none.
	Named Step   `json:"named,omitzero"`
	Level string `json:"level,omitempty"`
	// Strengthened is the step that was given more.
	Strengthened Step `json:"strengthened"`
}

// maxStepName bounds the names of steps and journeys in a journal, in bytes.
const maxStepName = 1000

// Check refuses what no session can have said.
func (b Before) Check() error {
	switch {
	case !plainName(b.RunID):
		return fmt.Errorf("%q is no session's name", b.RunID)
	case !slices.Contains([]string{"", "L0", "L1"}, b.Level):
		return fmt.Errorf("session %q: level %q", b.RunID, b.Level)
	case b.Strengthened.Name == "" || b.Level != "" && b.Named.Name == "":
		return fmt.Errorf("session %q: a step without a name", b.RunID)
	}
	for _, name := range []string{b.Named.Name, b.Named.Journey, b.Strengthened.Name, b.Strengthened.Journey} {
		if len(name) > maxStepName {
			return fmt.Errorf("session %q: a step's name of %d bytes", b.RunID, len(name))
		}
	}
	return checkRate(b.RunID, b.Rate, b.Low, b.High)
}
