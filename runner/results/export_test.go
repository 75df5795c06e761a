package results

import (
	"bytes"
	"crypto/sha256"
	"encoding/csv"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// recorded is a finished run folder with a step's name that no log may hold as
// it is.
func recorded(t *testing.T) *Run {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "run")
	h := newHistory(21, 300, 3, 20)
	h.plan.Steps[1].Name = "2 post /login, |again|\n"
	h.plan.Groups[1].Region = `=cmd("x")`
	record(t, h, dir, 30, true)
	r, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestHLogsReadBackExactly(t *testing.T) {
	r := recorded(t)
	if err := r.WriteHLogs(r.Dir); err != nil {
		t.Fatal(err)
	}
	for file, want := range map[string]func() (series int, total uint64){
		"steps.hlog":         func() (int, uint64) { return sumOf(r.Total.Steps) },
		"time_to_class.hlog": func() (int, uint64) { return sumOf(r.Total.Class) },
		"generator_delay.hlog": func() (int, uint64) {
			series, total := sumOf(r.Total.Delay)
			later, more := sumOf(r.Total.Later)
			return series + later, total + more
		},
	} {
		b, err := os.ReadFile(filepath.Join(r.Dir, HDRDir, file))
		if err != nil {
			t.Fatal(err)
		}
		in := hdrhistogram.NewHistogramLogReader(bytes.NewReader(b))
		series, total := 0, uint64(0)
		for {
			h, err := in.NextIntervalHistogram()
			if err != nil {
				t.Fatalf("%s: %v", file, err)
			}
			if h == nil {
				break
			}
			series++
			total += uint64(h.TotalCount())
			if n := strings.Count(h.Tag(), "|"); n != 3 || strings.ContainsAny(h.Tag(), ", \n") {
				t.Errorf("%s: tag %q", file, h.Tag())
			}
			if h.EndTimeMs()-h.StartTimeMs() != 10_000 || (h.StartTimeMs()-r.Plan.Start.UnixMilli())%10_000 != 0 {
				t.Errorf("%s: from %d to %d", file, h.StartTimeMs(), h.EndTimeMs())
			}
		}
		if s, n := want(); series != s || total != n || n == 0 {
			t.Errorf("%s: %d series with %d values, want %d with %d", file, series, total, s, n)
		}
	}
}

func sumOf[K comparable](m map[K]*Hist) (series int, total uint64) {
	for _, h := range m {
		total += h.Count()
	}
	return len(m), total
}

func TestOutcomesCSV(t *testing.T) {
	r := recorded(t)
	var out bytes.Buffer
	if err := r.WriteOutcomesCSV(&out); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(bytes.NewReader(out.Bytes())).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(rows[0], ","); got != "second,region,level,persona,outcome,reason,people,attempts" {
		t.Errorf("header %s", got)
	}
	var people, attempts uint64
	last := -1
	for _, row := range rows[1:] {
		second, err := strconv.Atoi(row[0])
		if err != nil || second < last {
			t.Fatalf("second %q after %d", row[0], last)
		}
		last = second
		p, _ := strconv.ParseUint(row[6], 10, 64)
		a, _ := strconv.ParseUint(row[7], 10, 64)
		people, attempts = people+p, attempts+a
		if strings.HasPrefix(row[1], "=") {
			t.Fatalf("%q is a formula", row[1])
		}
	}
	l := LedgerOf(r)
	if people != l.People.Total.Intended || attempts != l.Attempts.Total.Intended || people != 300 {
		t.Errorf("%d people and %d attempts, want %d and %d", people, attempts, l.People.Total.Intended, l.Attempts.Total.Intended)
	}
}

func TestManifestCoversEverything(t *testing.T) {
	r := recorded(t)
	if err := os.WriteFile(filepath.Join(r.Dir, "hdr.txt"), []byte("between hdr and hdr/"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := r.WriteHLogs(r.Dir); err != nil {
		t.Fatal(err)
	}
	if err := WriteManifest(r.Dir); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(filepath.Join(r.Dir, ManifestFile))
	if err != nil {
		t.Fatal(err)
	}
	listed := map[string]string{}
	var paths []string
	for line := range strings.Lines(string(b)) {
		sum, path, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "  ")
		if !ok {
			t.Fatalf("line %q", line)
		}
		listed[path] = sum
		paths = append(paths, path)
	}
	if !slices.IsSorted(paths) {
		t.Errorf("not sorted: %v", paths)
	}
	files := 0
	filepath.WalkDir(r.Dir, func(path string, e fs.DirEntry, err error) error {
		rel, _ := filepath.Rel(r.Dir, path)
		if err != nil || e.IsDir() || rel == ManifestFile {
			return err
		}
		files++
		b, err := os.ReadFile(path)
		if err != nil || listed[filepath.ToSlash(rel)] != fmt.Sprintf("%x", sha256.Sum256(b)) {
			t.Errorf("%s is not covered (%v)", rel, err)
		}
		return nil
	})
	if files != len(listed) || files < 8 {
		t.Errorf("%d files, %d listed", files, len(listed))
	}
	if err := os.Symlink("/dev/null", filepath.Join(r.Dir, "link")); err != nil {
		t.Fatal(err)
	}
	if err := WriteManifest(r.Dir); err == nil {
		t.Error("a link was left uncovered")
	}
}

func TestExportsAreTheSameBytesTwice(t *testing.T) {
	r := recorded(t)
	var want []byte
	for range 3 {
		again, err := Open(r.Dir)
		if err != nil {
			t.Fatal(err)
		}
		dir := t.TempDir()
		if err := again.WriteDerived(dir); err != nil {
			t.Fatal(err)
		}
		if err := WriteManifest(dir); err != nil {
			t.Fatal(err)
		}
		b, err := os.ReadFile(filepath.Join(dir, ManifestFile))
		if err != nil {
			t.Fatal(err)
		}
		if n := bytes.Count(b, []byte("\n")); n != 5 {
			t.Errorf("%d files:\n%s", n, b)
		}
		if want == nil {
			want = b
		} else if !bytes.Equal(b, want) {
			t.Fatalf("other bytes:\n%s\n%s", want, b)
		}
	}
}
