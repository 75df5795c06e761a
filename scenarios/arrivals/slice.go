package arrivals

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

// Slice is the part of the ids one worker plays: id mod Modulus == Residue and
// id >= From. The zero value is everybody. A lost worker's slice can be split
// among the others by multiplying the modulus.
type Slice struct {
	Residue, Modulus, From uint32
}

// ParseSlice reads "w/W" with 0 ≤ w < W: part w of W equal parts.
func ParseSlice(text string) (Slice, error) {
	w, of, found := strings.Cut(text, "/")
	residue, err1 := strconv.ParseUint(w, 10, 32)
	modulus, err2 := strconv.ParseUint(of, 10, 32)
	if !found || err1 != nil || err2 != nil || residue >= modulus {
		return Slice{}, fmt.Errorf("slice %q is not w/W with 0 <= w < W, such as 3/7", text)
	}
	return Slice{Residue: uint32(residue), Modulus: uint32(modulus)}, nil
}

// Has reports whether an id belongs to the slice.
func (s Slice) Has(id uint32) bool {
	return id >= s.From && (s.Modulus == 0 || id%s.Modulus == s.Residue)
}

// Arrivals are the intended arrivals of a slice, sorted by (At, ID). The slice
// returned must not be changed.
func (s *Schedule) Arrivals(part Slice) []Arrival {
	if part.Modulus <= 1 && part.Residue == 0 && part.From == 0 {
		return s.arrivals[:len(s.arrivals):len(s.arrivals)]
	}
	var out []Arrival
	for _, a := range s.arrivals {
		if part.Has(a.ID) {
			out = append(out, a)
		}
	}
	return out
}

// Digest is the SHA-256, in hex, of the lines of everybody as [WriteLines]
// writes them.
func (s *Schedule) Digest() string {
	h := sha256.New()
	_ = WriteLines(h, s.arrivals) // a hash never fails
	return hex.EncodeToString(h.Sum(nil))
}

// WriteLines writes one line "µs id" per arrival, in the order given: what
// plan --slice prints and what the digest covers. Lines of several slices,
// sorted numerically by both columns, are those of their union.
func WriteLines(w io.Writer, list []Arrival) error {
	const chunk = 1 << 15
	buf := make([]byte, 0, chunk+64)
	for _, a := range list {
		buf = strconv.AppendInt(buf, a.At.Microseconds(), 10)
		buf = append(buf, ' ')
		buf = strconv.AppendUint(buf, uint64(a.ID), 10)
		buf = append(buf, '\n')
		if len(buf) < chunk {
			continue
		}
		if _, err := w.Write(buf); err != nil {
			return fmt.Errorf("writing the schedule: %w", err)
		}
		buf = buf[:0]
	}
	if _, err := w.Write(buf); err != nil {
		return fmt.Errorf("writing the schedule: %w", err)
	}
	return nil
}

// PerSecond counts the arrivals of each second of the played window by group:
// PerSecond(f)[group][second]. groupOf gives the group of a cohort, from 0; nil
// puts everybody in group 0. A last second that is not whole counts as one.
func (s *Schedule) PerSecond(groupOf func(cohort int) int) [][]uint32 {
	groups := make([]int, s.lines)
	highest := 0
	if groupOf != nil {
		for c := range groups {
			groups[c] = groupOf(c)
			highest = max(highest, groups[c])
		}
	}
	seconds := int((s.play + time.Second - 1) / time.Second)
	out := make([][]uint32, highest+1)
	for g := range out {
		out[g] = make([]uint32, seconds)
	}
	for _, a := range s.arrivals {
		out[groups[a.Cohort]][a.At/time.Second]++
	}
	return out
}

// PeakSecond is the busiest second of the played window and its arrivals; the
// first one of several.
func (s *Schedule) PeakSecond() (second int, n uint32) {
	for i, c := range s.PerSecond(nil)[0] {
		if c > n {
			second, n = i, c
		}
	}
	return second, n
}
