package results

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// HDRDir is where the .hlog files of a run folder are.
const HDRDir = "hdr"

// Names of the files derived from the deltas.
const (
	OutcomesFile = "outcomes.csv"
	WorkersFile  = "workers.json"
)

// WriteDerived writes below dir everything that is derived from the deltas
// alone: hdr/*.hlog, outcomes.csv and workers.json. The same folder always
// gives the same bytes.
func (r *Run) WriteDerived(dir string) error {
	if err := r.WriteHLogs(dir); err != nil {
		return err
	}
	var out bytes.Buffer
	if err := r.WriteOutcomesCSV(&out); err != nil {
		return err
	}
	workers, err := json.MarshalIndent(r.Workers, "", " ")
	if err == nil {
		err = errors.Join(
			WriteFileAtomic(filepath.Join(dir, OutcomesFile), out.Bytes()),
			WriteFileAtomic(filepath.Join(dir, WorkersFile), append(workers, '\n')))
	}
	if err != nil {
		return fmt.Errorf("write derived files: %w", err)
	}
	return nil
}

// WriteHLogs writes hdr/steps.hlog, hdr/time_to_class.hlog and
// hdr/generator_delay.hlog below dir: HdrHistogram logs (format 1.3,
// nanoseconds) with one line per series and 10 s of intended time. A tag is
// journey|step|clock|group, "all" where a series is not split.
func (r *Run) WriteHLogs(dir string) error {
	dir = filepath.Join(dir, HDRDir)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("write hdr logs: %w", err)
	}
	logs := []struct {
		name string
		fill func(*hlog)
	}{
		{"steps.hlog", r.logSteps},
		{"time_to_class.hlog", r.logClass},
		{"generator_delay.hlog", r.logDelay},
	}
	for _, l := range logs {
		h := newHlog(r.Plan.Start)
		if l.fill(h); h.err != nil {
			return fmt.Errorf("write %s: %w", l.name, h.err)
		}
		if err := WriteFileAtomic(filepath.Join(dir, l.name), h.out.Bytes()); err != nil {
			return fmt.Errorf("write hdr logs: %w", err)
		}
	}
	return nil
}

func (r *Run) logSteps(l *hlog) {
	for _, k := range sortedKeys(r.Total.Steps, compareStepKeys) {
		journey, step := "folded", "folded"
		if int(k.Step) < len(r.Plan.Steps) {
			journey, step = r.Plan.Steps[k.Step].Journey, r.Plan.Steps[k.Step].Name
		}
		l.add(k.Ten, r.Total.Steps[k], journey, step, k.Clock.String(), "all")
	}
}

func (r *Run) logClass(l *hlog) {
	for _, k := range sortedKeys(r.Total.Class, compareClassKeys) {
		l.add(k.Ten, r.Total.Class[k], "all", "time_to_class", FromIntended.String(), r.Plan.Groups[k.Group].String())
	}
}

func (r *Run) logDelay(l *hlog) {
	for _, ten := range sortedKeys(r.Total.Delay, cmp.Compare) {
		l.add(ten, r.Total.Delay[ten], "all", "generator_delay", FromIntended.String(), "all")
	}
	for _, ten := range sortedKeys(r.Total.Later, cmp.Compare) {
		l.add(ten, r.Total.Later[ten], "all", "generator_delay_later", FromIntended.String(), "all")
	}
}

// hlog is one HdrHistogram log being written. The first error stops it.
type hlog struct {
	out   bytes.Buffer
	w     *hdrhistogram.HistogramLogWriter
	start time.Time
	err   error
}

func newHlog(start time.Time) *hlog {
	l := &hlog{start: start}
	l.w = hdrhistogram.NewHistogramLogWriter(&l.out)
	l.err = errors.Join(l.w.OutputLogFormatVersion(), l.w.OutputStartTime(start.UnixMilli()), l.w.OutputLegend())
	return l
}

