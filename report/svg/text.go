package svg

import "unicode/utf8"

// Anchor says which point of a text its x is.
type Anchor string

const (
	Start  Anchor = "start"
	Middle Anchor = "middle"
	End    Anchor = "end"
)

// perCharacter is the width reserved for a character, in em: wider than nearly
// every letter and digit of the system fonts.
const perCharacter = 0.62

// Width is the room a text reserves.
func (c *Canvas) Width(s string) float64 {
	return perCharacter * c.Font * float64(utf8.RuneCountInString(s))
}

// Text writes a text with its baseline at y. It is moved sideways when it would
// leave the viewBox, and shortened in its middle when it is wider than that.
func (c *Canvas) Text(class string, x, y float64, a Anchor, s string) {
	s = c.Shorten(s, c.W)
	left := c.left(x, a, s)
	switch w := c.Width(s); {
	case left < 0:
		x -= left
	case left+w > c.W:
		x -= left + w - c.W
	}
	c.b.WriteString(`<text class="` + class + `" x="` + Num(x) + `" y="` + Num(y) + `"`)
	if a != Start {
		c.b.WriteString(` text-anchor="` + string(a) + `"`)
	}
	c.b.WriteString(`>` + escape(s) + `</text>`)
}

func (c *Canvas) left(x float64, a Anchor, s string) float64 {
	switch a {
	case Middle:
		return x - c.Width(s)/2
	case End:
		return x - c.Width(s)
	}
	return x
}

// Shorten cuts the middle out of a text that is wider than room.
func (c *Canvas) Shorten(s string, room float64) string {
	r := []rune(s)
	most := int(room / (perCharacter * c.Font))
	if len(r) <= most {
		return s
	}
	if most < 2 {
		return ""
	}
	head := most / 2
	return string(r[:head]) + "…" + string(r[len(r)-(most-1-head):])
}
