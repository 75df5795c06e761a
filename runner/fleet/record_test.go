package fleet

import (
	"bytes"
	"reflect"
	"strings"
	"testing"
)

func TestRecordRoundTrip(t *testing.T) {
	for _, r := range []Record{
		{Play: "p", Worker: 0, N: 1, Kind: RecordFrame, Body: []byte{0}},
		{Play: "20210406-085500-x7k2/3", Worker: MaxWorkers - 1, N: 1<<64 - 1, Kind: RecordEvent, Body: []byte(`{"kind":"x"}`)},
	} {
		b, err := EncodeRecord(r)
		if err != nil {
			t.Fatal(err)
		}
		got, err := DecodeRecord(b)
		if err != nil || !reflect.DeepEqual(got, r) {
			t.Errorf("DecodeRecord = %+v, %v; want %+v", got, err, r)
		}
	}
}

func TestRecordBounds(t *testing.T) {
	good := Record{Play: "p", N: 1, Kind: RecordFrame, Body: []byte{1}}
	for name, spoil := range map[string]func(*Record){
		"kind":        func(r *Record) { r.Kind = 3 },
		"number 0":    func(r *Record) { r.N = 0 },
		"worker":      func(r *Record) { r.Worker = MaxWorkers },
		"no play":     func(r *Record) { r.Play = "" },
		"long play":   func(r *Record) { r.Play = strings.Repeat("x", MaxPlayID+1) },
		"no body":     func(r *Record) { r.Body = nil },
		"large frame": func(r *Record) { r.Body = make([]byte, MaxRecordBody+1) },
		"large event": func(r *Record) { r.Kind, r.Body = RecordEvent, make([]byte, MaxEvent+1) },
	} {
		r := good
		spoil(&r)
		if _, err := EncodeRecord(r); err == nil {
			t.Errorf("%s: encoded", name)
		}
	}
}

func FuzzDecodeRecord(f *testing.F) {
	b, err := EncodeRecord(Record{Play: "p", Worker: 3, N: 7, Kind: RecordFrame, Body: []byte("frame")})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add(b[:len(b)-6])
	f.Add([]byte("FR"))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := DecodeRecord(b)
		if err != nil {
			return
		}
		again, err := EncodeRecord(r)
		if err != nil || !bytes.Equal(again, b) {
			t.Fatalf("EncodeRecord(DecodeRecord(%x)) = %x, %v", b, again, err)
		}
	})
}
