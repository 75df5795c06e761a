package bus

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"firstbell/runner/fleet"
	"firstbell/runner/fleet/keys"
)

// raw is a client without this package's manners.
func (h *house) raw(t testing.TB, c *keys.Credentials) (*nats.Conn, chan error) {
	t.Helper()
	public, sign, err := c.NKey()
	if err != nil {
		t.Fatal(err)
	}
	refused := make(chan error, 100)
	opts := []nats.Option{
		nats.Nkey(public, sign), nats.CustomInboxPrefix(inboxPrefix(c.Fleet, c.Name)),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { refused <- err }),
	}
	if c.Authority != "" {
		conf, err := c.ClientTLS()
		if err != nil {
			t.Fatal(err)
		}
		opts = append(opts, nats.Secure(conf))
	}
	nc, err := nats.Connect(h.URL(), opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	return nc, refused
}

// wasRefused asks the server to judge what was sent before.
func wasRefused(t testing.TB, nc *nats.Conn, refused chan error) bool {
	t.Helper()
	if err := nc.Flush(); err != nil {
		t.Fatal(err)
	}
	for wait := 200 * time.Millisecond; ; {
		select {
		case err := <-refused:
			if errors.Is(err, nats.ErrPermissionViolation) {
				return true
			}
		case <-time.After(wait):
			return false
		}
	}
}

// Each row is tried, not read from a table of permissions. F, B: fleet and bucket.
func TestWorkerMayNot(t *testing.T) {
	h := newHouse(t, 3)
	boss := h.boss(t)
	if err := boss.Put(soon(t), "w002", "accounts", []byte("secret")); err != nil {
		t.Fatal(err)
	}
	f := h.roster.Fleet
	res, own, other := resultsStream(f), bucketStream(bucketName(f, "w001")), bucketStream(bucketName(f, "w002"))
	for _, subject := range []string{
		"fb.F.up.w002.beat", "fb.F.up.w002.hello", "fb.F.up.coordinator.x", "fb.F.res.w002", "fb.F.res.w001.x", "fb.F.res",
		"fb.F.down.w001.order", "fb.F.down.w002.tick", "fb.F.all.stop", "fb.F.op.stop", "fb.F.op.status", "fb.other.up.w001.beat",
		"_INBOX.F.w002.x", "_INBOX.F.coordinator.x", "_INBOX.x",
		"$JS.API.INFO", "$JS.API.STREAM.NAMES", "$JS.API.STREAM.LIST", "$JS.API.STREAM.INFO." + res, "$JS.API.STREAM.CREATE.x",
		"$JS.API.STREAM.DELETE." + res, "$JS.API.STREAM.PURGE." + res, "$JS.API.STREAM.UPDATE." + res, "$JS.API.STREAM.MSG.DELETE." + res,
		"$JS.API.STREAM.MSG.GET." + res, "$JS.API.DIRECT.GET." + res, "$JS.API.DIRECT.GET." + res + ".fb.F.res.w002",
		"$JS.API.STREAM.SNAPSHOT." + res, "$JS.API.STREAM.RESTORE." + res, "$JS.API.CONSUMER.CREATE." + res, "$JS.API.CONSUMER.CREATE." + res + ".c",
		"$JS.API.CONSUMER.CREATE." + own, "$JS.API.CONSUMER.DURABLE.CREATE." + own + ".c", "$JS.API.CONSUMER.MSG.NEXT." + res + ".c",
		"$JS.API.STREAM.DELETE." + own, "$JS.API.STREAM.PURGE." + own, "$JS.API.STREAM.MSG.GET." + own,
		"$JS.API.DIRECT.GET." + other, "$JS.API.DIRECT.GET." + other + ".$O.fb_F_w002.M.x", "$JS.API.STREAM.MSG.GET." + other,
		"$JS.ACK.x", "$JS.FC.x", "$O.fb_F_w001.M.x", "$O.fb_F_w001.C.x", "$O.fb_F_w002.M.x", "$KV.x.y",
		"$SYS.REQ.SERVER.PING", "$SYS.REQ.USER.INFO", "$SYS.REQ.ACCOUNT.PING.CONNZ", "$SYS.ACCOUNT.FIRSTBELL.DISCONNECT", "anything",
	} {
		subject = strings.ReplaceAll(subject, "F", f)
		nc, refused := h.raw(t, &h.workers[1])
		if err := nc.PublishRequest(subject, nc.NewInbox(), nil); err != nil {
			t.Fatal(err)
		}
		if !wasRefused(t, nc, refused) {
			t.Errorf("w001 may publish to %s", subject)
		}
		nc.Close()
	}
	for _, subject := range []string{
		">", "*", "*.>", "fb.>", "fb.F.>", "fb.*.down.w001.>", "fb.F.*.w001.>", "fb.F.down.>", "fb.F.down.*.order", "fb.F.down.w002.order", "fb.F.down.w002.>",
		"fb.F.up.>", "fb.F.up.w001.beat", "fb.F.up.w002.hello", "fb.F.res.>", "fb.F.res.w001", "fb.F.op.>", "_INBOX.>", "_INBOX.F.>", "_INBOX.F.*.>",
		"_INBOX.F.w002.>", "_INBOX.F.coordinator.>", "$SYS.>", "$JS.>", "$JS.API.>", "$JS.EVENT.>", "$O.>", "$O.fb_F_w002.>", "$KV.>",
	} {
		subject = strings.ReplaceAll(subject, "F", f)
		nc, refused := h.raw(t, &h.workers[1])
		if _, err := nc.SubscribeSync(subject); err != nil {
			t.Fatal(err)
		}
		if !wasRefused(t, nc, refused) {
			t.Errorf("w001 may listen to %s", subject)
		}
		nc.Close()
	}
	// And all the same everything is as it was.
	if got, err := boss.Get(soon(t), "w002", "accounts"); err != nil || string(got) != "secret" {
		t.Errorf("the object of w002: %q, %v", got, err)
	}
}

