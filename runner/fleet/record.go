package fleet

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
)

// Record is one thing a worker has to say about a play. It travels signed (package
// keys) under the worker's own subject of the results stream, so that nobody can
// say it in another's name or repeat it as another's.
type Record struct {
	Play   string
	Worker uint32 // as in its frames
	N      uint64 // from 1, without gaps, over all kinds of one play and worker
	Kind   RecordKind
	Body   []byte
}

// RecordKind says what the body of a record is.
type RecordKind uint8

const (
	RecordFrame RecordKind = 1 // a frame of a delta file: a delta, or the end
	RecordEvent RecordKind = 2 // a results.Event as JSON
)

// Bounds of a record. A body has to fit the bus's largest message with room for
// the envelope.
const (
	MaxPlayID     = 200
	MaxRecordBody = 6 << 20
	MaxEvent      = 64 << 10

	recordHead    = 2 + 1 + 1 + 4 + 8 + 1
	recordVersion = 1
)

// ID names the record in the stream: the same record is stored once.
func (r Record) ID() string {
	return r.Play + "/" + strconv.FormatUint(uint64(r.Worker), 10) + "/" + strconv.FormatUint(r.N, 10)
}

// EncodeRecord gives a record's bytes, to be signed:
//
//	"FR" · version 1 · kind · worker u32 · number u64 · length of play u8 · play · body
//
// little-endian. The error says which bound was broken.
func EncodeRecord(r Record) ([]byte, error) {
	if err := r.check(); err != nil {
		return nil, fmt.Errorf("record %d: %w", r.N, err)
	}
	b := make([]byte, 0, recordHead+len(r.Play)+len(r.Body))
	b = append(b, 'F', 'R', recordVersion, byte(r.Kind))
	b = binary.LittleEndian.AppendUint32(b, r.Worker)
	b = binary.LittleEndian.AppendUint64(b, r.N)
	b = append(b, byte(len(r.Play)))
	b = append(b, r.Play...)
	return append(b, r.Body...), nil
}

// DecodeRecord reads what EncodeRecord gave. The bytes may be hostile. Body is a
// part of b.
func DecodeRecord(b []byte) (Record, error) {
	if len(b) < recordHead || b[0] != 'F' || b[1] != 'R' {
		return Record{}, errors.New("not a record")
	}
	if b[2] != recordVersion {
		return Record{}, fmt.Errorf("record of version %d, not %d", b[2], recordVersion)
	}
	n := int(b[recordHead-1])
	if len(b) < recordHead+n {
		return Record{}, errors.New("record cut short")
	}
	r := Record{
		Kind:   RecordKind(b[3]),
		Worker: binary.LittleEndian.Uint32(b[4:]),
		N:      binary.LittleEndian.Uint64(b[8:]),
		Play:   string(b[recordHead : recordHead+n]),
		Body:   b[recordHead+n:],
	}
	if err := r.check(); err != nil {
		return Record{}, fmt.Errorf("record: %w", err)
	}
	return r, nil
}

func (r Record) check() error {
	limit := MaxRecordBody
	switch r.Kind {
	case RecordFrame:
	case RecordEvent:
		limit = MaxEvent
	default:
		return fmt.Errorf("unknown kind %d", r.Kind)
	}
	switch {
	case r.N == 0:
		return errors.New("records are numbered from 1")
	case r.Worker >= MaxWorkers:
		return fmt.Errorf("worker %d of at most %d", r.Worker, MaxWorkers)
	case r.Play == "" || len(r.Play) > MaxPlayID:
		return fmt.Errorf("play id of %d bytes, 1 to %d are allowed", len(r.Play), MaxPlayID)
	case len(r.Body) == 0 || len(r.Body) > limit:
		return fmt.Errorf("body of %d bytes, 1 to %d are allowed", len(r.Body), limit)
	}
	return nil
}

// resultsSubject is where a worker's records go.
func resultsSubject(fleet, worker string) string { return subject(fleet, "res", worker) }
