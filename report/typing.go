package report

import (
	"math"
	"time"
)

// longestTyping, in seconds: who types longer is not looked for.
const longestTyping = 3600

// lastClick is when the last person of the morning has typed what they had to,
// seconds after the start of the played window: half of all mornings have somebody
// later. A portal with room to spare has everybody in a moment after that. People
// type as long as the scenario says, the last of them as long as a trial lets them
// ([results.Plan.LastClicks]). 0 when nobody comes.
func (x *session) lastClick() float64 {
	end := len(x.curve)
	beyond := make([]float64, min(end+max(0, x.typing.to), longestTyping)+1)
	for i := range beyond {
		beyond[i] = x.sc.OwnTimeBeyond(time.Duration(i) * time.Second)
	}
	for t := end + max(0, x.typing.to); t > 0; t-- {
		late := 0.0
		for came := max(0, t-longestTyping); came < min(end, t); came++ {
			late += x.curve[came] * beyond[t-1-came]
		}
		if late*x.unhurried(t-1-end) > math.Ln2 {
			return float64(t)
		}
	}
	return 0
}

// unhurried is the part of those who still type so many seconds after the load that
// have not clicked yet.
func (x *session) unhurried(after int) float64 {
	if after < x.typing.from || x.typing.to <= x.typing.from {
		return 1
	}
	return float64(x.typing.to-after) / float64(x.typing.to-x.typing.from)
}
