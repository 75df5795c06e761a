package keys

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"
)

func fleet(t testing.TB, workers int, hosts ...string) (*Roster, []Credentials, Credentials) {
	t.Helper()
	r, w, o, err := Generate(Options{Workers: workers, Hosts: hosts, Now: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	return r, w, o
}

func member(t testing.TB, c *Credentials) *Member {
	t.Helper()
	m, err := c.Member()
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestGenerateIsValid(t *testing.T) {
	r, workers, operator := fleet(t, 3, "coordinator.example", "127.0.0.1")
	if err := r.validate(); err != nil {
		t.Error("roster:", err)
	}
	for i := range workers {
		if err := workers[i].validate(); err != nil {
			t.Errorf("worker %d: %v", i, err)
		}
		if got := member(t, &workers[i]).Public(); got != r.Workers[i] || got.Name != WorkerName(i) {
			t.Errorf("worker %d is %+v in its file, %+v in the roster", i, got, r.Workers[i])
		}
	}
	if err := operator.validate(); err != nil {
		t.Error("operator:", err)
	}
	for _, n := range []int{0, -1, MaxWorkers + 1} {
		if _, _, _, err := Generate(Options{Workers: n}); err == nil {
			t.Errorf("Generate made credentials for %d workers", n)
		}
	}
	for _, h := range []string{"", "https://x", "x:4222", "a b", "-x"} {
		if _, _, _, err := Generate(Options{Workers: 1, Hosts: []string{h}}); err == nil {
			t.Errorf("Generate made a certificate for %q", h)
		}
	}
}

func TestFind(t *testing.T) {
	r, workers, operator := fleet(t, 2)
	for _, c := range []*Credentials{&r.Coordinator, &workers[0], &workers[1], &operator} {
		if p, ok := r.Find(c.Name); !ok || p != member(t, c).Public() {
			t.Errorf("Find(%s) = %+v, %v", c.Name, p, ok)
		}
	}
	if _, ok := r.Find("w002"); ok {
		t.Error("Find found a worker that is not there")
	}
}

func TestEnvelope(t *testing.T) {
	r, workers, _ := fleet(t, 2)
	w0, w1 := member(t, &workers[0]), member(t, &workers[1])
	const subject = "fb.abc.up.w000.beat"
	msg := w0.Wrap(subject, []byte("body"))
	changed := bytes.Clone(msg)
	changed[len(changed)-1] ^= 1
	broken := bytes.Clone(msg)
	broken[10] ^= 1
	for _, row := range []struct {
		what    string
		from    Public
		subject string
		msg     []byte
		want    error
	}{
		{"as sent", w0.Public(), subject, msg, nil},
		{"another's", w1.Public(), subject, msg, ErrSignature},
		{"the coordinator's", r.Coordinator.Coordinator, subject, msg, ErrSignature},
		{"on another subject", w0.Public(), "fb.abc.up.w001.beat", msg, ErrSignature},
		{"bytes moved from body to subject", w0.Public(), subject + "b", append(bytes.Clone(msg[:envelopeHead]), "ody"...), ErrSignature},
		{"a changed body", w0.Public(), subject, changed, ErrSignature},
		{"a changed signature", w0.Public(), subject, broken, ErrSignature},
		{"nobody's key", Public{}, subject, msg, ErrSignature},
		{"empty", w0.Public(), subject, nil, ErrEnvelope},
		{"short", w0.Public(), subject, msg[:envelopeHead-1], ErrEnvelope},
		{"something else", w0.Public(), subject, bytes.Repeat([]byte("x"), 200), ErrEnvelope},
		{"too large", w0.Public(), subject, make([]byte, MaxMessage+1), ErrTooLarge},
		{"too long a subject", w0.Public(), strings.Repeat("s", maxSubject+1), msg, ErrTooLarge},
	} {
		body, err := row.from.Unwrap(row.subject, row.msg)
		if !errors.Is(err, row.want) || (row.want == nil) != (string(body) == "body") {
			t.Errorf("%s: Unwrap = %q, %v; want %v", row.what, body, err, row.want)
		}
	}
	if body, err := w0.Public().Unwrap(subject, w0.Wrap(subject, nil)); err != nil || len(body) != 0 {
		t.Errorf("an empty body: %q, %v", body, err)
	}
}

func TestSeal(t *testing.T) {
	r, workers, _ := fleet(t, 2)
	boss, w0, w1 := member(t, &r.Coordinator), member(t, &workers[0]), member(t, &workers[1])
	sealed, err := boss.Seal(w0.Public(), []byte("accounts"))
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(sealed, []byte("accounts")) {
		t.Error("the content can be read")
	}
	if plain, err := w0.OpenSealed(boss.Public(), sealed); err != nil || string(plain) != "accounts" {
		t.Errorf("OpenSealed = %q, %v", plain, err)
	}
	damaged := bytes.Clone(sealed)
	damaged[len(damaged)-1] ^= 1
	for what, open := range map[string]func() ([]byte, error){
		"by another worker":       func() ([]byte, error) { return w1.OpenSealed(boss.Public(), sealed) },
		"as from another":         func() ([]byte, error) { return w0.OpenSealed(w1.Public(), sealed) },
		"damaged":                 func() ([]byte, error) { return w0.OpenSealed(boss.Public(), damaged) },
		"cut":                     func() ([]byte, error) { return w0.OpenSealed(boss.Public(), sealed[:20]) },
		"from nobody's key":       func() ([]byte, error) { return w0.OpenSealed(Public{}, sealed) },
		"empty":                   func() ([]byte, error) { return w0.OpenSealed(boss.Public(), nil) },
		"from a key that is long": func() ([]byte, error) { return w0.OpenSealed(Public{Seal: strings.Repeat("X", 500)}, sealed) },
	} {
		if plain, err := open(); !errors.Is(err, ErrSealed) || plain != nil {
			t.Errorf("%s: %q, %v", what, plain, err)
		}
	}
	if _, err := boss.Seal(Public{Seal: "nonsense"}, nil); !errors.Is(err, ErrNotSealed) {
		t.Errorf("sealing to nonsense: %v", err)
	}
}

// A dishonest server must not get an envelope signed as if it were a challenge.
func TestNKeySignsNoEnvelope(t *testing.T) {
	_, workers, _ := fleet(t, 1)
	public, sign, err := workers[0].NKey()
	if err != nil || public != member(t, &workers[0]).Public().Sign {
		t.Fatalf("NKey = %s, %v", public, err)
	}
	if sig, err := sign([]byte("Gm0QXUoAAAAbLhA")); err != nil || len(sig) != 64 {
		t.Errorf("an honest challenge: %d bytes, %v", len(sig), err)
	}
	for _, nonce := range [][]byte{signedBytes("fb.x.up.w000.gone", nil), make([]byte, maxChallenge+1)} {
		if sig, err := sign(nonce); err == nil || sig != nil {
			t.Errorf("signed %d bytes that are no challenge", len(nonce))
		}
	}
}

// Whatever prints a member's secrets, by whatever means, shows the name only.
func TestNothingPrintsSecrets(t *testing.T) {
	r, workers, _ := fleet(t, 1, "localhost")
	c := workers[0]
	m := member(t, &c)
	secrets := []string{c.Sign, c.Seal, r.Coordinator.Sign, r.Coordinator.Seal, strings.Split(r.Key, "\n")[1], fmt.Sprint([]byte(c.Sign))}
	type nested struct {
		C *Credentials
		V Credentials
		R *Roster
		M *Member
	}
	var out bytes.Buffer
	things := []any{c, &c, r, *r, m, nested{&c, c, r, m}, []Credentials{c}, map[string]*Roster{"r": r}}
	for _, thing := range things {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t", "%c"} {
			fmt.Fprintf(&out, verb, thing)
		}
		for _, h := range []slog.Handler{slog.NewTextHandler(&out, nil), slog.NewJSONHandler(&out, nil)} {
			slog.New(h).Info("x", "it", thing)
		}
		text, err := json.Marshal(thing)
		if err != nil {
			t.Error(err)
		}
		out.Write(text)
	}
	for _, s := range secrets {
		if strings.Contains(out.String(), s) {
			t.Errorf("a secret was printed")
		}
	}
	if !strings.Contains(out.String(), "credentials of w000 in fleet "+c.Fleet) {
		t.Error("nothing was printed")
	}
}

func FuzzUnwrap(f *testing.F) {
	_, workers, _ := fleet(f, 1)
	m := member(f, &workers[0])
	const subject = "fb.abc.up.w000.hello"
	f.Add(subject, m.Wrap(subject, []byte("body")), m.Public().Sign)
	f.Add(subject, []byte("fbe1"), "U")
	f.Add("", []byte{}, "")
	f.Fuzz(func(t *testing.T, s string, msg []byte, key string) {
		body, err := Public{Sign: key}.Unwrap(s, msg)
		if err == nil && !bytes.Equal(msg[envelopeHead:], body) {
			t.Error("the body is not the message's")
		}
		if body, err := m.Public().Unwrap(s, msg); err == nil && (s != subject || string(body) != "body") {
			t.Error("a message nobody signed was believed")
		}
	})
}

func FuzzOpenSealed(f *testing.F) {
	r, workers, _ := fleet(f, 1)
	boss, m := member(f, &r.Coordinator), member(f, &workers[0])
	sealed, err := boss.Seal(m.Public(), []byte("accounts"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(sealed)
	f.Add([]byte("xkv1"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if plain, err := m.OpenSealed(boss.Public(), data); err == nil && string(plain) != "accounts" {
			t.Error("something nobody sealed was opened")
		}
	})
}
