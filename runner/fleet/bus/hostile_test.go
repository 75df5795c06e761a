package bus

import (
	"context"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// stored are all records of one worker, as the coordinator reads them.
func stored(t *testing.T, boss *Conn, worker string, wait time.Duration) (list []string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), wait)
	defer cancel()
	of := resultsSubject(boss.fleet, worker)
	if err := boss.Consume(ctx, func(subject string, data []byte) error {
		if subject == of {
			list = append(list, string(data))
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return list
}

// TestNobodyTakesAnothersID: ids of records can be foretold, and the server's memory
// of them is one for all subjects. A worker that stores something of its own under
// another's next id must not have that one's record taken for stored.
func TestNobodyTakesAnothersID(t *testing.T) {
	h := newHouse(t, 2)
	boss := h.boss(t)
	nc, _ := h.raw(t, &h.workers[0])
	_, err := nc.RequestMsg(&nats.Msg{Subject: resultsSubject(h.roster.Fleet, "w000"), Data: []byte("mine"),
		Header: nats.Header{jetstream.MsgIDHeader: {"play/1/1"}}}, 5*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	honest := h.worker(t, 1)
	if err := honest.Append(soon(t), resultsSubject(h.roster.Fleet, "w001"), "play/1/1", []byte("record")); err != nil {
		t.Fatal(err)
	}
	if got := stored(t, boss, "w001", time.Second); len(got) != 1 || got[0] != "record" {
		t.Errorf("acknowledged, and stored is %q", got)
	}
}
