package report

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// faces are written from the Summary: listing them in it would be a circle.
func isFace(name string) bool {
	return slices.Contains([]string{
		"summary.json", "summary.md", "junit.xml", "report.html", "report.pdf", "metrics.txt", "MANIFEST.sha256",
	}, name)
}

// ListFiles hashes the files a report rests on: every regular file of a run
// folder but the report itself, by path, made [Legible]. Links are not followed.
func ListFiles(dir string) ([]File, error) {
	out := []File{}
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		if err != nil || !e.Type().IsRegular() || isFace(rel) || strings.HasPrefix(filepath.Base(rel), ".") {
			return err
		}
		f, err := hashFile(path)
		f.Path = Legible(filepath.ToSlash(rel))
		out = append(out, f)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("listing the files of a run: %w", err)
	}
	slices.SortFunc(out, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
	return out, nil
}

func hashFile(path string) (File, error) {
	f, err := os.Open(path)
	if err != nil {
		return File{}, err
	}
	defer f.Close()
	h := sha256.New()
	n, err := io.Copy(h, f)
	return File{SHA256: hex.EncodeToString(h.Sum(nil)), Bytes: n}, err
}