func TestOperatorMay(t *testing.T) {
	h := newHouse(t, 1)
	boss := h.boss(t)
	f := h.roster.Fleet
	cancel, err := boss.Subscribe("fb."+f+".op.status", func(m fleet.Message) { _ = m.Reply([]byte("all well")) })
	if err != nil {
		t.Fatal(err)
	}
	defer cancel()
	op := connect(t, Config{URL: h.URL(), Credentials: &h.operator})
	if answer, err := op.Request(soon(t), "fb."+f+".op.status", nil); err != nil || string(answer) != "all well" {
		t.Errorf("status: %q, %v", answer, err)
	}
	for _, subject := range []string{"fb.F.down.w000.order", "fb.F.all.stop", "fb.F.up.w000.beat", "fb.F.res.w000", "$JS.API.INFO", "$JS.API.DIRECT.GET.OBJ_fb_F_w000", "_INBOX.F.w000.x"} {
		subject = strings.ReplaceAll(subject, "F", f)
		nc, refused := h.raw(t, &h.operator)
		if err := nc.Publish(subject, nil); err != nil {
			t.Fatal(err)
		}
		if !wasRefused(t, nc, refused) {
			t.Errorf("the operator may publish to %s", subject)
		}
	}
	for _, subject := range []string{">", "fb.F.>", "fb.F.op.*", "fb.F.up.>", "fb.F.res.*", "_INBOX.F.w000.>"} {
		if _, err := op.Subscribe(strings.ReplaceAll(subject, "F", f), func(fleet.Message) {}); !errors.Is(err, ErrDenied) {
			t.Errorf("the operator listens to %s: %v", subject, err)
		}
	}
}

// Even the coordinator's own process may not look at the server's account.
func TestCoordinatorMayNotSeeTheServer(t *testing.T) {
	h := newHouse(t, 1)
	boss := h.boss(t)
	for _, subject := range []string{"$SYS.>", ">", "fb.other.up.>"} {
		if _, err := boss.Subscribe(subject, func(fleet.Message) {}); !errors.Is(err, ErrDenied) {
			t.Errorf("the coordinator listens to %s: %v", subject, err)
		}
	}
}

