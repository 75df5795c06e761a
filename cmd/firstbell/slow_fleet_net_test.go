//go:build slow && linux

package main

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// island is a network namespace for one worker: nothing but its own loopback,
// until it is given links. A listener of this process can stand inside, so that
// the worker meets the target on 127.0.0.1 as it would at home, and the target
// knows which worker speaks.
type island struct{ name string }

var islands atomic.Int32

// newIsland makes one, or skips where that is not allowed.
func newIsland(t *testing.T) island {
	t.Helper()
	n := island{fmt.Sprintf("fbi%d-%d", os.Getpid()%10000, islands.Add(1))}
	t.Cleanup(func() { _ = exec.Command("ip", "netns", "del", n.name).Run() })
	ipOrSkip(t, "netns add "+n.name)
	ipOrSkip(t, "-n "+n.name+" link set lo up")
	return n
}

// newIslands makes one for each of so many workers.
func newIslands(t *testing.T, n int) []island {
	t.Helper()
	out := make([]island, n)
	for i := range out {
		out[i] = newIsland(t)
	}
	return out
}

func ipOrSkip(t *testing.T, line string) {
	t.Helper()
	if out, err := exec.Command("ip", strings.Fields(line)...).CombinedOutput(); err != nil {
		t.Skipf("network namespaces cannot be made here: ip %s: %v %s", line, err, out)
	}
}

func ipDo(t *testing.T, line string) {
	t.Helper()
	if out, err := exec.Command("ip", strings.Fields(line)...).CombinedOutput(); err != nil {
		t.Fatalf("ip %s: %v %s", line, err, out)
	}
}

// inside runs a command in the island: ip becomes the command, so that the
// process's id is the command's own.
func (n island) inside(inner *exec.Cmd) *exec.Cmd {
	cmd := exec.Command("ip", append([]string{"netns", "exec", n.name, inner.Path}, inner.Args[1:]...)...)
	cmd.Env = inner.Env
	return cmd
}

// listen opens a listener of this process inside the island. A socket stays in
// the namespace it was made in, whichever thread uses it later.
func (n island) listen(t *testing.T, address string) net.Listener {
	t.Helper()
	var l net.Listener
	err := n.visit(func() (err error) { l, err = net.Listen("tcp4", address); return err })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

// visit calls f on a thread that is inside. The thread is not used again.
func (n island) visit(f func() error) error {
	done := make(chan error, 1)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
		ns, err := os.Open(filepath.Join("/run/netns", n.name))
		if err != nil {
			done <- err
			return
		}
		defer ns.Close()
		if err := unix.Setns(int(ns.Fd()), unix.CLONE_NEWNET); err != nil {
			done <- err
			return
		}
		done <- f()
	}()
	return <-done
}

// link is a pair of network cards between this machine and an island.
type link struct {
	t          *testing.T
	to         island
	near, far  string // cards
	here, away string // addresses
}

var links atomic.Int32

// link lays a cable to the island.
func (n island) link(t *testing.T) *link {
	t.Helper()
	id := int(links.Add(1))
	l := &link{t: t, to: n, near: fmt.Sprintf("fbl%d-%d", os.Getpid()%10000, id), far: fmt.Sprintf("far%d", id),
		here: fmt.Sprintf("10.214.%d.%d", os.Getpid()%250, id*4+1), away: fmt.Sprintf("10.214.%d.%d", os.Getpid()%250, id*4+2)}
	t.Cleanup(func() { _ = exec.Command("ip", "link", "del", l.near).Run() })
	ipOrSkip(t, fmt.Sprintf("link add %s type veth peer name %s netns %s", l.near, l.far, n.name))
	ipDo(t, fmt.Sprintf("addr add %s/30 dev %s", l.here, l.near))
	ipDo(t, "link set "+l.near+" up")
	ipDo(t, fmt.Sprintf("-n %s addr add %s/30 dev %s", n.name, l.away, l.far))
	ipDo(t, fmt.Sprintf("-n %s link set %s up", n.name, l.far))
	return l
}

// down pulls the cable, up puts it back.
func (l *link) down() { l.t.Helper(); ipDo(l.t, "link set "+l.near+" down") }
func (l *link) up()   { l.t.Helper(); ipDo(l.t, "link set "+l.near+" up") }

// lossy drops a share of the packets that come over the link, both ways, and
// gives a way to read how many it has dropped. It skips where nftables cannot.
func (l *link) lossy(t *testing.T, percent int) (dropped func() string) {
	t.Helper()
	table := "fbt" + strings.TrimPrefix(l.near, "fbl")
	table = strings.ReplaceAll(table, "-", "_")
	rules := fmt.Sprintf(`table inet %s {
	chain in { type filter hook input priority 0; iifname %q numgen random mod 100 < %d counter drop; }
	chain out { type filter hook output priority 0; oifname %q numgen random mod 100 < %d counter drop; }
}
`, table, l.near, percent, l.near, percent)
	cmd := exec.Command("nft", "-f", "-")
	cmd.Stdin = strings.NewReader(rules)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Skipf("nftables cannot drop packets here: %v %s", err, out)
	}
	t.Cleanup(func() { _ = exec.Command("nft", "delete", "table", "inet", table).Run() })
	return func() string {
		out, _ := exec.Command("nft", "list", "table", "inet", table).CombinedOutput()
		var n []string
		for _, line := range strings.Split(string(out), "\n") {
			if _, rest, ok := strings.Cut(line, "counter packets "); ok {
				n = append(n, strings.Fields(rest)[0])
			}
		}
		return strings.Join(n, "+")
	}
}

// TestIslandsHold proves the rig itself: a listener inside is met from inside
// only, a cable that is down carries nothing, packets are dropped.
func TestIslandsHold(t *testing.T) {
	n := newIsland(t)
	l := n.listen(t, "127.0.0.1:0")
	if c, err := net.DialTimeout("tcp", l.Addr().String(), 300*time.Millisecond); err == nil {
		c.Close()
		t.Error("a listener inside is met from outside")
	}
	cable := n.link(t)
	far := n.listen(t, cable.away+":0")
	go func() {
		for {
			c, err := far.Accept()
			if err != nil {
				return
			}
			c.Close()
		}
	}()
	dial := func() error {
		c, err := net.DialTimeout("tcp", far.Addr().String(), 2*time.Second)
		if err == nil {
			c.Close()
		}
		return err
	}
	if err := dial(); err != nil {
		t.Errorf("over the cable: %v", err)
	}
	cable.down()
	if err := dial(); err == nil {
		t.Error("met over a cable that is down")
	}
	cable.up()
	dropped := cable.lossy(t, 50)
	for range 20 {
		_ = dial()
		if d := dropped(); d != "0+0" {
			return
		}
	}
	t.Error("nftables dropped nothing")
}
