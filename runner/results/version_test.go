package results

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
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

// TestVersion2IsRead: a recording from before the time inside steps was kept is
// read as it was, without that time.
func TestVersion2IsRead(t *testing.T) {
	d := oneOfEach()
	d.Seq = 1
	c := coder{version: oldVersion, limits: Limits{Groups: 2, Steps: 2, Hosts: 1}}
	if c.delta(d); c.err != nil {
		t.Fatal(c.err)
	}
	b := seal(frameDelta, packStored, len(c.b), c.b)
	b[2] = oldVersion
	b = binary.LittleEndian.AppendUint32(b[:len(b)-frameTail], crc32.Checksum(b[:len(b)-frameTail], crcTable))
	got := NewDelta(0)
	if _, _, err := NewDecoder(c.limits).Next(b, got); err != nil {
		t.Fatal(err)
	}
	clear(d.Spent)
	d.Gauges[0].Inside = 0
	if diff := cmp.Diff(d, got, sameDelta); diff != "" {
		t.Error(diff)
	}
}
