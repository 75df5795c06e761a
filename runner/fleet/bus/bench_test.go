package bus

import (
	"fmt"
	"testing"

	"firstbell/runner/fleet/keys"
)

// BenchmarkAppend is one worker's records of a usual size, each on disk before the
// next.
func BenchmarkAppend(b *testing.B) {
	h := newHouse(b, 1)
	h.boss(b)
	w := h.worker(b, 0)
	data := make([]byte, 16<<10)
	b.SetBytes(int64(len(data)))
	i := 0
	for b.Loop() {
		if err := w.Append(b.Context(), resultsSubject(h.roster.Fleet, "w000"), fmt.Sprint(i), data); err != nil {
			b.Fatal(err)
		}
		i++
	}
}

// BenchmarkServe starts a server, connects inside the process and makes a fleet's
// stream, then stops.
func BenchmarkServe(b *testing.B) {
	roster, _, _, err := keys.Generate(keys.Options{Workers: 1})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		s, err := Serve(ServerConfig{Roster: roster, Store: b.TempDir()})
		if err != nil {
			b.Fatal(err)
		}
		c, err := Connect(b.Context(), Config{Server: s, Credentials: &roster.Coordinator})
		if err != nil {
			b.Fatal(err)
		}
		if err := c.Setup(b.Context(), []string{"w000"}, 0); err != nil {
			b.Fatal(err)
		}
		c.Close()
		s.Close()
	}
}