// What is denied is said at once and clearly, not after a time.
func TestDeniedIsAnError(t *testing.T) {
	h := newHouse(t, 3)
	h.boss(t)
	w := h.worker(t, 1)
	f := h.roster.Fleet
	start := time.Now()
	for what, err := range map[string]error{
		"Append":    w.Append(soon(t), resultsSubject(f, "w002"), "1", []byte("x")),
		"Request":   second(w.Request(soon(t), "fb."+f+".up.w002.hello", nil)),
		"Subscribe": second(w.Subscribe("fb."+f+".down.w002.>", nil)),
		"Get":       second(w.Get(soon(t), "w002", "accounts")),
		"Put":       w.Put(soon(t), "w001", "accounts", nil),
		"Delete":    w.Delete(soon(t), "w001", "accounts"),
	} {
		if !errors.Is(err, ErrDenied) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if took := time.Since(start); took > 8*time.Second {
		t.Errorf("being denied took %v", took)
	}
}

func TestStrangersAreRefused(t *testing.T) {
	h, elsewhere := newHouse(t, 1), newHouse(t, 1)
	stranger := elsewhere.workers[0]
	ctx := soon(t)
	if _, err := Connect(ctx, Config{URL: h.URL(), Credentials: &stranger}); !errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), "w000") {
		t.Errorf("another fleet's worker: %v", err)
	}
	if nc, err := nats.Connect(h.URL()); !errors.Is(err, nats.ErrAuthorization) {
		t.Errorf("nobody: %v, %v", nc, err)
	}
	if nc, err := nats.Connect(h.URL(), nats.UserInfo("w000", "")); !errors.Is(err, nats.ErrAuthorization) {
		t.Errorf("a name and no key: %v, %v", nc, err)
	}
	// A known public key without its seed.
	public, _, _ := h.workers[0].NKey()
	_, sign, _ := stranger.NKey()
	if nc, err := nats.Connect(h.URL(), nats.Nkey(public, sign)); !errors.Is(err, nats.ErrAuthorization) {
		t.Errorf("a stolen name: %v, %v", nc, err)
	}
}

// A worker may name any reply address. The coordinator's answer stays with that
// worker.
func TestRepliesGoToTheSenderOnly(t *testing.T) {
	h := newHouse(t, 3)
	boss := h.boss(t)
	f := h.roster.Fleet
	heard := listen(t, boss, "fb."+f+".up.w001.hello")
	nc, _ := h.raw(t, &h.workers[1])
	other, _ := h.raw(t, &h.workers[2])
	misled := make(chan string, 100)
	for _, s := range []string{"fb." + f + ".down.w002.>", inboxPrefix(f, "w002") + ".>"} {
		if _, err := other.Subscribe(s, func(m *nats.Msg) { misled <- m.Subject }); err != nil {
			t.Fatal(err)
		}
	}
	if err := other.Flush(); err != nil {
		t.Fatal(err)
	}
	for _, to := range []string{"fb." + f + ".down.w002.order", "fb." + f + ".res.w002", "$JS.API.STREAM.DELETE." + resultsStream(f), inboxPrefix(f, "w002") + ".x", inboxPrefix(f, "w001")} {
		if err := nc.PublishRequest("fb."+f+".up.w001.hello", to, []byte("x")); err != nil {
			t.Fatal(err)
		}
		if m := heard.take(t); m.Reply != nil {
			_ = m.Reply(nil)
		}
	}
	if err := errors.Join(boss.Flush(soon(t)), other.Flush()); err != nil {
		t.Fatal(err)
	}
	time.Sleep(100 * time.Millisecond)
	if _, err := boss.js.Stream(soon(t), resultsStream(f)); err != nil || len(misled) > 0 {
		t.Errorf("%d replies reached another worker; the results: %v", len(misled), err)
	}
	if err := nc.PublishRequest("fb."+f+".up.w001.hello", inboxPrefix(f, "w001")+".x", []byte("x")); err != nil {
		t.Fatal(err)
	}
	if m := heard.take(t); m.Reply == nil {
		t.Error("an honest question cannot be answered")
	}
}

