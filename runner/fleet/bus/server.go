package bus

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"firstbell/runner/fleet/keys"
)

// Limits of the embedded server.
const (
	// MaxPayload is the largest message, in bytes: an envelope and its headers.
	MaxPayload = 8 << 20
	// maxStore bounds the results and objects of a fleet on disk.
	maxStore = 16 << 30
	// account is where coordinator and streams are; the workers have accounts of their
	// own, and the server's own account has no user.
	account = "FIRSTBELL"

	readyWithin = 10 * time.Second
)

// ServerConfig is what an embedded server needs.
type ServerConfig struct {
	Listen string       // host:port; "" is 127.0.0.1:0, any free port
	Roster *keys.Roster // who may come, and the certificate
	Store  string       // folder of the durable streams; made if missing, mode 0700
	Name   string       // of the server, in its own logs; may be ""
}

// Server is a NATS server in this process.
type Server struct {
	nats   *server.Server
	roster *keys.Roster
	tls    bool
	unlock func()
}

// Serve starts a server and waits until it is ready. On a store that a killed
// process left it opens everything that was acknowledged. It listens beyond
// loopback only with TLS: the roster must have a certificate.
func Serve(c ServerConfig) (*Server, error) {
	host, port, err := listenAddress(c)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(c.Store, 0o700); err != nil {
		return nil, fmt.Errorf("making the fleet's store: %w", err)
	}
	unlock, err := lockFile(filepath.Join(c.Store, "lock"))
	if err != nil {
		return nil, fmt.Errorf("the fleet's store %s is in use by another process: %w", c.Store, err)
	}
	s := &Server{roster: c.Roster, tls: c.Roster.HasCertificate(), unlock: unlock}
	if err := s.start(c, host, port); err != nil {
		unlock()
		return nil, err
	}
	return s, nil
}

func (s *Server) start(c ServerConfig, host string, port int) error {
	app := server.NewAccount(account)
	rooms, err := roomsOf(c.Roster, app)
	if err != nil {
		return fmt.Errorf("starting the fleet's server: %w", err)
	}
	opts := &server.Options{
		ServerName: c.Name, Host: host, Port: port, NoSigs: true, NoLog: true,
		// Beyond one connection each: those a dead link leaves behind for a while.
		MaxConn: 4*len(c.Roster.Workers) + 64, MaxPayload: MaxPayload,
		MaxSubs:      len(c.Roster.Workers) + 256, // the coordinator listens to each worker by itself
		PingInterval: 2 * time.Second, MaxPingsOut: 3, AuthTimeout: 5, TLSTimeout: 5,
		JetStream: true, StoreDir: c.Store, JetStreamMaxMemory: 64 << 20, JetStreamMaxStore: maxStore,
		// Without it an acknowledged message is on disk only two minutes later.
		SyncAlways:    true,
		Accounts:      append(rooms, app, server.NewAccount("SYS")),
		SystemAccount: "SYS",
		Nkeys:         users(c.Roster, app, rooms),
	}
	opts.Cluster.NoAdvertise = true
	if s.tls {
		conf, err := c.Roster.ServerTLS()
		if err != nil {
			return err
		}
		opts.TLSConfig = conf
	}
	if err := listenable(host, port); err != nil {
		return err
	}
	n, err := server.NewServer(opts)
	if err != nil {
		return fmt.Errorf("starting the fleet's server: %w", err)
	}
	n.Start()
	s.nats = n
	if err := s.ready(c); err != nil {
		n.Shutdown()
		n.WaitForShutdown()
		return err
	}
	return nil
}

func (s *Server) ready(c ServerConfig) error {
	if !s.nats.ReadyForConnections(readyWithin) {
		return fmt.Errorf("the fleet's server does not listen on %s: is the address this machine's, and the port free?", c.Listen)
	}
	// NewServer copied the account that it was given.
	acc, err := s.nats.LookupAccount(account)
	if err != nil {
		return fmt.Errorf("starting the fleet's server: %w", err)
	}
	if err := acc.EnableJetStream(nil, nil); err != nil {
		return fmt.Errorf("opening the fleet's store %s: %w", c.Store, err)
	}
	return nil
}

func listenAddress(c ServerConfig) (host string, port int, err error) {
	if c.Roster == nil || c.Store == "" {
		return "", 0, errors.New("the fleet's server needs a roster and a store")
	}
	listen := c.Listen
	if listen == "" {
		listen = "127.0.0.1:0"
	}
	host, p, err := net.SplitHostPort(listen)
	if err != nil {
		return "", 0, fmt.Errorf("the address to listen at, %q, is not HOST:PORT: %w", listen, err)
	}
	port, err = strconv.Atoi(p)
	if err != nil || port < 0 || port > 65535 {
		return "", 0, fmt.Errorf("the address to listen at, %q, has no port from 0 to 65535", listen)
	}
	if port == 0 {
		port = server.RANDOM_PORT
	}
	if !isLoopback(host) && !c.Roster.HasCertificate() {
		return "", 0, fmt.Errorf("listening at %s would be open to other machines, and these credentials have no certificate: make some with the names workers use (firstbell credentials --host NAME), or listen at 127.0.0.1", listen)
	}
	if host == "" {
		host = "0.0.0.0"
	}
	return host, port, nil
}

// listenable says at once, and why, what NATS would try for ten seconds.
func listenable(host string, port int) error {
	l, err := net.Listen("tcp", net.JoinHostPort(host, strconv.Itoa(max(port, 0))))
	if err != nil {
		return fmt.Errorf("the fleet's server cannot listen: %w", err)
	}
	return l.Close()
}

// isLoopback: a name is not one, whatever it resolves to now, but for localhost.
func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// Addr is where the server listens, host:port.
func (s *Server) Addr() string { return s.nats.Addr().String() }

// URL is what a client on this machine connects to.
func (s *Server) URL() string {
	scheme := "nats://"
	if s.tls {
		scheme = "tls://"
	}
	return scheme + s.Addr()
}

// Close stops the server and returns once its store is closed.
func (s *Server) Close() {
	s.nats.Shutdown()
	s.nats.WaitForShutdown()
	s.unlock()
}
