package bustest

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// nodeEnv carries a node's configuration to the process that is to be one.
const nodeEnv = "FIRSTBELL_TEST_NATS_NODE"

// config is one node.
type config struct {
	Name         string
	Port, Routes int
	All          []int // every node's port for routes
	Store        string
	Parent       int
}

// RunNode is a node of a cluster, until it is killed, if this process was started
// to be one; else it returns at once. A node ends with the process that started it.
func RunNode() {
	text := os.Getenv(nodeEnv)
	if text == "" {
		return
	}
	err := runNode(text)
	fmt.Fprintln(os.Stderr, "a NATS node for tests ended:", err)
	os.Exit(1)
}

func runNode(text string) error {
	var c config
	if err := json.Unmarshal([]byte(text), &c); err != nil {
		return err
	}
	opts := &server.Options{
		ServerName: c.Name, Host: "127.0.0.1", Port: c.Port, NoSigs: true, NoLog: true, MaxPayload: 8 << 20,
		JetStream: true, StoreDir: c.Store, SyncAlways: true, JetStreamMaxMemory: 64 << 20, JetStreamMaxStore: 4 << 30,
		Cluster: server.ClusterOpts{Name: "firstbell-test", Host: "127.0.0.1", Port: c.Routes},
	}
	if len(c.All) < 2 {
		opts.Cluster = server.ClusterOpts{}
	} else {
		for _, p := range c.All {
			opts.Routes = append(opts.Routes, &url.URL{Scheme: "nats", Host: fmt.Sprintf("127.0.0.1:%d", p)})
		}
	}
	s, err := server.NewServer(opts)
	if err != nil {
		return err
	}
	s.Start()
	for os.Getppid() == c.Parent {
		time.Sleep(200 * time.Millisecond)
	}
	return errors.New("who started it is gone")
}

// Cluster is a NATS cluster with JetStream that asks nobody who they are.
type Cluster struct {
	URL   string // every node's address, separated by commas
	Nodes []*Node
}

// Node is one server of a cluster, a process.
type Node struct {
	Addr string // host:port
	conf config
	cmd  *exec.Cmd
}

// StartCluster starts n servers and stops them when the test ends. It returns once
// all listen; the cluster may take some seconds more to have a leader.
func StartCluster(t testing.TB, n int) *Cluster {
	t.Helper()
	ports := freePorts(t, 2*n)
	dir := t.TempDir()
	c := &Cluster{}
	var urls []string
	for i := range n {
		node := &Node{Addr: fmt.Sprintf("127.0.0.1:%d", ports[i]), conf: config{
			Name: fmt.Sprintf("n%d", i), Port: ports[i], Routes: ports[n+i], All: ports[n:],
			Store: filepath.Join(dir, fmt.Sprintf("n%d", i)), Parent: os.Getpid(),
		}}
		c.Nodes = append(c.Nodes, node)
		urls = append(urls, "nats://"+node.Addr)
		node.Start(t)
	}
	c.URL = strings.Join(urls, ",")
	t.Cleanup(func() {
		for _, node := range c.Nodes {
			node.Kill()
		}
	})
	for _, node := range c.Nodes {
		node.await(t)
	}
	return c
}

// Start starts the node, also again after Kill, on what it had on disk.
func (n *Node) Start(t testing.TB) {
	t.Helper()
	text, err := json.Marshal(n.conf)
	if err != nil {
		t.Fatal(err)
	}
	n.cmd = exec.Command(os.Args[0])
	n.cmd.Env = append(os.Environ(), nodeEnv+"="+string(text))
	n.cmd.Stderr = os.Stderr
	if err := n.cmd.Start(); err != nil {
		t.Fatal(err)
	}
}

// Kill ends the node as kill -9 does, and waits until it is gone.
func (n *Node) Kill() {
	if n.cmd == nil {
		return
	}
	_ = n.cmd.Process.Kill()
	_ = n.cmd.Wait()
	n.cmd = nil
}

func (n *Node) await(t testing.TB) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		conn, err := net.Dial("tcp", n.Addr)
		if err == nil {
			_ = conn.Close()
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("the NATS node at %s did not start: %v", n.Addr, err)
		}
	}
}

// freePorts asks for all ports before it gives one back, so that no two are equal.
func freePorts(t testing.TB, n int) []int {
	t.Helper()
	var ports []int
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = l.Close() }()
		ports = append(ports, l.Addr().(*net.TCPAddr).Port)
	}
	return ports
}
