package bus

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/jwt/v2"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nkeys"

	"firstbell/runner/fleet/keys"
)

// external starts a server of somebody else's: with accounts of its own, or one
// that asks nobody.
func external(t *testing.T, change func(*server.Options)) *server.Server {
	t.Helper()
	o := &server.Options{Host: "127.0.0.1", Port: server.RANDOM_PORT, NoSigs: true, NoLog: true, JetStream: true, StoreDir: t.TempDir()}
	change(o)
	s, err := server.NewServer(o)
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	t.Cleanup(func() {
		s.Shutdown()
		s.WaitForShutdown()
	})
	if !s.ReadyForConnections(5 * time.Second) {
		t.Fatal("the server does not start")
	}
	return s
}

// credsFile makes an operator with one account and writes a user's file.
func credsFile(t *testing.T, o *server.Options) (path string) {
	t.Helper()
	must := func(err error) {
		if err != nil {
			t.Helper()
			t.Fatal(err)
		}
	}
	pair := func(make func() (nkeys.KeyPair, error)) (nkeys.KeyPair, string) {
		kp, err := make()
		must(err)
		pub, err := kp.PublicKey()
		must(err)
		return kp, pub
	}
	op, opPub := pair(nkeys.CreateOperator)
	acc, accPub := pair(nkeys.CreateAccount)
	user, userPub := pair(nkeys.CreateUser)
	text, err := jwt.NewOperatorClaims(opPub).Encode(op)
	must(err)
	operator, err := jwt.DecodeOperatorClaims(text)
	must(err)
	claims := jwt.NewAccountClaims(accPub)
	claims.Limits.JetStreamLimits = jwt.JetStreamLimits{DiskStorage: -1, MemoryStorage: -1, Streams: -1, Consumer: -1}
	text, err = claims.Encode(op)
	must(err)
	resolver := &server.MemAccResolver{}
	must(resolver.Store(accPub, text))
	_, sysPub := pair(nkeys.CreateAccount)
	text, err = jwt.NewAccountClaims(sysPub).Encode(op)
	must(err)
	must(resolver.Store(sysPub, text))
	o.SystemAccount = sysPub
	o.TrustedOperators, o.AccountResolver = []*jwt.OperatorClaims{operator}, resolver
	text, err = jwt.NewUserClaims(userPub).Encode(acc)
	must(err)
	seed, err := user.Seed()
	must(err)
	file, err := jwt.FormatUserConfig(text, seed)
	must(err)
	path = filepath.Join(t.TempDir(), "user.creds")
	must(os.WriteFile(path, file, 0o600))
	return path
}

// A cluster of somebody else's opens to its own credentials file; the fleet's keys
// sign and seal all the same.
func TestExternalWithCredentials(t *testing.T) {
	var creds string
	s := external(t, func(o *server.Options) { creds = credsFile(t, o) })
	roster, workers, _, err := keys.Generate(keys.Options{Workers: 1, Hosts: []string{"elsewhere.example"}})
	if err != nil {
		t.Fatal(err)
	}
	boss := connect(t, Config{URL: s.ClientURL(), Credentials: &roster.Coordinator, NATSCreds: creds})
	if err := boss.Setup(soon(t), []string{"w000"}, 0); err != nil {
		t.Fatal(err)
	}
	if err := boss.Put(soon(t), "w000", "x", []byte("y")); err != nil {
		t.Fatal(err)
	}
	w := connect(t, Config{URL: s.ClientURL(), Credentials: &workers[0], NATSCreds: creds})
	if got, err := w.Get(soon(t), "w000", "x"); err != nil || string(got) != "y" {
		t.Errorf("Get = %q, %v", got, err)
	}
	if err := w.Append(soon(t), resultsSubject(roster.Fleet, "w000"), "1", []byte("one")); err != nil {
		t.Error(err)
	}
	if got := collect(t, boss, 1); got[0] != "one" {
		t.Errorf("stored %v", got)
	}
	// Its default payload is 1 MiB.
	if err := w.Append(soon(t), resultsSubject(roster.Fleet, "w000"), "2", make([]byte, 2<<20)); !errors.Is(err, ErrTooLarge) || !strings.Contains(err.Error(), "max_payload") {
		t.Errorf("a large record: %v", err)
	}
	if err := boss.Put(soon(t), "w000", "large", make([]byte, 3<<20)); err != nil {
		t.Errorf("a large object: %v", err)
	}
	if err := boss.Setup(soon(t), []string{"w000"}, 3); err == nil {
		// The stream is there already and is kept; a new bucket cannot have three copies.
		err = boss.Setup(soon(t), []string{"w001"}, 3)
		if err == nil || !strings.Contains(err.Error(), "need a cluster") {
			t.Errorf("three copies on one server: %v", err)
		}
	}

	start := time.Now()
	for what, path := range map[string]string{"a file that is not": "/nowhere/x.creds", "a file of something else": writeFile(t, "nothing")} {
		if _, err := Connect(soon(t), Config{URL: s.ClientURL(), Credentials: &workers[0], NATSCreds: path}); err == nil || errors.Is(err, ErrDisconnected) {
			t.Errorf("%s: %v", what, err)
		}
	}
	plain := workers[0]
	plain.Authority = "" // or it would insist on TLS
	if _, err := Connect(soon(t), Config{URL: s.ClientURL(), Credentials: &plain}); !errors.Is(err, ErrRefused) {
		t.Errorf("the fleet's key alone: %v", err)
	}
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("it took %v to refuse", took)
	}
}

func writeFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// A server that asks nobody is good enough on loopback only.
func TestExternalWithoutCredentials(t *testing.T) {
	s := external(t, func(*server.Options) {})
	roster, _, _, err := keys.Generate(keys.Options{Workers: 1})
	if err != nil {
		t.Fatal(err)
	}
	boss := connect(t, Config{URL: s.ClientURL(), Credentials: &roster.Coordinator})
	if err := boss.Setup(soon(t), []string{"w000"}, 0); err != nil {
		t.Error(err)
	}
	if err := boss.Remove(soon(t)); err != nil {
		t.Error(err)
	}
	for names := boss.js.StreamNames(soon(t)); ; {
		name, more := <-names.Name()
		if !more {
			break
		}
		t.Errorf("Remove left %s", name)
	}
}
