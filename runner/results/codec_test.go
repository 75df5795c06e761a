package results

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

var testLimits = Limits{Groups: 3, Steps: 2, Hosts: 1}

// sameDelta compares what deltas counted, not the memory they keep.
var sameDelta = cmp.Options{
	cmpopts.IgnoreFields(Delta{}, "free"),
	cmpopts.EquateEmpty(),
	cmp.AllowUnexported(Delta{}, Hist{}),
}

// randomDelta is one second of a random morning.
func randomDelta(seed uint64) *Delta {
	h := newHistory(seed, 1+int(seed*13%300), 3, 8)
	d := NewDelta(0)
	for s := range 6 {
		h.tick(d, s)
	}
	d.Seq, d.Written = 1, 5
	return d
}

func TestFrameRoundTrip(t *testing.T) {
	enc, dec, into := NewEncoder(testLimits), NewDecoder(testLimits), NewDelta(9)
	for seed := range uint64(40) {
		d := randomDelta(seed)
		frame, err := enc.Append([]byte("x"), d)
		if err != nil {
			t.Fatal(err)
		}
		frame = frame[1:]
		f, n, err := dec.Next(append(bytes.Clone(frame), 1, 2, 3), into)
		if err != nil || n != len(frame) || f.Seq != 1 || f.Delta != into {
			t.Fatalf("read %d of %d: %v", n, len(frame), err)
		}
		if diff := cmp.Diff(d, into, sameDelta); diff != "" {
			t.Fatal(diff)
		}
		again, err := NewEncoder(testLimits).Append(nil, into)
		if err != nil || !bytes.Equal(again, frame) {
			t.Fatalf("the same delta gave other bytes (%v)", err)
		}
	}
}

func TestMergeIsExactInAnyOrder(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 3))
	var parts []*Delta
	for seed := range uint64(6) {
		d := randomDelta(seed)
		clear(d.Signs) // their texts may fold in another order
		d.texts = 0
		d.Health, d.Gauges = nil, nil
		parts = append(parts, d)
	}
	var first *Delta
	for range 5 {
		sum := NewDelta(0)
		for _, i := range rng.Perm(len(parts)) {
			sum.Merge(parts[i])
		}
		if first == nil {
			first = sum
		} else if diff := cmp.Diff(first, sum, sameDelta); diff != "" {
			t.Fatal(diff)
		}
	}
	if first.Empty() || !NewDelta(1).Empty() {
		t.Error("Empty is wrong")
	}
	first.Reset()
	if diff := cmp.Diff(NewDelta(0), first, sameDelta); diff != "" || !first.Empty() {
		t.Errorf("Reset left something: %s", diff)
	}
}

