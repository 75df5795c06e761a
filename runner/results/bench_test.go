package results

import (
	"testing"
	"time"
)

// noAllocs asserts that adding costs no memory once a delta has seen a second
// like this one.
func noAllocs(t *testing.T, what string, d *Delta, add func(i int)) {
	t.Helper()
	second := func() {
		for i := range 500 {
			add(i)
		}
		d.Reset()
	}
	for range 3 {
		second()
	}
	if n := testing.AllocsPerRun(20, second); n > 0 {
		t.Errorf("%s: %.1f allocations in 500 samples", what, n)
	}
}

func samples(d *Delta) map[string]func(i int) {
	at := func(i int) time.Duration { return time.Duration(i%20) * time.Second }
	took := func(i int) time.Duration { return time.Duration(1+i*7919%9000) * time.Millisecond }
	return map[string]func(i int){
		"AddStart": func(i int) { d.AddStart(Start{Group: i % 8, Intended: at(i), Sent: at(i) + took(i)/1000}) },
		"AddAttempt": func(i int) {
			d.AddAttemptStart(i%8, at(i))
			d.AddAttempt(Attempt{Group: i % 8, Intended: at(i), Outcome: Late})
		},
		"AddPerson": func(i int) {
			d.AddPerson(Person{Group: i % 8, Intended: at(i), Outcome: InTime, TimeToClass: took(i), OwnTime: time.Second, Attempts: 2})
		},
		"AddStep": func(i int) {
			d.AddStep(Sample{Step: i % 8, Intended: at(i), Sent: at(i), Done: at(i) + took(i), Outcome: InTime})
		},
		"AddHop": func(i int) {
			d.AddHop(Hop{Step: i % 8, Number: i % 3, Status: 200, Intended: at(i), Connect: took(i), FirstByte: took(i), Body: took(i)})
		},
		"AddSign": func(i int) {
			d.AddSign(Sign{Step: i % 8, Status: 503, Outcome: Error, Reason: ReasonBackendDown, Text: "Service indisponible", At: at(i)})
		},
	}
}

func TestRecordingDoesNotAllocate(t *testing.T) {
	d := NewDelta(0)
	for name, add := range samples(d) {
		noAllocs(t, name, d, add)
	}
}

func BenchmarkDelta(b *testing.B) {
	for _, name := range []string{"AddStart", "AddAttempt", "AddPerson", "AddStep", "AddHop", "AddSign"} {
		b.Run(name, func(b *testing.B) {
			d := NewDelta(0)
			add := samples(d)[name]
			for i := range 20_000 { // two seconds like the measured ones
				if i%10_000 == 0 {
					d.Reset()
				}
				add(i % 10_000)
			}
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				if i++; i%10_000 == 0 {
					d.Reset()
				}
				add(i % 10_000)
			}
		})
	}
}

func BenchmarkFrame(b *testing.B) {
	d, enc, dec, into := NewDelta(0), NewEncoder(Limits{8, 8, 1}), NewDecoder(Limits{8, 8, 1}), NewDelta(0)
	for i := range 5_000 {
		for _, add := range samples(d) {
			add(i)
		}
	}
	var buf []byte
	b.Run("encode", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			var err error
			if buf, err = enc.Append(buf[:0], d); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(len(buf)), "bytes")
	})
	b.Run("decode", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, _, err := dec.Next(buf, into); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("merge", func(b *testing.B) {
		total := NewDelta(0)
		b.ReportAllocs()
		for b.Loop() {
			total.Health, total.Gauges = total.Health[:0], total.Gauges[:0]
			total.Merge(into)
		}
	})
}