func (l *hlog) add(ten int32, h *Hist, tag ...string) {
	if l.err != nil {
		return
	}
	for i, part := range tag {
		tag[i] = cleanTag(part)
	}
	out := h.ToHDR()
	from := l.start.Add(time.Duration(ten) * 10 * time.Second).UnixMilli()
	out.SetTag(strings.Join(tag, "|"))
	out.SetStartTimeMs(from)
	out.SetEndTimeMs(from + 10_000)
	l.err = l.w.OutputIntervalHistogram(out)
}

// cleanTag takes out what separates fields, tags and lines of a log.
func cleanTag(s string) string {
	return strings.Map(func(r rune) rune {
		if r <= ' ' || r == ',' || r == '|' || r == '"' || r == 0x7f {
			return '_'
		}
		return r
	}, s)
}

// String names the clock as summary.json and the logs do.
func (c Clock) String() string {
	if c == FromSent {
		return "sent"
	}
	return "intended"
}

// String is the group's label: region/level/persona, absent dimensions left
// out.
func (g Group) String() string {
	parts := slices.DeleteFunc([]string{g.Region, g.Level, g.Persona}, func(s string) bool { return s == "" })
	return strings.Join(parts, "/")
}

// WriteOutcomesCSV writes both ledgers, one line per intended second (from the
// start of the played window), group, outcome and reason that occurred, in
// this order.
func (r *Run) WriteOutcomesCSV(w io.Writer) error {
	l := LedgerOf(r)
	type pair struct{ people, attempts uint64 }
	rows := map[Cell]*pair{}
	at := func(c Cell) *pair {
		if rows[c] == nil {
			rows[c] = new(pair)
		}
		return rows[c]
	}
	for _, c := range l.People.Cells {
		at(c.Cell).people = c.N
	}
	for _, c := range l.Attempts.Cells {
		at(c.Cell).attempts = c.N
	}
	out := csv.NewWriter(w)
	out.Write([]string{"second", "region", "level", "persona", "outcome", "reason", "people", "attempts"})
	for _, c := range sortedKeys(rows, compareCells) {
		g, n := r.Plan.Groups[c.Group], rows[c]
		out.Write([]string{strconv.Itoa(int(c.Second)), cleanCSV(g.Region), cleanCSV(g.Level), cleanCSV(g.Persona),
			c.Outcome.String(), c.Reason.String(), strconv.FormatUint(n.people, 10), strconv.FormatUint(n.attempts, 10)})
	}
	out.Flush()
	if err := out.Error(); err != nil {
		return fmt.Errorf("write outcomes: %w", err)
	}
	return nil
}

// cleanCSV keeps a spreadsheet from taking a name for a formula.
func cleanCSV(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		return "'" + s
	}
	return s
}

// WriteManifest writes dir/MANIFEST.sha256: the SHA-256 of every file below
// dir but itself, sorted by path, in the format of `sha256sum -c`. A file that
// is not regular, or whose name has a line break, is an error: nothing in the
// folder stays uncovered.
func WriteManifest(dir string) error {
	paths, err := regularFiles(dir)
	if err != nil {
		return fmt.Errorf("write manifest: %w", err)
	}
	var out bytes.Buffer
	for _, p := range paths {
		sum, err := hashFile(filepath.Join(dir, filepath.FromSlash(p)))
		if err != nil {
			return fmt.Errorf("write manifest: %w", err)
		}
		fmt.Fprintf(&out, "%x  %s\n", sum, p)
	}
	if err := WriteFileAtomic(filepath.Join(dir, ManifestFile), out.Bytes()); err != nil {
		return fmt.Errorf("write manifest: %w", err)
	}
	return nil
}

// regularFiles lists what a manifest covers, by path with slashes.
func regularFiles(dir string) ([]string, error) {
	var paths []string
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		if err != nil || rel == ManifestFile {
			return err
		}
		if !e.Type().IsRegular() || strings.ContainsAny(rel, "\n\r\\") {
			return fmt.Errorf("%q is no regular file with a plain name", rel)
		}
		paths = append(paths, filepath.ToSlash(rel))
		return nil
	})
	slices.Sort(paths)
	return paths, err
}

func hashFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return nil, err
	}
	return h.Sum(nil), nil
}
