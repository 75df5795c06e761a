//go:build slow

package bus

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"firstbell/runner/fleet/bus/bustest"
	"firstbell/runner/fleet/keys"
)

// An external cluster of three loses a node in the middle of the results: nothing
// acknowledged is missing, and storing goes on.
func TestClusterLosesANode(t *testing.T) {
	cluster := bustest.StartCluster(t, 3)
	roster, workers, _, err := keys.Generate(keys.Options{Workers: 2})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	boss := connect(t, Config{URL: cluster.URL, Credentials: &roster.Coordinator})
	if err := boss.Setup(ctx, []string{"w000", "w001"}, 0); err != nil {
		t.Fatal(err)
	}
	stream, err := boss.js.Stream(ctx, resultsStream(roster.Fleet))
	if err != nil {
		t.Fatal(err)
	}
	info := stream.CachedInfo()
	if info.Config.Replicas != 3 {
		t.Errorf("%d copies; want 3", info.Config.Replicas)
	}
	if err := boss.Put(ctx, "w000", "accounts", []byte("accounts")); err != nil {
		t.Fatal(err)
	}
	reader := connect(t, Config{URL: cluster.URL, Credentials: &workers[0]})
	for n := range 200 { // read at once, from whichever replica
		name := fmt.Sprintf("fresh-%d", n)
		if err := boss.Put(ctx, "w000", name, []byte(name)); err != nil {
			t.Fatal(err)
		}
		if got, err := reader.Get(ctx, "w000", name); err != nil || string(got) != name {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}

	const each = 150
	var stored atomic.Int32
	var wg sync.WaitGroup
	for i := range workers {
		w := connect(t, Config{URL: cluster.URL, Credentials: &workers[i]})
		wg.Go(func() {
			for n := range each {
				id := fmt.Sprintf("%d.%d", i, n)
				if err := w.Append(ctx, resultsSubject(roster.Fleet, keys.WorkerName(i)), id, []byte(id)); err != nil {
					t.Errorf("%s: %v", id, err)
					return
				}
				if stored.Add(1) == each/2 {
					leader(cluster, info.Cluster.Leader).Kill() // the hardest one to lose
				}
			}
		})
	}
	wg.Wait()
	seen := map[string]int{}
	for _, id := range collect(t, boss, 2*each) {
		seen[id]++
	}
	for i := range 2 {
		for n := range each {
			if id := fmt.Sprintf("%d.%d", i, n); seen[id] != 1 {
				t.Errorf("%s is there %d times", id, seen[id])
			}
		}
	}
	if got, err := connect(t, Config{URL: cluster.URL, Credentials: &workers[0]}).Get(ctx, "w000", "accounts"); err != nil || string(got) != "accounts" {
		t.Errorf("the object: %q, %v", got, err)
	}
	if err := boss.Remove(ctx); err != nil {
		t.Error(err)
	}
}

func leader(c *bustest.Cluster, name string) *bustest.Node {
	for i, n := range c.Nodes {
		if strings.HasSuffix(name, fmt.Sprint(i)) {
			return n
		}
	}
	return c.Nodes[0]
}
