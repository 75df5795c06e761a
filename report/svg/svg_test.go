package svg

import (
	"encoding/xml"
	"errors"
	"io"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

func near(t *testing.T, what string, got, want float64) {
	t.Helper()
	if math.Abs(got-want) > 1e-6 {
		t.Errorf("%s = %v; want %v", what, got, want)
	}
}

func TestScales(t *testing.T) {
	lin := Linear{0, 10, 100, 0}
	near(t, "linear middle", lin.At(5), 50)
	near(t, "linear over", lin.At(99), 0)
	near(t, "linear NaN", lin.At(math.NaN()), 100)
	log := Log{0.1, 10, 0, 200}
	near(t, "log middle", log.At(1), 100)
	near(t, "log zero", log.At(0), 0)
	near(t, "log infinity", log.At(math.Inf(1)), 200)
	clock := Clock{3600, 7200, 0, 60}
	near(t, "clock", clock.At(5400), 30)
	nines := Nines{0.999, 0, 300}
	for p, want := range map[float64]float64{0: 0, 0.9: 100, 0.99: 200, 0.999: 300, 1: 300} {
		near(t, "nines "+strconv.FormatFloat(p, 'g', -1, 64), nines.At(p), want)
	}
	near(t, "a domain without length", Linear{5, 5, 7, 9}.At(5), 7)
}

func TestTicks(t *testing.T) {
	if got := (Linear{0, 50, 0, 1}).Ticks(5); !slices.Equal(got, []float64{0, 10, 20, 30, 40, 50}) {
		t.Errorf("linear %v", got)
	}
	if got := (Linear{0, 0, 0, 1}).Ticks(5); got != nil {
		t.Errorf("no domain, ticks %v", got)
	}
	want := []float64{0.1, 0.3, 1, 3, 10, 30, 100}
	for i, v := range (Log{0.05, 120, 0, 1}).Ticks() {
		near(t, "log tick", v, want[i])
	}
	if got := (Clock{8*3600 + 58*60, 9*3600 + 60, 0, 1}).Ticks(4); !slices.Equal(got, []int{32280, 32340, 32400, 32460}) {
		t.Errorf("clock %v", got)
	}
	for span := 1; span < 200_000; span += 977 {
		got := (Clock{12_345, 12_345 + span, 0, 1}).Ticks(8)
		if len(got) > 8 {
			t.Fatalf("%d ticks over %d s", len(got), span)
		}
	}
	for v, want := range map[float64]float64{0.3: 0.5, 1: 1, 1.1: 2, 7: 10, 480: 500, 0: 1} {
		near(t, "Nice", Nice(v), want)
	}
}

func TestNumbersAreShort(t *testing.T) {
	for v, want := range map[float64]string{0: "0", -0.04: "0", 1.25: "1.3", 12: "12", -3.14159: "-3.1", math.Inf(1): "0", 100000.06: "100000.1"} {
		if got := Num(v); got != want {
			t.Errorf("Num(%v) = %s; want %s", v, got, want)
		}
	}
	if Num(math.NaN()) != "0" {
		t.Error("NaN is written")
	}
}

// wellFormed parses a drawing as XML, and refuses style attributes.
func wellFormed(t *testing.T, image string) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(image))
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatalf("%v in %s", err, image)
		}
		if e, ok := token.(xml.StartElement); ok {
			for _, a := range e.Attr {
				if a.Name.Local == "style" || strings.HasPrefix(a.Name.Local, "on") {
					t.Errorf("<%s %s>", e.Name.Local, a.Name.Local)
				}
			}
		}
	}
}

func TestImageIsNamedAndInert(t *testing.T) {
	c := New(100, 50)
	c.Text("tick", 10, 10, Start, `</text><script>alert("1")</script>`+"\x00\x01\xff")
	got := c.Image("f1", "a <b> & \"c\"", "what it shows")
	wellFormed(t, got)
	for _, want := range []string{`role="img"`, `viewBox="0 0 100 50"`, `aria-labelledby="f1-t"`, `aria-describedby="f1-d"`, `<title id="f1-t">`, `<desc id="f1-d">`} {
		if !strings.Contains(got, want) {
			t.Errorf("no %s in %s", want, got)
		}
	}
	if strings.Contains(got, "<script") {
		t.Error("a text became an element")
	}
	if o := New(2, 2).Ornament(); !strings.Contains(o, `aria-hidden="true"`) || strings.Contains(o, "role") {
		t.Errorf("an ornament speaks: %s", o)
	}
}

