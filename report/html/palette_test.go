package html

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// TestContrast computes WCAG 2.2 contrast for every colour of both schemes:
// 4.5 for text, 3 for graphics.
func TestContrast(t *testing.T) {
	css, err := assets.ReadFile("page/style.css")
	if err != nil {
		t.Fatal(err)
	}
	light, dark, _ := strings.Cut(string(css), "prefers-color-scheme:dark")
	schemes := map[string]map[string]string{"light": variables(light)}
	schemes["dark"] = variables(dark[:strings.Index(dark, "}}")])
	if len(schemes["light"]) < 20 || len(schemes["light"]) != len(schemes["dark"]) {
		t.Fatalf("%d colours in light, %d in dark", len(schemes["light"]), len(schemes["dark"]))
	}
	for name, v := range schemes {
		for _, p := range []struct {
			front, back string
			least       float64
		}{
			{"ink", "bg", 7}, {"muted", "bg", 4.5}, {"muted", "soft", 4.5}, {"link", "bg", 4.5}, {"ink", "soft", 7},
			{"ready", "bg", 4.5}, {"not", "bg", 4.5}, {"unsure", "bg", 4.5},
			{"ready", "ready-bg", 4.5}, {"not", "not-bg", 4.5}, {"unsure", "unsure-bg", 4.5},
			{"ink", "ready-bg", 7}, {"ink", "not-bg", 7}, {"ink", "unsure-bg", 7}, {"bg", "not", 4.5},
			{"got", "bg", 3}, {"wait", "bg", 3}, {"fail", "bg", 3}, {"tool", "bg", 3}, {"rule", "bg", 3}, {"focus", "bg", 3},
		} {
			if got := contrast(v[p.front], v[p.back]); got < p.least {
				t.Errorf("%s: %s on %s is %.2f:1, below %.1f", name, p.front, p.back, got, p.least)
			}
		}
		// The shades of the heat map go one way, from near the background on.
		for k := 2; k <= heatSteps; k++ {
			a, b := contrast(v["h"+strconv.Itoa(k-1)], v["bg"]), contrast(v["h"+strconv.Itoa(k)], v["bg"])
			if b <= a {
				t.Errorf("%s: shade %d does not stand out more than shade %d", name, k, k-1)
			}
		}
	}
}

func variables(css string) map[string]string {
	out := map[string]string{}
	for _, m := range regexp.MustCompile(`--([a-z0-9-]+):(#[0-9a-f]{3,6})`).FindAllStringSubmatch(css, -1) {
		out[m[1]] = m[2]
	}
	return out
}

func contrast(a, b string) float64 {
	x, y := luminance(a), luminance(b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

func luminance(hex string) float64 {
	hex = strings.TrimPrefix(hex, "#")
	if len(hex) == 3 {
		hex = string([]byte{hex[0], hex[0], hex[1], hex[1], hex[2], hex[2]})
	}
	sum := 0.0
	for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
		v, err := strconv.ParseUint(hex[2*i:2*i+2], 16, 8)
		if err != nil {
			return math.NaN()
		}
		c := float64(v) / 255
		if c <= 0.04045 {
			c /= 12.92
		} else {
			c = math.Pow((c+0.055)/1.055, 2.4)
		}
		sum += weight * c
	}
	return sum
}
