package runner

import (
	"context"
	"math"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"firstbell/runner/results"
)

// cgroup files as three kinds of machines write them.
const (
	mountinfoV2     = "30 24 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n22 1 8:1 / / rw - ext4 /dev/sda1 rw\n"
	mountinfoHybrid = "33 32 0:29 / /cg/unified rw - cgroup2 cgroup rw\n34 32 0:30 / /cg/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n35 32 0:31 / /cg/memory rw - cgroup cgroup rw,memory\n"
	mountinfoDocker = "40 39 0:30 /docker/abc /cg/cpu ro - cgroup cpu rw,cpu\n"
)

func TestGroupDirs(t *testing.T) {
	for _, tc := range []struct {
		name, mounts, groups, controller string
		want                             []string
	}{
		{"version 2", mountinfoV2, "0::/user.slice/a.scope\n", "cpu",
			[]string{"/sys/fs/cgroup/user.slice/a.scope", "/sys/fs/cgroup/user.slice", "/sys/fs/cgroup"}},
		{"hybrid, memory", mountinfoHybrid, "4:memory:/app\n3:cpu,cpuacct:/job\n0::/\n", "memory",
			[]string{"/cg/memory/app", "/cg/memory", "/cg/unified"}},
		{"hybrid, cpu", mountinfoHybrid, "4:memory:/app\n3:cpu,cpuacct:/job\n", "cpu",
			[]string{"/cg/cpu,cpuacct/job", "/cg/cpu,cpuacct"}},
		{"mounted below the root", mountinfoDocker, "2:cpu:/docker/abc\n", "cpu", []string{"/cg/cpu"}},
		{"outside the namespace", mountinfoV2, "0::/../../x\n", "cpu", []string{"/sys/fs/cgroup/x", "/sys/fs/cgroup"}},
		{"nonsense", "a b - c\n\n - cgroup2 x y", "::::\nx\n", "cpu", nil},
	} {
		got := groupDirs(parseMounts(tc.mounts), tc.groups, tc.controller)
		if len(got) != len(tc.want) {
			t.Errorf("%s: %v, want %v", tc.name, got, tc.want)
			continue
		}
		for i := range got {
			if got[i] != tc.want[i] {
				t.Errorf("%s: %v, want %v", tc.name, got, tc.want)
				break
			}
		}
	}
}

