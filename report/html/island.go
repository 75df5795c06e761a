package html

import "slices"

// island is the data the time cursor reads: the timeline, in short.
func (b *builder) island() any {
	type line struct {
		Label string `json:"label"`
		N     []int  `json:"n"`
	}
	t := &b.s.Timeline
	out := struct {
		From  int    `json:"from"`
		Bin   int    `json:"bin"`
		To    int    `json:"to"`
		Lines []line `json:"lines"`
	}{t.From, t.Bin, b.s.Run.PlayTo, []line{{b.c.Text("intended"), t.Intended}}}
	for _, x := range stacked(t) {
		if slices.Max(append([]int{0}, x.n...)) > 0 {
			out.Lines = append(out.Lines, line{b.c.Outcome(b.s, x.outcome), x.n})
		}
	}
	return out
}
