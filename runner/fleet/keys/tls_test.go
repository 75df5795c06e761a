package keys

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"strings"
	"testing"
)

// handshake connects a client to a server over loopback and gives both errors.
func handshake(t *testing.T, server, client *tls.Config) (s, c error) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	done := make(chan error, 1)
	go func() {
		conn, err := l.Accept()
		if err == nil {
			err = tls.Server(conn, server).Handshake()
			_ = conn.Close()
		}
		done <- err
	}()
	raw, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	c = tls.Client(raw, client).Handshake()
	_ = raw.Close()
	return <-done, c
}

func TestTLS(t *testing.T) {
	r, workers, _ := fleet(t, 1, "coordinator.example", "192.0.2.7", "::1")
	other, _, _ := fleet(t, 1, "coordinator.example")
	server, err := r.ServerTLS()
	if err != nil {
		t.Fatal(err)
	}
	strangers, err := other.ServerTLS()
	if err != nil {
		t.Fatal(err)
	}
	client := func(name string) *tls.Config {
		c, err := workers[0].ClientTLS()
		if err != nil {
			t.Fatal(err)
		}
		c.ServerName = name
		return c
	}
	for _, name := range []string{"coordinator.example", "192.0.2.7", "::1"} {
		if s, c := handshake(t, server, client(name)); s != nil || c != nil {
			t.Errorf("%s: server %v, client %v", name, s, c)
		}
	}
	if _, err := handshake(t, server, client("elsewhere.example")); err == nil {
		t.Error("another name was believed")
	}
	if _, err := handshake(t, strangers, client("coordinator.example")); err == nil {
		t.Error("another authority was believed")
	}
	old := client("coordinator.example")
	old.MinVersion, old.MaxVersion = tls.VersionTLS12, tls.VersionTLS12
	if s, _ := handshake(t, server, old); s == nil {
		t.Error("the server spoke TLS 1.2")
	}
	server.MinVersion, server.MaxVersion = tls.VersionTLS12, tls.VersionTLS12
	if _, err := handshake(t, server, client("coordinator.example")); err == nil {
		t.Error("the client spoke TLS 1.2")
	}
}

func TestTLSWithoutCertificate(t *testing.T) {
	r, workers, _ := fleet(t, 1)
	if _, err := r.ServerTLS(); err == nil || !strings.Contains(err.Error(), "--host") {
		t.Errorf("ServerTLS = %v", err)
	}
	c, err := workers[0].ClientTLS()
	if err != nil || c.RootCAs != nil || c.MinVersion != tls.VersionTLS13 {
		t.Errorf("ClientTLS = %v, %v", c, err)
	}
}

// What leaves the coordinator's machine is the authority's certificate, and its
// key is nowhere at all.
func TestOnlyTheAuthoritysCertificateIsHandedOut(t *testing.T) {
	r, workers, _ := fleet(t, 1, "localhost")
	if strings.Contains(workers[0].Authority, "PRIVATE") {
		t.Error("a worker has a private key of TLS")
	}
	pool, err := authorityPool(workers[0].Authority)
	if err != nil {
		t.Fatal(err)
	}
	pair, err := tls.X509KeyPair([]byte(r.Certificate), []byte(r.Key))
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(pair.Certificate[0])
	if err != nil {
		t.Fatal(err)
	}
	if _, err := leaf.Verify(x509.VerifyOptions{Roots: pool, DNSName: "localhost"}); err != nil {
		t.Error(err)
	}
	if leaf.IsCA || leaf.KeyUsage&x509.KeyUsageCertSign != 0 {
		t.Error("the server's certificate may vouch for others")
	}
}
