package capacity

import (
	"time"

	"firstbell/runner/results"
	"firstbell/runner/results/stats"
)

// Config is what a search needs to know. The same Config over a Player that
// gives the same answers plays the same trials.
type Config struct {
	Player   Player
	Judge    Judge
	Settings results.Settings

	// Conduct is what every trial plays: Kind, LoginOnly, Refreshes and Step are
	// taken from it, Segments and Warmup are the search's.
	Conduct results.Conduct
	// Start is the probe's first rate, people per second. 0: a fiftieth of
	// Settings.MaxRate.
	Start float64
	// Seed and First make the trials' seeds and names: the first trial is number
	// First.
	Seed  uint64
	First int
	// OwnTime is the shortest a journey can take by itself: its pauses and
	// think times. Warm-up includes it.
	OwnTime time.Duration
	// MaxOpen ends a probe when that many connections are open. 0: no limit.
	MaxOpen int
	// Addresses is how many addresses of this machine load may leave from, to tell a
	// limit for each address from one for all. Under 2 it cannot be told.
	Addresses int
	// Quick searches less: no repeats, a wider bracket.
	Quick bool
	// Prefix goes before the stage in trial names ("form-" of an isolation run).
	Prefix string
}

// Trial is one trial a search has played.
type Trial struct {
	Spec    Spec
	Rate    float64 // offered on the plateau; of a probe, in its last segment
	Reading results.Reading
	// Flow is what came out while the load was on.
	Flow stats.Flow
	Time time.Duration // from its start to idle, or the end of its drain
	cut  bool          // ended for want of connections
}

// Why a search could not say; keys of the report's catalogue.
const (
	WhyDrift   = stats.WhyDrift
	WhySeeds   = stats.WhySeeds
	WhyWide    = stats.WhyWide
	WhyInvalid = stats.WhyInvalid // the generator's own gates failed, twice
	WhyNothing = stats.WhyNothing // nobody got in at any load
	WhyQuota   = "quota"          // a limiter caps: no breaking point
	WhyBlocked = "blocked"        // taken for an attacker
)

// Found is what a search found.
type Found struct {
	Trials []Trial
	// Plateaus are the indices into Trials of what Held is read from.
	Plateaus []int
	Held     stats.Bracket
	// Saturation is the goodput the target can sustain, Overload the goodput it
	// gave in the deepest overload seen.
	Saturation, Overload stats.Estimate
	Quota                *stats.Cap
	// Why is empty when Held is an answer.
	Why string
	// First is the criterion and Step the step that broke first, just above the
	// answer; "" when nothing broke.
	First, Step string
	// Control is the index of the control plateau in Trials and Controlled that
	// of the one it repeats; both -1 when there was none.
	Control, Controlled int
	// Settings are those the search used: a plateau's length may follow from the
	// capacity.
	Settings results.Settings
	// Search is the test time up to the repeats, Total all of it, drains included.
	Search, Total time.Duration
	// Next is the number of the next trial of the session.
	Next int
}