func TestQuotas(t *testing.T) {
	write := func(dir, name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	v2, parent, v1, none := t.TempDir(), t.TempDir(), t.TempDir(), t.TempDir()
	write(v2, "cpu.max", "max 100000\n")
	write(v2, "cpu.stat", "usage_usec 12\nthrottled_usec 1500\n")
	write(v2, "memory.max", "1000000\n")
	write(v2, "memory.current", "400000\n")
	write(parent, "cpu.max", "10000 100000\n")
	write(v1, "cpu.cfs_quota_us", "150000\n")
	write(v1, "cpu.cfs_period_us", "100000\n")
	write(v1, "cpu.stat", "nr_periods 1\nthrottled_time 2000000\n")
	write(v1, "memory.limit_in_bytes", "9223372036854771712\n")
	if got := cpuQuota([]string{v2, parent}); got != 0.1 {
		t.Errorf("the parent's tenth of a CPU reads %v", got)
	}
	if got := cpuQuota([]string{v1}); got != 1.5 {
		t.Errorf("version 1 quota reads %v, want 1.5", got)
	}
	if got := cpuQuota([]string{none, v2}); got != 0 {
		t.Errorf("no quota reads %v", got)
	}
	if got := throttledTime([]string{v2, v1}); got != 3500*time.Microsecond {
		t.Errorf("throttled %v, want 3.5ms", got)
	}
	if got := memoryLeft([]string{v1, v2}); got != 600_000 {
		t.Errorf("memory left %d, want 600000", got)
	}
	for _, text := range []string{"", "max", "1 0", "-1 100000", "x y", "1 2 3"} {
		if got := cpuMax(text); got != 0 {
			t.Errorf("cpuMax(%q) = %v, want 0", text, got)
		}
	}
}

func TestSmallFiles(t *testing.T) {
	if got := timeWaiting("sockets: used 9\nTCP: inuse 5 orphan 0 tw 12 alloc 8 mem 1\n"); got != 12 {
		t.Errorf("time wait %d, want 12", got)
	}
	if got := timeWaiting("TCP: inuse\nTCP:"); got != 0 {
		t.Errorf("time wait %d, want 0", got)
	}
	for text, want := range map[string]int{"32768\t60999": 28232, "1024 65535": 64512, "9 1": 0, "": 0, "1 99999": 0} {
		if got := portRange(text); got != want {
			t.Errorf("portRange(%q) = %d, want %d", text, got, want)
		}
	}
	if got := memoryAvailable("MemTotal: 2 kB\nMemAvailable:   3 kB\n"); got != 3072 {
		t.Errorf("memory %d, want 3072", got)
	}
}

func TestCPUShare(t *testing.T) {
	for _, tc := range []struct {
		name        string
		cpus        float64
		used, stuck time.Duration
		group       string
		want        float64
	}{
		{"half of two", 2, time.Second, 0, "a", 0.5},
		{"all of a tenth", 0.1, 100 * time.Millisecond, 0, "a", 1},
		{"spent by others of the group", 1, 50 * time.Millisecond, 800 * time.Millisecond, "a", 0.8},
		{"moved to another group", 1, 50 * time.Millisecond, time.Hour, "b", 0.05},
		{"unknown number", 0, 300 * time.Millisecond, 0, "a", 0.3},
		{"more than all", 1, 2 * time.Second, 0, "a", 1},
	} {
		got := cpuShare(time.Second, readings{group: "a"}, readings{group: tc.group, cpus: tc.cpus, cpu: tc.used, throttled: tc.stuck})
		if math.Abs(got-tc.want) > 1e-9 {
			t.Errorf("%s: %v, want %v", tc.name, got, tc.want)
		}
	}
	if got := cpuShare(0, readings{}, readings{cpu: 1}); got != 0 {
		t.Errorf("no time gone by: %v", got)
	}
}

func TestSampleTakesDifferences(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := readings{cpus: 2, descriptors: 9, descLimit: 20_000, timeWait: 7, portLimit: 100, cpu: time.Second}
		in, out := int64(1000), int64(50)
		h := newHealth(HealthOptions{
			Bytes: func() (int64, int64) { return in, out },
			Open:  func() int { return 30 },
		}, func() readings { return r })
		time.Sleep(time.Second)
		r.cpu += 500 * time.Millisecond
		r.descLimit = 40 // cut from outside
		in, out = 1600, 51
		want := results.Health{Second: 4, CPU: 0.25, Descriptors: 9, DescLimit: 40, Ports: 37, PortLimit: 100, BytesIn: 600, BytesOut: 1}
		if got := h.Sample(4); got != want {
			t.Errorf("got %+v, want %+v", got, want)
		}
		time.Sleep(time.Second)
		h.options.Loopback = true
		want = results.Health{Second: 5, Descriptors: 9, DescLimit: 40, Ports: 30, PortLimit: 100}
		if got := h.Sample(5); got != want {
			t.Errorf("second sample: got %+v, want %+v", got, want)
		}
	})
}

// In virtual time nothing oversleeps; a sleeper that should have woken 2 s ago
// counts although it has not said so yet.
func TestHiccup(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHealth(HealthOptions{}, func() readings { return readings{} })
		ctx, cancel := context.WithCancel(t.Context())
		go h.Probe(ctx)
		time.Sleep(time.Second + time.Millisecond)
		if got := h.Sample(0).Hiccup; got != 0 {
			t.Errorf("a quiet second: hiccup %v", got)
		}
		h.overslept(30 * time.Millisecond)
		h.overslept(20 * time.Millisecond)
		if got := h.Sample(1).Hiccup; got != 30*time.Millisecond {
			t.Errorf("hiccup %v, want the worst, 30ms", got)
		}
		time.Sleep(5 * time.Second)
		h.due.Store(int64(time.Since(h.start) - 2*time.Second))
		if got := h.Sample(2).Hiccup; got != 2*time.Second {
			t.Errorf("a stopped process: hiccup %v, want 2s", got)
		}
		cancel()
		synctest.Wait()
		time.Sleep(5 * time.Second)
		if got := h.Sample(3).Hiccup; got != 0 {
			t.Errorf("after the probe ended: hiccup %v", got)
		}
	})
}

// On the machine at hand every reading the gates need is there.
func TestThisMachine(t *testing.T) {
	m := ThisMachine()
	if m.CPUs <= 0 || m.Descriptors <= 0 {
		t.Errorf("got %+v", m)
	}
	h := NewHealth(HealthOptions{})
	s := h.Sample(0)
	if s.DescLimit != m.Descriptors || s.CPU < 0 || s.CPU > 1 {
		t.Errorf("got %+v on %+v", s, m)
	}
}
