package bus

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"firstbell/runner/fleet"
	"firstbell/runner/fleet/keys"
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

// TestRepliesStayAtHome: the server answers stored messages and direct gets to any
// address that the sender names, and nobody judges its right to write there. What a
// worker stores it can have sent so, byte for byte.
func TestRepliesStayAtHome(t *testing.T) {
	h := newHouse(t, 2)
	boss := h.boss(t)
	f, res := h.roster.Fleet, resultsStream(h.roster.Fleet)
	if err := boss.Put(soon(t), "w001", "accounts", []byte("secret")); err != nil {
		t.Fatal(err)
	}
	w1 := h.worker(t, 1)
	if err := w1.Append(soon(t), resultsSubject(f, "w001"), "1", []byte("kept")); err != nil {
		t.Fatal(err)
	}
	heard := make(chan string, 1000)
	for _, c := range []*keys.Credentials{&h.workers[1], &h.roster.Coordinator} {
		nc, _ := h.raw(t, c)
		for _, s := range []string{"fb." + f + ".down.w001.>", "fb." + f + ".all.>", "fb." + f + ".up.>", "_INBOX." + f + ".w001.x", "_INBOX." + f + ".coordinator.x"} {
			if _, err := nc.Subscribe(s, func(m *nats.Msg) { heard <- m.Subject + ": " + string(m.Data) }); err != nil {
				t.Fatal(err)
			}
		}
		if err := nc.Flush(); err != nil {
			t.Fatal(err)
		}
	}
	nc, _ := h.raw(t, &h.workers[0])
	own := "OBJ_" + bucketName(f, "w001")
	for body, replies := range map[string][]string{
		"": {"$JS.API.STREAM.DELETE." + res, "$JS.API.STREAM.DELETE." + own, "$JS.API.STREAM.PURGE." + own},
		`{"stream_name":"` + res + `","config":{"deliver_subject":"_INBOX.` + f + `.w000.x","ack_policy":"none"}}`: {"$JS.API.CONSUMER.CREATE." + res},
		"a lie": {resultsSubject(f, "w001"), "fb." + f + ".up.w001.beat", "fb." + f + ".down.w001.order", "fb." + f + ".down.w001.tick",
			"fb." + f + ".all.stop", "_INBOX." + f + ".w001.x", "_INBOX." + f + ".coordinator.x", metaSubject(bucketName(f, "w001"), "YWNjb3VudHM=")},
	} {
		for _, reply := range replies {
			for _, m := range []*nats.Msg{
				{Subject: resultsSubject(f, "w000"), Reply: reply, Data: []byte(body)},
				{Subject: directGet(res, resultsSubject(f, "w000")), Reply: reply},
				{Subject: "fb." + f + ".up.w000.clock", Reply: reply},
			} {
				if err := nc.PublishMsg(m); err != nil {
					t.Fatal(err)
				}
			}
			if err := nc.Flush(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if got := stored(t, boss, "w001", 2*time.Second); len(got) != 1 || got[0] != "kept" {
		t.Errorf("the results of w001 are %q", got)
	}
	if got, err := w1.Get(soon(t), "w001", "accounts"); err != nil || string(got) != "secret" {
		t.Errorf("the object of w001: %q, %v", got, err)
	}
	for cons := range boss.consumersOf(t, res) {
		t.Errorf("a consumer of the results: %v", cons)
	}
	for len(heard) > 0 {
		if s := <-heard; !strings.HasPrefix(s, "fb."+f+".up.w000.clock") {
			t.Errorf("heard %s", s)
		}
	}
}

// consumersOf are the names of a stream's consumers, but for the ordered ones of the
// coordinator's own reading.
func (c *Conn) consumersOf(t *testing.T, stream string) map[string]bool {
	t.Helper()
	s, err := c.js.Stream(soon(t), stream)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]bool{}
	for info := range s.ListConsumers(soon(t)).Info() {
		if info.Config.DeliverSubject != "" {
			out[info.Name] = true
		}
	}
	return out
}

// TestEveryWorkerOfALargeFleetIsHeard: the coordinator listens to each by itself.
func TestEveryWorkerOfALargeFleetIsHeard(t *testing.T) {
	const workers = 300
	h := newHouse(t, workers)
	boss := connect(t, Config{Server: h.Server, Credentials: &h.roster.Coordinator})
	heard := make(chan string, 1)
	for _, name := range h.names() {
		cancel, err := boss.Subscribe("fb."+h.roster.Fleet+".up."+name+".*", func(m fleet.Message) { heard <- m.Subject })
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		defer cancel()
	}
	last := "fb." + h.roster.Fleet + ".up." + keys.WorkerName(workers-1) + ".beat"
	if err := h.worker(t, workers-1).Publish(last, []byte("here")); err != nil {
		t.Fatal(err)
	}
	select {
	case got := <-heard:
		if got != last {
			t.Errorf("heard %s", got)
		}
	case <-time.After(5 * time.Second):
		t.Error("the last worker is not heard")
	}
}

var _ fleet.Barrer = (*Conn)(nil)

// TestBarredWorkerStoresNothing, and all others do; what it had stored stays.
func TestBarredWorkerStoresNothing(t *testing.T) {
	h := newHouse(t, 3)
	boss := h.boss(t)
	f := h.roster.Fleet
	put := func(i int, id string) error {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		return h.worker(t, i).Append(ctx, resultsSubject(f, keys.WorkerName(i)), id, []byte(id))
	}
	if err := errors.Join(put(0, "a"), put(1, "b")); err != nil {
		t.Fatal(err)
	}
	if err := boss.Bar(soon(t), "w001"); err != nil {
		t.Fatal(err)
	}
	if put(1, "c") == nil {
		t.Error("a barred worker stores")
	}
	if err := errors.Join(put(0, "d"), put(2, "e")); err != nil {
		t.Error(err)
	}
	if err := errors.Join(boss.Bar(soon(t), "w000"), boss.Bar(soon(t), "w002")); err != nil {
		t.Error(err)
	}
	for worker, want := range map[string]int{"w000": 2, "w001": 1, "w002": 1} {
		if got := stored(t, boss, worker, 300*time.Millisecond); len(got) != want {
			t.Errorf("of %s is stored %q", worker, got)
		}
	}
}
