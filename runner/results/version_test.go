package results

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestAnotherVersionIsNoCutRun: a recording this program cannot read must not
// be judged as a run in which nobody came.
func TestAnotherVersionIsNoCutRun(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	f, err := Create(dir, &Plan{Groups: []Group{{Persona: "eleve"}}, Intended: [][]uint32{{1}}, PlayTo: 1}, []byte("version: 1\n"))
	if err != nil {
		t.Fatal(err)
	}
	d := NewDelta(0)
	d.AddStart(Start{Sent: time.Millisecond})
	if err := errors.Join(f.Append(d), f.Close(Ended{How: EndedPlanned})); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, DeltaDir, deltaName(0))
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	b[2]++
	if err := os.WriteFile(file, b, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir); !errors.Is(err, errVersion) {
		t.Errorf("Open: %v; want %v", err, errVersion)
	}
}