// A worker that makes the server acknowledge into another's results: what is stored
// then is the server's text, never a record, and the other goes on storing.
func TestForeignAcknowledgementDoesNoHarm(t *testing.T) {
	h := newHouse(t, 3)
	boss := h.boss(t)
	f := h.roster.Fleet
	victim := h.worker(t, 2)
	if err := victim.Append(soon(t), resultsSubject(f, "w002"), "1", []byte("one")); err != nil {
		t.Fatal(err)
	}
	nc, _ := h.raw(t, &h.workers[1])
	if err := errors.Join(nc.PublishRequest(resultsSubject(f, "w001"), resultsSubject(f, "w002"), []byte("x")), nc.Flush()); err != nil {
		t.Fatal(err)
	}
	if err := victim.Append(soon(t), resultsSubject(f, "w002"), "2", []byte("two")); err != nil {
		t.Errorf("the other worker after that: %v", err)
	}
	got := strings.Join(collect(t, boss, 3), " ")
	if !strings.Contains(got, "one") || !strings.Contains(got, "two") {
		t.Errorf("stored: %s", got)
	}
}

// A flood by one worker takes no place of another's.
func TestFlood(t *testing.T) {
	h := newHouse(t, 2)
	boss := h.boss(t)
	f := h.roster.Fleet
	heard := listenAll(t, boss, "fb."+f+".up.*.beat")
	flooder, honest := h.worker(t, 0), h.worker(t, 1)
	for range 20_000 {
		_ = flooder.Publish("fb."+f+".up.w000.beat", []byte("flood"))
	}
	for range 20 {
		if err := honest.Publish("fb."+f+".up.w001.beat", []byte("beat")); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(flooder.Flush(soon(t)), honest.Flush(soon(t))); err != nil {
		t.Fatal(err)
	}
	floods, beats := 0, 0
	for beats < 20 {
		select {
		case m := <-heard:
			if string(m.Data) == "beat" {
				beats++
			} else {
				floods++
			}
		case <-time.After(5 * time.Second):
			t.Fatalf("%d of 20 honest beats came, and %d of the flood", beats, floods)
		}
	}
	if floods > 2*maxBurst {
		t.Errorf("%d messages of the flood came through", floods)
	}
}

func listenAll(t testing.TB, c *Conn, subject string) chan fleet.Message {
	t.Helper()
	b := make(chan fleet.Message, 50_000)
	cancel, err := c.Subscribe(subject, func(m fleet.Message) { b <- m })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cancel)
	return b
}

func TestTooLarge(t *testing.T) {
	h := newHouse(t, 1)
	boss := h.boss(t)
	w := h.worker(t, 0)
	f := h.roster.Fleet
	huge := make([]byte, MaxPayload+1)
	for what, err := range map[string]error{
		"Publish": w.Publish("fb."+f+".up.w000.beat", huge),
		"Request": second(w.Request(soon(t), "fb."+f+".up.w000.hello", huge)),
		"Append":  w.Append(soon(t), resultsSubject(f, "w000"), "1", huge),
		"record":  w.Append(soon(t), resultsSubject(f, "w000"), "1", huge[:keys.MaxMessage+2*headerRoom]),
	} {
		if !errors.Is(err, ErrTooLarge) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if err := boss.Put(soon(t), "w000", "x", make([]byte, maxObject+1)); !errors.Is(err, ErrTooLarge) {
		t.Errorf("Put: %v", err)
	}
	// The largest record there may be.
	largest := huge[:keys.MaxMessage]
	if err := w.Append(soon(t), resultsSubject(f, "w000"), "2", largest); err != nil {
		t.Errorf("the largest record: %v", err)
	}
	if got := collect(t, boss, 1); len(got[0]) != len(largest) {
		t.Errorf("the largest record came back as %d bytes", len(got[0]))
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if err := w.Flush(ctx); err != nil {
		t.Errorf("the connection after that: %v", err)
	}
}
