package report

import (
	"bytes"
	"cmp"
	"encoding/csv"
	"slices"
	"strconv"
	"time"

	"firstbell/runner/results"
)

// ReadingsFile is, in a session's folder, what the target's own servers measured
// while it ran, as its operator exported it and as [WriteReadings] writes it.
const ReadingsFile = "server-metrics.csv"

// Bounds of a file of readings. It comes from somebody else's monitoring.
const (
	MaxReadingsFile = 8 << 20 // bytes
	maxReadings     = 200_000
	maxResources    = 64
	maxResourceName = 80 // characters
)

// readingsHeader are the columns, in their order.
var readingsHeader = []string{"time", "step", "resource", "value", "ceiling"}

// Reading is one look at one resource of the target's servers: how much of it was
// taken, of how much there is.
type Reading struct {
	At             time.Time
	Step           results.Step // journey and name
	Resource       string
	Value, Ceiling float64
}

// share is the part of the resource that is taken; 1 at its ceiling.
func (r *Reading) share() float64 { return r.Value / r.Ceiling }

// StepsOf are the steps that a session's trials played: those of the first trial
// that can be opened, the ones that people logged in by before the others. open is
// as for [JudgeDossier].
func StepsOf(d *results.Dossier, open OpenTrial) []results.Step {
	trials := slices.Clone(d.Trials)
	slices.SortStableFunc(trials, func(a, b results.Trial) int {
		return cmp.Compare(calibrates(a), calibrates(b))
	})
	for _, t := range trials {
		if run, err := open(t.Name); err == nil && run.Plan != nil && len(run.Plan.Steps) > 0 {
			return run.Plan.Steps
		}
	}
	return nil
}

func calibrates(t results.Trial) int {
	if t.Conduct.Kind == results.TrialCalibration {
		return 1
	}
	return 0
}

// WriteReadings writes readings in the order and form in which [ParseReadings]
// gives them back: what is read from it and written again is the same bytes.
func WriteReadings(list []Reading) []byte {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	_ = w.Write(readingsHeader) // a buffer takes everything
	for _, r := range list {
		_ = w.Write([]string{r.At.UTC().Format(time.RFC3339Nano), fullName(r.Step), r.Resource,
			strconv.FormatFloat(r.Value, 'g', -1, 64), strconv.FormatFloat(r.Ceiling, 'g', -1, 64)})
	}
	w.Flush()
	return b.Bytes()
}

// fullName is a step with its journey, in one word.
func fullName(s results.Step) string { return s.Journey + "/" + s.Name }

func compareReadings(a, b Reading) int {
	return cmp.Or(a.At.Compare(b.At), cmp.Compare(fullName(a.Step), fullName(b.Step)), cmp.Compare(a.Resource, b.Resource))
}
