package presets

import (
	"embed"
	"fmt"
)

//go:embed *.yaml profiles/*.yaml
var files embed.FS

// Preset is one scenario to start from.
type Preset struct {
	Name string // as given to Read
	Line string // what it is, in one line
}

// List names the scenarios that Read gives, in the order to show them.
func List() []Preset {
	return []Preset{
		{"entcore", "an ENT of the entcore family (Île-de-France, Paris, Hauts-de-France…): script-drawn pages, quota on GET /auth/login"},
		{"cas", "a portal behind an Apereo CAS server: one-time token, service ticket"},
		{"empty", "a commented file with every part and nothing decided"},
	}
}

// Profiles names the mornings that storm.profile knows, in the order to show
// them.
func Profiles() []Preset {
	return []Preset{
		{"2020-03-16", "16 March 2020, first morning of the first closing of schools: half the pupils, crush from 08:50 to 09:00"},
		{"2021-04-06", "6 April 2021, first morning of the second: 40 % of pupils, 90 % of teachers, down at 09:02"},
		{"monday", "a normal Monday: the baseline to compare with"},
	}
}

// Read gives a preset scenario as YAML.
func Read(name string) ([]byte, error) { return read(name+".yaml", name, List()) }

// ReadProfile gives a profile as YAML: the mapping that stands under storm,
// without the key profile.
func ReadProfile(name string) ([]byte, error) {
	return read("profiles/"+name+".yaml", name, Profiles())
}

func read(file, name string, known []Preset) ([]byte, error) {
	for _, p := range known {
		if p.Name == name {
			return files.ReadFile(file)
		}
	}
	return nil, fmt.Errorf("no preset %q", name)
}
