package results

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"strings"
	"time"
)

const (
	maxFleetFile = 64 << 20
	maxFleet     = 10_000 // workers
	maxLosses    = 10 * maxFleet
	maxReadings  = 100_000 // of one worker's clock: a week's
)

// ReadFleet reads fleet.json in a run folder. The error is [fs.ErrNotExist] when
// the run was played by one process.
func ReadFleet(dir string) (*Fleet, error) {
	b, err := readBounded(filepath.Join(dir, FleetFile), maxFleetFile)
	if err != nil {
		return nil, err
	}
	f := new(Fleet)
	if err := json.Unmarshal(b, f); err != nil {
		return nil, fmt.Errorf("%s: %w", FleetFile, err)
	}
	if err := f.check(); err != nil {
		return nil, fmt.Errorf("%s: %w", FleetFile, err)
	}
	return f, nil
}

func encodeFleet(f *Fleet) ([]byte, error) {
	if err := f.check(); err != nil {
		return nil, err
	}
	b, err := json.MarshalIndent(f, "", " ")
	if err == nil && len(b) >= maxFleetFile {
		err = fmt.Errorf("%s of %d MiB", FleetFile, len(b)>>20)
	}
	return append(b, '\n'), err
}

// check refuses what no coordinator writes; the same before writing and after
// reading.
func (f *Fleet) check() error {
	if major, _, _ := strings.Cut(f.Schema, "."); major != "1" {
		return fmt.Errorf("schema %q is not known", f.Schema)
	}
	if len(f.Workers) > maxFleet || len(f.Losses) > maxLosses || len(f.Outages) > maxLosses {
		return errors.New("too many workers, losses or outages")
	}
	if f.Stop != nil && len(f.Stop.Missing) > maxFleet {
		return errors.New("too many workers missing at the stop")
	}
	known := map[uint32]bool{}
	for i, w := range f.Workers {
		if i > 0 && w.ID <= f.Workers[i-1].ID || w.ID >= maxFleet {
			return fmt.Errorf("worker %d out of order", w.ID)
		}
		if w.People < 0 || len(w.Slices) > maxLosses || len(w.Clock) > maxReadings || !(w.CPUs >= 0 && w.CPUs < math.MaxInt32) {
			return fmt.Errorf("worker %d: numbers that cannot be", w.ID)
		}
		known[w.ID] = true
	}
	for _, l := range f.Losses {
		if err := l.check(known); err != nil {
			return err
		}
	}
	return nil
}

func (l *Loss) check(known map[uint32]bool) error {
	if !known[l.Worker] {
		return fmt.Errorf("worker %d was lost and is not known", l.Worker)
	}
	if l.Due < 0 || len(l.Takers) > maxFleet {
		return fmt.Errorf("loss of worker %d: numbers that cannot be", l.Worker)
	}
	for _, t := range l.Takers {
		if !known[t.Worker] || t.People < 0 || len(t.Slices) > maxLosses {
			return fmt.Errorf("loss of worker %d: taken over by worker %d", l.Worker, t.Worker)
		}
	}
	return nil
}

// until is the first whole second that begins at or after an offset.
func until(d time.Duration) int32 {
	s := SecondOf(d)
	if d > time.Duration(s)*time.Second {
		s++
	}
	return s
}
