package runner

import (
	"fmt"
	"math"
	"strconv"

	"firstbell/runner/results"
)

// Refusal is one reason not to start: a generator that runs out of something
// produces failures that look like the portal's.
type Refusal struct {
	What   string // what is too small: "descriptors"
	Why    string // needed and allowed, in numbers
	Remedy string
}

// Shares of a limit a plan may use: the gates' own (80 %), so that a run does
// not start that its gate would void.
const (
	usableDescriptors = 0.80
	usablePorts       = 0.80
	usableMemory      = 0.80
)

// CheckFits says what in the plan does not fit the machine it was made on;
// nothing for a plan that does. Unknown limits are not checked. The texts are in English, for the
// terminal.
func CheckFits(n results.Needs) []Refusal {
	var out []Refusal
	if r, bad := tooMuch("descriptors", n.Descriptors, n.DescLimit, usableDescriptors); bad {
		r.Remedy = fmt.Sprintf("raise the hard limit (ulimit -Hn %d, or LimitNOFILE=%[1]d), or keep a part of the schools: --scale %s",
			roundUp(float64(n.Descriptors)/usableDescriptors), fittingScale(n.Descriptors, n.DescLimit, usableDescriptors))
		out = append(out, r)
	}
	if r, bad := tooMuch("local ports", n.Open, n.PortLimit, usablePorts); bad {
		r.Remedy = "keep a part of the schools: --scale " + fittingScale(n.Open, n.PortLimit, usablePorts)
		const widest = 65535 - 1024 + 1
		if float64(n.Open) <= usablePorts*widest {
			r.Remedy = `widen the range (sysctl net.ipv4.ip_local_port_range="1024 65535"), or ` + r.Remedy
		}
		out = append(out, r)
	}
	const mib = 1 << 20
	if r, bad := tooMuch("MiB of memory", int(n.MemoryBytes/mib), int(n.MemoryLimit/mib), usableMemory); bad {
		r.Remedy = fmt.Sprintf("run where %d MiB are free, or keep a part of the schools: --scale %s",
			roundUp(float64(n.MemoryBytes)/mib/usableMemory), fittingScale(int(n.MemoryBytes/mib), int(n.MemoryLimit/mib), usableMemory))
		out = append(out, r)
	}
	if need := min(dialsNeeded(n), n.Open); n.DialsInFlight < need {
		out = append(out, Refusal{
			What:   "dials in flight",
			Why:    fmt.Sprintf("%d connections may be opened at once, but %.0f are due in the worst second and each may take %v", n.DialsInFlight, n.PeakConnections, dialTimeout),
			Remedy: fmt.Sprintf("allow %d, or leave the limit to the plan", need),
		})
	}
	return out
}

func tooMuch(what string, need, limit int, usable float64) (Refusal, bool) {
	if limit <= 0 || float64(need) <= usable*float64(limit) {
		return Refusal{}, false
	}
	return Refusal{
		What: what,
		Why: fmt.Sprintf("the plan needs about %d %s, and %.0f %% of this process's %d are usable: %.0f",
			need, what, 100*usable, limit, math.Floor(usable*float64(limit))),
	}, true
}

// fittingScale is a scale that would fit, rounded down to two figures, with 5 %
// to spare: a smaller storm has a relatively higher peak.
func fittingScale(need, limit int, usable float64) string {
	scale := 0.95 * usable * float64(limit) / float64(need)
	unit := math.Pow10(int(math.Floor(math.Log10(scale))) - 1)
	return strconv.FormatFloat(100*math.Floor(scale/unit)*unit, 'g', 2, 64) + "%"
}

// roundUp goes to the next thousand: a figure to type.
func roundUp(x float64) int { return int(math.Ceil(x/1000)) * 1000 }
