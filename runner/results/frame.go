package results

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
)

// A delta file is a row of frames. A frame is
//
//	"FB" · version 3 · kind · packing · stored length u32 · raw length u32 · stored bytes · CRC-32C u32
//
// little-endian; the CRC covers all that stands before it. The payload is
// varints in a fixed order, keys sorted: the same delta gives the same bytes,
// which can be sent, signed and recognised as duplicates. Frames of version 2,
// which had no time inside steps, are still read.
const (
	frameVersion = 3
	oldVersion   = 2
	frameHead    = 2 + 1 + 1 + 1 + 4 + 4
	frameTail    = 4
	maxRaw       = 16 << 20
	maxRatio     = 8 // raw ÷ stored: beyond it a frame is stored as it is
	smallFrame   = 256
)

type frameKind uint8

const (
	frameDelta frameKind = 1
	frameEnd   frameKind = 2 // payload: worker, sequence number, Ended as JSON
)

const (
	packStored uint8 = iota
	packFlate
)

var crcTable = crc32.MakeTable(crc32.Castagnoli)

// ErrTorn says that bytes end before their frame does: a write was cut.
var ErrTorn = errors.New("torn frame")

// Encoder turns deltas into frames. It reuses its memory; it is not safe for
// concurrent use.
type Encoder struct {
	limits Limits
	c      coder
	packed bytes.Buffer
	flate  *flate.Writer
}

// NewEncoder gives an encoder that refuses indexes beyond the limits.
func NewEncoder(l Limits) *Encoder { return &Encoder{limits: l} }

// Append appends the delta's frame to dst.
func (e *Encoder) Append(dst []byte, d *Delta) ([]byte, error) {
	e.c = coder{b: e.c.b[:0], version: frameVersion, limits: e.limits}
	e.c.delta(d)
	if e.c.err != nil {
		return dst, fmt.Errorf("delta %d of worker %d: %w", d.Seq, d.Worker, e.c.err)
	}
	return e.frame(dst, frameDelta, e.c.b)
}

// AppendEnd appends the last frame of a worker's file.
func (e *Encoder) AppendEnd(dst []byte, worker uint32, seq uint64, end Ended) ([]byte, error) {
	text, err := json.Marshal(end)
	if err != nil {
		return dst, fmt.Errorf("end of run: %w", err)
	}
	raw := binary.AppendUvarint(nil, uint64(worker))
	raw = binary.AppendUvarint(raw, seq)
	return e.frame(dst, frameEnd, append(raw, text...))
}

func (e *Encoder) frame(dst []byte, kind frameKind, raw []byte) ([]byte, error) {
	if len(raw) > maxRaw {
		return dst, fmt.Errorf("frame of %d bytes, at most %d are allowed", len(raw), maxRaw)
	}
	packing, stored := packStored, raw
	if len(raw) > smallFrame {
		packed, err := e.pack(raw)
		if err != nil {
			return dst, err
		}
		if len(packed) < len(raw) && len(raw) <= maxRatio*len(packed) {
			packing, stored = packFlate, packed
		}
	}
	from := len(dst)
	dst = append(dst, 'F', 'B', frameVersion, byte(kind), packing)
	dst = binary.LittleEndian.AppendUint32(dst, uint32(len(stored)))
	dst = binary.LittleEndian.AppendUint32(dst, uint32(len(raw)))
	dst = append(dst, stored...)
	return binary.LittleEndian.AppendUint32(dst, crc32.Checksum(dst[from:], crcTable)), nil
}

func (e *Encoder) pack(raw []byte) ([]byte, error) {
	e.packed.Reset()
	if e.flate == nil {
		w, err := flate.NewWriter(&e.packed, flate.BestSpeed)
		if err != nil {
			return nil, err
		}
		e.flate = w
	} else {
		e.flate.Reset(&e.packed)
	}
	if _, err := e.flate.Write(raw); err != nil {
		return nil, err
	}
	if err := e.flate.Close(); err != nil {
		return nil, err
	}
	return e.packed.Bytes(), nil
}

// Decoder reads frames. Their bytes may be damaged or hostile: nothing panics,
// and no frame takes memory out of proportion to its length. It is not safe
// for concurrent use.
type Decoder struct {
	limits Limits
	flate  io.ReadCloser
	raw    []byte
}

// NewDecoder gives a decoder that refuses indexes beyond the limits.
func NewDecoder(l Limits) *Decoder { return &Decoder{limits: l} }

