package runner

import (
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

func TestOpenDescriptorsCounts(t *testing.T) {
	before := openDescriptors()
	var files []*os.File
	for range 25 {
		f, err := os.Open("/dev/null")
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
	}
	if got := openDescriptors(); got < before+20 || before <= 0 {
		t.Errorf("%d descriptors before, %d after opening 25", before, got)
	}
	for _, f := range files {
		f.Close()
	}
}

// prlimit from outside during a run: the next sample says so.
func TestDescriptorLimitIsReadAnew(t *testing.T) {
	var was unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &was); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &was); err != nil {
			t.Error(err)
		}
	})
	cut := was
	cut.Cur = 200
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &cut); err != nil {
		t.Fatal(err)
	}
	if got := NewHealth(HealthOptions{}).Sample(0).DescLimit; got != 200 {
		t.Errorf("limit %d, want 200", got)
	}
}
