package nulltarget

import (
	"bufio"
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"time"

	"firstbell/runner"
)

// Bounds of a tape.
const (
	maxAnswers = 20_000
	maxAnswer  = 16 << 20  // bytes kept of one answer
	maxTape    = 256 << 20 // bytes kept in all
	maxFiller  = 64 << 20  // bytes of one answer that hold nothing, sent and not kept
	keySize    = 16
)

var magic = []byte("fbtape\x00\x01")

// Tape is what was recorded. It is read-only after [Record]; a nil or empty one
// replays nothing.
type Tape struct {
	// Accounts is the account everybody of a persona plays as, by persona id,
	// for runner.Config.Pinned.
	Accounts map[string]int
	// Seed is the recording's: random values repeat under it.
	Seed uint64

	walks   map[runner.Part]*walk
	answers Answers
}

// Answers is the part of a tape that a server needs.
type Answers struct {
	key  string // lower-case hexadecimal; a client must know it
	list []answer
}

// answer is one recorded answer, ready to be written.
type answer struct {
	head   []byte        // status line, header and body as far as it is kept; empty: close without an answer
	filler int           // bytes of body that hold nothing, sent after head
	close  bool          // the connection is closed afterwards
	wait   time.Duration // before it is written, whole milliseconds
}

// newKey draws a tape's key.
func newKey() string {
	var b [keySize]byte
	_, _ = rand.Read(b[:]) // never fails (crypto/rand)
	return hex.EncodeToString(b[:])
}

// Len is the number of exchanges on the tape.
func (t *Tape) Len() int { return len(t.answers.list) }

// WriteTo writes what a server needs: for a pipe, never for a disk.
func (t *Tape) WriteTo(w io.Writer) (int64, error) {
	c := &counter{w: bufio.NewWriterSize(w, 64<<10), sum: crc32.NewIEEE()}
	c.write(magic)
	key, err := hex.DecodeString(t.answers.key)
	if err != nil || len(key) != keySize {
		return 0, errors.New("write tape: no recording")
	}
	c.write(key)
	c.number(len(t.answers.list))
	for i := range t.answers.list {
		a := &t.answers.list[i]
		closes := 0
		if a.close {
			closes = 1
		}
		c.number(closes)
		c.number(int(a.wait / time.Millisecond))
		c.number(a.filler)
		c.number(len(a.head))
		c.write(a.head)
	}
	var sum [4]byte
	binary.LittleEndian.PutUint32(sum[:], c.sum.Sum32())
	c.write(sum[:])
	if c.err == nil {
		c.err = c.w.Flush()
	}
	if c.err != nil {
		return c.n, fmt.Errorf("write tape: %w", c.err)
	}
	return c.n, nil
}

// counter writes, sums and remembers the first error.
type counter struct {
	w   *bufio.Writer
	sum interface {
		io.Writer
		Sum32() uint32
	}
	n   int64
	err error
}

func (c *counter) write(b []byte) {
	if c.err != nil {
		return
	}
	_, _ = c.sum.Write(b)
	n, err := c.w.Write(b)
	c.n, c.err = c.n+int64(n), err
}

func (c *counter) number(n int) {
	c.write(binary.AppendUvarint(nil, uint64(n)))
}

// errTape is a tape that cannot be read. It never repeats what was in it.
var errTape = errors.New("not a tape of this version")

// ReadTape reads what [Tape.WriteTo] wrote, and nothing after it when r is an
// [io.ByteReader] (a bufio.Reader is). Anything else is an error: bytes out of
// bounds are not read.
func ReadTape(r io.Reader) (*Answers, error) {
	br, ok := r.(*bufio.Reader)
	if !ok {
		br = bufio.NewReader(r)
	}
	d := &summed{r: br, sum: crc32.NewIEEE()}
	a, err := d.answers()
	if err != nil {
		return nil, fmt.Errorf("read tape: %w", err)
	}
	return a, nil
}

// summed reads and sums.
type summed struct {
	r   *bufio.Reader
	sum interface {
		io.Writer
		Sum32() uint32
	}
}

func (d *summed) answers() (*Answers, error) {
	head := make([]byte, len(magic)+keySize)
	if err := d.full(head); err != nil {
		return nil, err
	}
	if string(head[:len(magic)]) != string(magic) {
		return nil, errTape
	}
	out := &Answers{key: hex.EncodeToString(head[len(magic):])}
	n, err := d.number(maxAnswers)
	if err != nil {
		return nil, err
	}
	left := maxTape
	for range n {
		a, err := d.answer(left)
		if err != nil {
			return nil, err
		}
		left -= len(a.head)
		out.list = append(out.list, a)
	}
	want := d.sum.Sum32()
	var sum [4]byte
	if err := d.full(sum[:]); err != nil {
		return nil, err
	}
	if binary.LittleEndian.Uint32(sum[:]) != want {
		return nil, errors.New("damaged")
	}
	return out, nil
}

func (d *summed) answer(left int) (a answer, err error) {
	closes, err := d.number(1)
	if err != nil {
		return a, err
	}
	a.close = closes == 1
	wait, err := d.number(int(longestWait / time.Millisecond))
	if err != nil {
		return a, err
	}
	a.wait = time.Duration(wait) * time.Millisecond
	if a.filler, err = d.number(maxFiller); err != nil {
		return a, err
	}
	n, err := d.number(min(maxAnswer, left))
	if err != nil {
		return a, err
	}
	a.head, err = d.bytes(n)
	return a, err
}

// bytes reads n bytes piece by piece: a length that lies costs what was sent.
func (d *summed) bytes(n int) ([]byte, error) {
	const piece = 1 << 20
	b := make([]byte, 0, min(n, piece))
	for len(b) < n {
		from := len(b)
		b = append(b, make([]byte, min(n-from, piece))...)
		if err := d.full(b[from:]); err != nil {
			return nil, err
		}
	}
	return b, nil
}

func (d *summed) full(b []byte) error {
	if _, err := io.ReadFull(d.r, b); err != nil {
		return io.ErrUnexpectedEOF
	}
	_, _ = d.sum.Write(b)
	return nil
}

func (d *summed) number(limit int) (int, error) {
	n, err := binary.ReadUvarint(byteReader{d})
	switch {
	case err != nil:
		return 0, io.ErrUnexpectedEOF
	case n > uint64(limit):
		return 0, errTape
	}
	return int(n), nil
}

type byteReader struct{ d *summed }

func (b byteReader) ReadByte() (byte, error) {
	var one [1]byte
	err := b.d.full(one[:])
	return one[0], err
}
