package bus

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"firstbell/runner/fleet"
	"firstbell/runner/fleet/keys"
)

// house is a server with everybody's credentials.
type house struct {
	*Server
	roster   *keys.Roster
	workers  []keys.Credentials
	operator keys.Credentials
	store    string
}

func newHouse(t testing.TB, workers int, hosts ...string) *house {
	t.Helper()
	h := &house{store: t.TempDir()}
	var err error
	h.roster, h.workers, h.operator, err = keys.Generate(keys.Options{Workers: workers, Hosts: hosts, Now: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	h.Server, err = Serve(ServerConfig{Roster: h.roster, Store: h.store, Name: "test"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.Server.Close() })
	return h
}

// boss connects the coordinator and sets the fleet up.
func (h *house) boss(t testing.TB) *Conn {
	t.Helper()
	c := connect(t, Config{Server: h.Server, Credentials: &h.roster.Coordinator})
	if err := c.Setup(t.Context(), h.names(), 0); err != nil {
		t.Fatal(err)
	}
	return c
}

func (h *house) names() (names []string) {
	for _, w := range h.roster.Workers {
		names = append(names, w.Name)
	}
	return names
}

func (h *house) worker(t testing.TB, i int) *Conn {
	t.Helper()
	return connect(t, Config{URL: h.URL(), Credentials: &h.workers[i]})
}

func connect(t testing.TB, conf Config) *Conn {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	c, err := Connect(ctx, conf)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func soon(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// inbox collects messages.
type inbox chan fleet.Message

func (b inbox) take(t testing.TB) fleet.Message {
	t.Helper()
	select {
	case m := <-b:
		return m
	case <-time.After(5 * time.Second):
		t.Fatal("no message came")
		panic("unreachable")
	}
}

func listen(t testing.TB, c *Conn, subject string) inbox {
	t.Helper()
	b := make(inbox, 100)
	cancel, err := c.Subscribe(subject, func(m fleet.Message) { b <- m })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cancel)
	return b
}

func TestConversation(t *testing.T) {
	h := newHouse(t, 2, "127.0.0.1")
	boss, w := h.boss(t), h.worker(t, 1)
	sub := func(rest string) string { return "fb." + h.roster.Fleet + "." + rest }

	up := listen(t, boss, sub("up.w001.beat"))
	if err := w.Publish(sub("up.w001.beat"), []byte("alive")); err != nil {
		t.Fatal(err)
	}
	if m := up.take(t); string(m.Data) != "alive" || m.Reply != nil {
		t.Errorf("the coordinator heard %q", m.Data)
	}

	cancel, err := w.Subscribe(sub("down.w001.order"), func(m fleet.Message) { _ = m.Reply(append([]byte("re: "), m.Data...)) })
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if answer, err := boss.Request(soon(t), sub("down.w001.order"), []byte("order")); err != nil || string(answer) != "re: order" {
			t.Errorf("an order: %q, %v", answer, err)
		}
	}
	cancel()
	if err := w.Flush(soon(t)); err != nil {
		t.Fatal(err)
	}
	if _, err := boss.Request(soon(t), sub("down.w001.order"), nil); !errors.Is(err, ErrNotFound) {
		t.Errorf("an order nobody listens to: %v", err)
	}

	stop := listen(t, w, sub("all.stop"))
	if err := errors.Join(boss.Publish(sub("all.stop"), []byte("now")), boss.Flush(soon(t))); err != nil {
		t.Fatal(err)
	}
	if m := stop.take(t); string(m.Data) != "now" {
		t.Errorf("the worker heard %q", m.Data)
	}
}

func TestObjects(t *testing.T) {
	h := newHouse(t, 1)
	boss, w := h.boss(t), h.worker(t, 0)
	big := make([]byte, 3*objectChunk+17)
	_, _ = rand.Read(big)
	for name, data := range map[string][]byte{"accounts": big, "empty": {}, "a.b-c_d": []byte("x")} {
		if err := boss.Put(soon(t), "w000", name, data); err != nil {
			t.Fatal(err)
		}
		if got, err := w.Get(soon(t), "w000", name); err != nil || !bytes.Equal(got, data) {
			t.Errorf("Get %s = %d bytes, %v", name, len(got), err)
		}
	}
	if err := boss.Put(soon(t), "w000", "accounts", []byte("others")); err != nil {
		t.Fatal(err)
	}
	if got, err := w.Get(soon(t), "w000", "accounts"); err != nil || string(got) != "others" {
		t.Errorf("after replacing: %d bytes, %v", len(got), err)
	}
	if err := boss.Delete(soon(t), "w000", "accounts"); err != nil {
		t.Error(err)
	}
	time.AfterFunc(200*time.Millisecond, func() { _ = boss.Put(soon(t), "w000", "late", []byte("late")) })
	if got, err := w.Get(soon(t), "w000", "late"); err != nil || string(got) != "late" { // as from a replica that lags behind
		t.Errorf("getting what comes: %q, %v", got, err)
	}
	brief, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	for what, err := range map[string]error{
		"getting what was deleted": second(w.Get(soon(t), "w000", "accounts")),
		"getting what never was":   second(w.Get(brief, "w000", "nothing")),
		"deleting what is not":     boss.Delete(soon(t), "w000", "nothing"),
		"a bucket that is not":     boss.Put(soon(t), "w999", "x", nil),
	} {
		if !errors.Is(err, ErrNotFound) {
			t.Errorf("%s: %v", what, err)
		}
	}
	for _, bad := range []string{"", "a b", "a*", ">", "../x", ".x"} {
		if err := boss.Put(soon(t), "w000", bad, nil); err == nil {
			t.Errorf("an object called %q was stored", bad)
		}
		if _, err := w.Get(soon(t), "w0*", "x"); err == nil || errors.Is(err, ErrNotFound) {
			t.Errorf("a bucket with a wildcard: %v", err)
		}
	}
}

func second[T any](_ T, err error) error { return err }

// collect consumes n records.
func collect(t testing.TB, c *Conn, n int) []string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var got []string
	err := c.Consume(ctx, func(subject string, data []byte) error {
		got = append(got, string(data))
		if len(got) == n {
			cancel()
		}
		return nil
	})
	if err != nil || len(got) < n {
		t.Fatalf("consumed %d of %d records, %v", len(got), n, err)
	}
	return got
}

func TestAppendAndConsume(t *testing.T) {
	h := newHouse(t, 2)
	boss := h.boss(t)
	var wg sync.WaitGroup
	for i := range 2 {
		w := h.worker(t, i)
		wg.Go(func() {
			for n := range 50 {
				subject, id := resultsSubject(h.roster.Fleet, keys.WorkerName(i)), fmt.Sprintf("p.%d.%d", i, n)
				for range 2 { // the second time changes nothing
					if err := w.Append(soon(t), subject, id, []byte(id)); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	wg.Wait()
	last := map[byte]int{'0': -1, '1': -1}
	for _, id := range collect(t, boss, 100) {
		var i byte
		var n int
		if _, err := fmt.Sscanf(id, "p.%c.%d", &i, &n); err != nil || n != last[i]+1 {
			t.Errorf("%s after %d", id, last[i])
		}
		last[i] = n
	}
	stop := errors.New("stop")
	if err := boss.Consume(soon(t), func(string, []byte) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("Consume with a failing function: %v", err)
	}
}

// A retry that comes after the server has forgotten the id is not stored twice.
func TestAppendLateRetry(t *testing.T) {
	h := newHouse(t, 1)
	boss := h.boss(t)
	subject := resultsSubject(h.roster.Fleet, "w000")
	// A server that remembers ids for a moment only.
	stream, err := boss.js.Stream(soon(t), resultsStream(h.roster.Fleet))
	if err != nil {
		t.Fatal(err)
	}
	conf := stream.CachedInfo().Config
	conf.Duplicates = 100 * time.Millisecond
	if _, err := boss.js.UpdateStream(soon(t), conf); err != nil {
		t.Fatal(err)
	}
	w := h.worker(t, 0)
	if err := errors.Join(w.Append(soon(t), subject, "1", []byte("one")), w.Append(soon(t), subject, "2", []byte("two"))); err != nil {
		t.Fatal(err)
	}
	time.Sleep(300 * time.Millisecond) // the server's clock, not ours

	// The acknowledgement of 2 was lost: this process knows of 1 only.
	late := &tail{known: true, seq: 1}
	if err := w.tryAppend(soon(t), late, subject, "2", []byte("two")); err == nil || late.known {
		t.Errorf("a retry on an old tail: %v", err)
	}
	if err := w.tryAppend(soon(t), late, subject, "2", []byte("two")); err != nil {
		t.Errorf("the retry after looking: %v", err)
	}
	// Another process of the same worker, which knows nothing.
	again := h.worker(t, 0)
	if err := errors.Join(again.Append(soon(t), subject, "2", []byte("two")), again.Append(soon(t), subject, "3", []byte("three"))); err != nil {
		t.Fatal(err)
	}
	if got := collect(t, boss, 3); fmt.Sprint(got) != "[one two three]" {
		t.Errorf("stored %v", got)
	}
	info, err := stream.Info(soon(t))
	if err != nil || info.State.Msgs != 3 {
		t.Errorf("the stream holds %d messages, %v", info.State.Msgs, err)
	}
}

func TestPace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPace(100, 200)
		count := func(who string, n int) (allowed int) {
			for range n {
				if p.allow(who, time.Now()) {
					allowed++
				}
			}
			return allowed
		}
		if got := count("w000", 1000); got != 200 {
			t.Errorf("a burst of 1000: %d allowed; want 200", got)
		}
		if got := count("w001", 10); got != 10 {
			t.Errorf("another worker: %d allowed of 10", got)
		}
		time.Sleep(time.Second)
		if got := count("w000", 1000); got != 100 {
			t.Errorf("a second later: %d allowed; want 100", got)
		}
		time.Sleep(time.Hour)
		if got := count("w000", 1000); got != 200 {
			t.Errorf("an hour later: %d allowed; want 200", got)
		}
	})
}

func TestReplyTo(t *testing.T) {
	for subject, want := range map[string]string{
		"fb.f.up.w001.hello":   "_INBOX.f.w001.",
		"fb.f.down.w001.order": "_INBOX.f.coordinator.",
		"fb.f.all.stop":        "_INBOX.f.coordinator.",
		"fb.f.op.status":       "_INBOX.f.operator.",
		"fb.f.res.w001":        "",
		"fb.g.up.w001.hello":   "",
		"":                     "",
	} {
		if got := replyTo("f", subject); got != want {
			t.Errorf("replyTo(%s) = %q; want %q", subject, got, want)
		}
	}
}