var placed = regexp.MustCompile(`x="([-0-9.]+)" y="[-0-9.]+"(?: text-anchor="(\w+)")?>([^<]*)<`)

// TestTextStaysInside writes texts of every length at every place.
func TestTextStaysInside(t *testing.T) {
	for _, a := range []Anchor{Start, Middle, End} {
		for x := -50.0; x <= 250; x += 12.5 {
			for n := range 60 {
				c := New(200, 20)
				c.Text("", x, 10, a, strings.Repeat("é", n))
				m := placed.FindStringSubmatch(c.Image("i", "t", "d"))
				at, err := strconv.ParseFloat(m[1], 64)
				if err != nil {
					t.Fatal(err)
				}
				left := c.left(at, a, m[3])
				if left < -0.1 || left+c.Width(m[3]) > c.W+0.1 {
					t.Fatalf("%d characters at %v (%s) lie from %v to %v", n, x, a, left, left+c.Width(m[3]))
				}
			}
		}
	}
}

func TestShorten(t *testing.T) {
	c := New(200, 20)
	if got := c.Shorten("abcdefghij", c.Width("abcde")+0.1); got != "ab…ij" {
		t.Errorf("%q", got)
	}
	if got := c.Shorten("abc", 1000); got != "abc" {
		t.Errorf("%q", got)
	}
}

func TestShapes(t *testing.T) {
	c := New(100, 100)
	Area(c, "a", []float64{0, 10, 20, 30, 40}, []float64{50, 50, 50, 50}, []float64{40, 40, 50, 30})
	Steps(c, "s", []float64{0, 10, 20, 30}, []float64{5, 5, 9}, func(i int) bool { return i != 1 })
	Line(c, "l", []Point{{0, 0}, {10, 10}, {math.NaN(), 0}, {20, 20}})
	Cells(c, []string{"c1", "c2"}, []Box{{0, 0, 1, 1}, {1, 1, 1, 1}, {2, 2, 0, 1}}, func(i int) int { return i % 2 })
	Bar(c, Linear{0, 1, 0, 100}, 0, 10, []Piece{{"p1", 0.5, "50 %"}, {"p2", 0.01, "1 %"}})
	Dots(c, "d", []Dot{{X: 5, Lo: 3, Hi: 8, Y: 4}})
	Cross(c, "x", 5, 5, 3)
	Strip(c, []float64{0, 20, 40, 41}, 0, 10, []Cell{{"ok", "✓"}, {"ok", "✓"}, {"bad", "✗"}})
	got := c.Image("i", "t", "d")
	wellFormed(t, got)
	for _, want := range []string{
		`<path class="a" d="M0 40H20V50H0ZM30 30H40V50H30Z"/>`, // the bin without height is a gap
		`<path class="s" d="M0 5H10M20 9H30"/>`,
		`<path class="l" d="M0 0L10 10M20 20h0.1"/>`,
		`<path class="c1" d="M0 0h1v1h-1z"/><path class="c2" d="M1 1h1v1h-1z"/>`,
		`>50 %</text>`, `<circle class="d" cx="5" cy="4" r="5"/>`, `M2 5h6M5 2v6`,
		`<rect class="ok" x="0" y="0" width="39" height="10"/>`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %s in %s", want, got)
		}
	}
	for _, no := range []string{">1 %<", "✗"} {
		if strings.Contains(got, no) {
			t.Errorf("there is no room for %s", no)
		}
	}
	if n := strings.Count(got, "✓"); n != 2 {
		t.Errorf("%d ticks in two cells", n)
	}
}

func TestFrame(t *testing.T) {
	c := New(200, 100)
	f := Frame{X: 20, Y: 10, W: 160, H: 60}
	f.Rows(c, []Tick{{10, "5"}, {70, "0"}})
	f.Columns(c, []Tick{{20, "08:00"}, {30, "08:01"}, {120, "08:10"}}, true)
	f.Unplayed(c, 150, "")
	f.Unplayed(c, 180, "nothing left")
	f.Base(c)
	got := c.Image("i", "t", "d")
	wellFormed(t, got)
	if strings.Contains(got, "08:01") {
		t.Error("a label touches the one before it")
	}
	if !strings.Contains(got, "08:10") || strings.Count(got, `class="unplayed"`) != 1 {
		t.Error(got)
	}
}
