package nulltarget

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"
	"time"

	"firstbell/runner"
)

func TestTapeRoundTrip(t *testing.T) {
	tape := tapeOf(answer{head: []byte("one"), filler: 7, close: true, wait: 50 * time.Millisecond}, answer{},
		answer{head: bytes.Repeat([]byte("x"), 3<<20)})
	var b bytes.Buffer
	n, err := tape.WriteTo(&b)
	if err != nil || n != int64(b.Len()) {
		t.Fatalf("%d of %d bytes, %v", n, b.Len(), err)
	}
	whole := bytes.Clone(b.Bytes())
	b.WriteString("after")
	got, err := ReadTape(&b)
	if err != nil {
		t.Fatal(err)
	}
	got.list[1].head = nil
	if got.key != tape.answers.key || !reflect.DeepEqual(got.list, tape.answers.list) {
		t.Error("not what was written")
	}
	for cut := range 60 { // every field of the beginning
		if _, err := ReadTape(bytes.NewReader(whole[:cut])); err == nil {
			t.Errorf("%d bytes are no tape", cut)
		}
	}
	whole[len(whole)/2] ^= 1
	if _, err := ReadTape(bytes.NewReader(whole)); err == nil {
		t.Error("a damaged tape was read")
	}
}

// TestTapeBounds: numbers out of bounds are refused before anything is read or
// made for them.
func TestTapeBounds(t *testing.T) {
	head := string(magic) + strings.Repeat("k", keySize)
	number := func(ns ...uint64) string {
		var b []byte
		for _, n := range ns {
			b = binary.AppendUvarint(b, n)
		}
		return string(b)
	}
	for name, in := range map[string]string{
		"answers":  head + number(maxAnswers+1),
		"flag":     head + number(1, 2),
		"wait":     head + number(1, 0, 51),
		"filler":   head + number(1, 0, 0, maxFiller+1),
		"answer":   head + number(1, 0, 0, 0, maxAnswer+1),
		"huge":     head + "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
		"version":  strings.Replace(head, "\x01", "\x02", 1) + number(0),
		"half":     head + number(1, 0, 0, 0, maxAnswer) + "short",
		"all full": head + number(maxAnswers) + strings.Repeat(number(0, 0, 0, maxAnswer), 3),
	} {
		if _, err := ReadTape(strings.NewReader(in)); err == nil {
			t.Errorf("%s: read", name)
		} else if strings.Contains(err.Error(), "kkk") {
			t.Errorf("%s: the error repeats the tape", name)
		}
	}
}

func TestTapeNotRecorded(t *testing.T) {
	if _, err := new(Tape).WriteTo(io.Discard); err == nil {
		t.Error("an empty tape was written")
	}
	tape := tapeOf(answer{head: make([]byte, 1<<20)})
	if _, err := tape.WriteTo(broken{}); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("a closed pipe: %v", err)
	}
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

func FuzzReadTape(f *testing.F) {
	var b bytes.Buffer
	tape := tapeOf(answer{head: []byte("HTTP/1.1 200 OK\r\n\r\n"), filler: 3, wait: time.Millisecond}, answer{close: true})
	if _, err := tape.WriteTo(&b); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Add(magic)
	f.Add([]byte("fbtape\x00\x0100000000000000000\xff\xff\xff\xff\x0f"))
	f.Fuzz(func(t *testing.T, in []byte) {
		got, err := ReadTape(bytes.NewReader(in))
		if err != nil {
			return
		}
		again := &Tape{answers: *got}
		var out bytes.Buffer
		if _, err := again.WriteTo(&out); err != nil {
			t.Fatal(err)
		}
		if read, err := ReadTape(&out); err != nil || !reflect.DeepEqual(read, got) {
			t.Errorf("not read again: %v", err)
		}
	})
}

// shipped is a tape as another machine reads it.
func shipped(t *testing.T, tape *Tape) *Tape {
	t.Helper()
	data, err := tape.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	again, err := UnmarshalTape(data)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []int{0, 1, len(data) / 2, len(data) - 1} {
		if _, err := UnmarshalTape(data[:n]); err == nil {
			t.Errorf("read a tape of its first %d bytes of %d", n, len(data))
		}
	}
	return again
}

// TestForeignTape: a script that names answers there are none of is no tape.
func TestForeignTape(t *testing.T) {
	tape := &Tape{walks: map[runner.Part]*walk{{}: {exact: map[uint64]*place{1: {answers: []int{3}}}}}, answers: Answers{key: newKey()}}
	data, err := tape.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := UnmarshalTape(data); err == nil {
		t.Error("read a tape whose places lead nowhere")
	}
	if _, err := UnmarshalTape([]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f}); err == nil {
		t.Error("read a tape without an end")
	}
}