// Frame is what one frame says: exactly one of its parts is set.
type Frame struct {
	Worker uint32
	Seq    uint64
	Delta  *Delta // the one given to Next
	End    *Ended
}

// Next reads the first frame of b into d, which is reset first, and gives the
// number of bytes the frame has. The error is [ErrTorn] when b ends before the
// frame does, another when the frame is damaged.
func (r *Decoder) Next(b []byte, d *Delta) (Frame, int, error) {
	kind, raw, n, err := r.open(b)
	if err != nil {
		return Frame{}, 0, err
	}
	if kind == frameEnd {
		f, err := readEnd(raw)
		return f, n, err
	}
	d.Reset()
	c := coder{b: raw, version: b[2], reading: true, limits: r.limits}
	if c.delta(d); c.err == nil && len(c.b) > 0 {
		c.fail("%d bytes too many", len(c.b))
	}
	if c.err != nil {
		d.Reset()
		return Frame{}, 0, fmt.Errorf("delta frame: %w", c.err)
	}
	return Frame{Worker: d.Worker, Seq: d.Seq, Delta: d}, n, nil
}

var errNoNumber = errors.New("frame without a number")

func errOther(worker uint32) error { return fmt.Errorf("frame of worker %d", worker) }

// errVersion is a frame of another version of the format.
var errVersion = fmt.Errorf("recorded in another version of the format than %d or %d", oldVersion, frameVersion)

// open checks a frame's head and CRC and gives its raw payload, valid until
// the next call.
func (r *Decoder) open(b []byte) (kind frameKind, raw []byte, n int, err error) {
	if len(b) < frameHead {
		return 0, nil, 0, ErrTorn
	}
	if b[0] != 'F' || b[1] != 'B' {
		return 0, nil, 0, errors.New("not a frame")
	}
	if b[2] < oldVersion || b[2] > frameVersion {
		return 0, nil, 0, errVersion
	}
	kind, packing := frameKind(b[3]), b[4]
	stored, size := int(binary.LittleEndian.Uint32(b[5:])), int(binary.LittleEndian.Uint32(b[9:]))
	if stored > maxRaw || size > maxRaw || (kind != frameDelta && kind != frameEnd) {
		return 0, nil, 0, errors.New("damaged frame head")
	}
	n = frameHead + stored + frameTail
	if len(b) < n {
		return 0, nil, 0, ErrTorn
	}
	if crc32.Checksum(b[:n-frameTail], crcTable) != binary.LittleEndian.Uint32(b[n-frameTail:]) {
		return 0, nil, 0, errors.New("damaged frame: wrong CRC")
	}
	raw, err = r.unpack(packing, b[frameHead:frameHead+stored], size)
	return kind, raw, n, err
}

// isSound reports whether b begins with a frame as somebody wrote it, readable
// here or not: its length and CRC are right, or it is of another version.
func (r *Decoder) isSound(b []byte) bool {
	_, _, _, err := r.open(b)
	return err == nil || errors.Is(err, errVersion)
}

func (r *Decoder) unpack(packing uint8, stored []byte, size int) ([]byte, error) {
	switch {
	case packing == packStored && size == len(stored):
		return stored, nil
	case packing != packFlate || size > maxRatio*len(stored):
		return nil, errors.New("damaged frame: packing")
	}
	src := bytes.NewReader(stored)
	if r.flate == nil {
		r.flate = flate.NewReader(src)
	} else if err := r.flate.(flate.Resetter).Reset(src, nil); err != nil {
		return nil, fmt.Errorf("damaged frame: %w", err)
	}
	if cap(r.raw) < size {
		r.raw = make([]byte, size)
	}
	r.raw = r.raw[:size]
	if _, err := io.ReadFull(r.flate, r.raw); err != nil {
		return nil, fmt.Errorf("damaged frame: %w", err)
	}
	if n, _ := r.flate.Read(make([]byte, 1)); n > 0 {
		return nil, errors.New("damaged frame: longer than it says")
	}
	return r.raw, nil
}

func readEnd(raw []byte) (Frame, error) {
	worker, n := binary.Uvarint(raw)
	if n <= 0 || worker > 1<<32-1 {
		return Frame{}, errors.New("damaged end frame")
	}
	raw = raw[n:]
	seq, n := binary.Uvarint(raw)
	if n <= 0 {
		return Frame{}, errors.New("damaged end frame")
	}
	end := new(Ended)
	if err := json.Unmarshal(raw[n:], end); err != nil {
		return Frame{}, errors.New("damaged end frame: not JSON")
	}
	return Frame{Worker: uint32(worker), Seq: seq, End: end}, nil
}
