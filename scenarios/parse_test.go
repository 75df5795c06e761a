package scenarios

import (
	"testing"

	"firstbell/scenarios/presets"
)

func TestPresetsParse(t *testing.T) {
	for _, p := range presets.List() {
		b, err := presets.Read(p.Name)
		if err != nil {
			t.Fatal(err)
		}
		sc, err := Parse(b, Options{Name: p.Name, SkipFiles: true})
		if err != nil {
			t.Errorf("%s: %v", p.Name, err)
			continue
		}
		if len(sc.Journeys) == 0 || len(sc.Personas) == 0 || len(sc.Population) == 0 {
			t.Errorf("%s: incomplete: %+v", p.Name, sc)
		}
	}
}