func TestEncoderRefusesIndexesBeyondThePlan(t *testing.T) {
	for name, add := range map[string]func(*Delta){
		"group": func(d *Delta) { d.AddStart(Start{Group: 3}) },
		"step":  func(d *Delta) { d.AddStep(Sample{Step: 2, Outcome: InTime}) },
		"host":  func(d *Delta) { d.AddHop(Hop{Host: 1}) },
	} {
		d := NewDelta(0)
		add(d)
		if _, err := NewEncoder(testLimits).Append(nil, d); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestCallersMistakesStayReadable(t *testing.T) {
	d := NewDelta(0)
	d.AddAttempt(Attempt{Group: -1, Intended: -time.Second, Outcome: 200, Reason: 200})
	d.AddPerson(Person{Outcome: NoOutcome, MidWorkLoss: 99, Attempts: -4, Waited: -1, OwnTime: math.MaxInt64})
	d.AddStep(Sample{Step: -1, Intended: math.MaxInt64, Outcome: 77})
	d.AddHop(Hop{Number: 3000, Status: -7, BytesIn: -1, Queued: -1, Body: math.MaxInt64})
	d.AddSign(Sign{Text: strings.Repeat("é\n\xff", 500), Outcome: Error, At: -5})
	d.AddHealth(Health{Second: -3, CPU: math.NaN(), Descriptors: -1, Hiccup: -1})
	d.AddGauge(Gauge{Second: -1})
	frame, err := NewEncoder(testLimits).Append(nil, d)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := NewDecoder(testLimits).Next(frame, NewDelta(0)); err != nil {
		t.Error(err)
	}
}

func TestSeriesAreBounded(t *testing.T) {
	d := NewDelta(0)
	total := uint64(0)
	for step := range 100 {
		for number := range 10 {
			for host := range 7 {
				d.AddHop(Hop{Step: step, Number: number, Host: host, Status: 100 + step, FirstByte: time.Second, Body: time.Second})
				total++
			}
		}
	}
	if len(d.Hops) > maxHopSeries+int(phases) || len(d.Sent) > maxHopCells+20 {
		t.Errorf("%d hop series, %d cells", len(d.Hops), len(d.Sent))
	}
	var hops, cells uint64
	for _, h := range d.Hops {
		hops += h.Count()
	}
	for _, c := range d.Sent {
		cells += c.N
	}
	if hops != 2*total || cells != total {
		t.Errorf("%d phases and %d exchanges of %d kept", hops, cells, total)
	}
	for i := range 5000 {
		d.AddSign(Sign{Step: i % 50, Status: 100 + i%900, Outcome: Error, Text: strings.Repeat("x", i%999)})
	}
	var signs uint64
	for _, c := range d.Signs {
		signs += c.N
	}
	if len(d.Signs) > 2*maxSigns+int(reasons) || signs != 5000 {
		t.Errorf("%d signatures, %d counted", len(d.Signs), signs)
	}
}

func TestDecoderErrors(t *testing.T) {
	frame, err := NewEncoder(testLimits).Append(nil, randomDelta(4))
	if err != nil {
		t.Fatal(err)
	}
	dec, d := NewDecoder(testLimits), NewDelta(0)
	for n := range frame {
		if _, _, err := dec.Next(frame[:n], d); !errors.Is(err, ErrTorn) {
			t.Fatalf("cut at %d: %v", n, err)
		}
	}
	for i := range frame {
		bad := bytes.Clone(frame)
		bad[i] ^= 0x10
		if _, _, err := dec.Next(bad, d); err == nil {
			t.Fatalf("byte %d changed and not noticed", i)
		}
	}
	if _, _, err := NewDecoder(Limits{1, 2, 1}).Next(frame, d); err == nil || !strings.Contains(err.Error(), "group") {
		t.Errorf("group beyond the plan: %v", err)
	}
}

// seal makes a sound frame around any payload, so that fuzzing reaches it.
func seal(kind frameKind, packing byte, rawLen int, stored []byte) []byte {
	b := append([]byte{'F', 'B', frameVersion, byte(kind), packing}, make([]byte, 8)...)
	binary.LittleEndian.PutUint32(b[5:], uint32(len(stored)))
	binary.LittleEndian.PutUint32(b[9:], uint32(rawLen))
	b = append(b, stored...)
	return binary.LittleEndian.AppendUint32(b, crc32.Checksum(b, crcTable))
}

func TestDecoderBoundsMemory(t *testing.T) {
	// A payload that announces as much as it may, everywhere.
	huge := bytes.Repeat([]byte{0xff, 0xff, 0xff, 0xff, 0x0f}, 20)
	dec, d := NewDecoder(testLimits), NewDelta(0)
	n := testing.AllocsPerRun(1, func() {
		for cut := range huge {
			dec.Next(seal(frameDelta, packStored, len(huge)-cut, huge[cut:]), d)
		}
		dec.Next(seal(frameDelta, packFlate, maxRaw, huge), d)
	})
	if n > 2000 {
		t.Errorf("%v allocations", n)
	}
	if _, _, err := dec.Next(seal(frameDelta, packFlate, maxRatio*len(huge)+1, huge), d); err == nil || !strings.Contains(err.Error(), "packing") {
		t.Errorf("a frame that unpacks to more than %d times its size: %v", maxRatio, err)
	}
}

func FuzzDecode(f *testing.F) {
	for seed := range uint64(4) {
		frame, err := NewEncoder(testLimits).Append(nil, randomDelta(seed))
		if err != nil {
			f.Fatal(err)
		}
		_, raw, _, err := NewDecoder(testLimits).open(frame)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(bytes.Clone(raw), byte(frameDelta))
		f.Add(frame, byte(0))
	}
	f.Add([]byte("\x00\x01{\"how\":\"planned\"}"), byte(frameEnd))
	f.Fuzz(func(t *testing.T, b []byte, kind byte) {
		if kind != 0 { // else b is a frame of its own
			b = seal(frameKind(kind), packStored, len(b), b)
		}
		d := NewDelta(0)
		frame, n, err := NewDecoder(testLimits).Next(b, d)
		if err != nil {
			return
		}
		if n > len(b) {
			t.Fatalf("read %d of %d bytes", n, len(b))
		}
		if frame.Delta == nil {
			return
		}
		// What was accepted can be merged, written and read again.
		sum := NewDelta(0)
		sum.Merge(d)
		sum.Merge(d)
		again, err := NewEncoder(testLimits).Append(nil, d)
		if err != nil {
			t.Fatal(err)
		}
		back := NewDelta(0)
		if _, _, err := NewDecoder(testLimits).Next(again, back); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(d, back, sameDelta); diff != "" {
			t.Fatal(diff)
		}
	})
}
