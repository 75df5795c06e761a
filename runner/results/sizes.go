package results

import (
	"fmt"
	"math"
)

// OtherSize is the capacity that another session measured of the same target with
// so many servers: logins per second, with the 95 % interval.
type OtherSize struct {
	RunID   string  `json:"run_id"`
	Servers int     `json:"servers"`
	Rate    float64 `json:"rate_per_s"`
	Low     float64 `json:"low_per_s"`
	High    float64 `json:"high_per_s"`
}

// Bounds of what is said of sizes.
const (
	MaxServers = 100_000
	MaxSizes   = 100
)

// Check refuses a size that nobody can have measured.
func (o OtherSize) Check() error {
	switch {
	case !plainName(o.RunID):
		return fmt.Errorf("%q is no session's name", o.RunID)
	case o.Servers < 1 || o.Servers > MaxServers:
		return fmt.Errorf("other size %q: %d servers", o.RunID, o.Servers)
	}
	return checkRate(o.RunID, o.Rate, o.Low, o.High)
}

// checkRate refuses a capacity that is no interval above 0.
func checkRate(session string, rate, low, high float64) error {
	if !(low > 0 && low <= rate && rate <= high) || math.IsInf(high, 1) {
		return fmt.Errorf("session %q: a capacity of %g, from %g to %g", session, rate, low, high)
	}
	return nil
}

// checkSizes is [OtherSize.Check] of all that a journal says of sizes.
func (d *Dossier) checkSizes() error {
	if d.Servers < 0 || d.Servers > MaxServers {
		return fmt.Errorf("%d servers", d.Servers)
	}
	if len(d.Others) > MaxSizes {
		return fmt.Errorf("%d other sizes", len(d.Others))
	}
	for _, o := range d.Others {
		if err := o.Check(); err != nil {
			return err
		}
	}
	return nil
}
