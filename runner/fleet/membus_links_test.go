package fleet

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestMemBusLinks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newMemBus()
		defer b.close()
		w, c := b.connect("w000"), b.connect("coordinator")
		var mu sync.Mutex
		var got []string
		cancel, err := c.Subscribe("fb.F.up.*.beat", func(m Message) {
			mu.Lock()
			got = append(got, string(m.Data))
			mu.Unlock()
		})
		if err != nil {
			t.Fatal(err)
		}
		say := func(s string) {
			w.Publish("fb.F.up.w000.beat", []byte(s))
			time.Sleep(time.Second)
		}
		say("plain")
		l := b.link("w000")
		l.cut()
		say("lost")
		l.stall()
		say("late")
		l.heal()
		l.duplicate(2)
		say("twice")
		cancel()
		say("unheard")
		mu.Lock()
		defer mu.Unlock()
		want := []string{"plain", "late", "twice", "twice"}
		if len(got) != len(want) {
			t.Fatalf("heard %q, want %q", got, want)
		}
		for i := range want {
			if got[i] != want[i] {
				t.Fatalf("heard %q, want %q", got, want)
			}
		}
	})
}

func TestMemBusRequestAndStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newMemBus()
		defer b.close()
		w, c := b.connect("w000"), b.connect("coordinator")
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		if _, err := w.Request(ctx, "fb.F.up.w000.clock", nil); err == nil {
			t.Fatal("an answer from nobody")
		}
		c.Subscribe("fb.F.up.*.clock", func(m Message) { m.Reply(append(m.Data, '!')) })
		b.link("w000").delay(30*time.Millisecond, 5*time.Millisecond)
		from := time.Now()
		if a, err := w.Request(ctx, "fb.F.up.w000.clock", []byte("?")); err != nil || string(a) != "?!" {
			t.Fatalf("Request = %q, %v", a, err)
		}
		if took := time.Since(from); took != 35*time.Millisecond {
			t.Errorf("the way there and back took %v, want 35ms", took)
		}
		b.link("w000").cut()
		time.AfterFunc(time.Minute, b.link("w000").heal)
		from = time.Now()
		for range 2 {
			if err := w.Append(ctx, "fb.F.res.w000", "id", []byte("r")); err != nil {
				t.Fatal(err)
			}
		}
		if took := time.Since(from); took < time.Minute {
			t.Errorf("Append returned after %v, while the line was cut", took)
		}
		if n := len(b.stored()); n != 1 {
			t.Errorf("%d records of one id", n)
		}
	})
}
