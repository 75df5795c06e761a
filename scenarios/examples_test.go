package scenarios

import (
	"os"
	"path/filepath"
	"testing"
)

func exampleFiles(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("../examples/scenarios/*.yaml")
	if err != nil || len(files) < 7 {
		t.Fatalf("examples not found: %v %v", files, err)
	}
	return files
}

func someEnv(name string) (string, bool) { return "from-the-environment", true }

func TestExamplesParse(t *testing.T) {
	for _, f := range exampleFiles(t) {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Parse(b, Options{Dir: filepath.Dir(f), Name: filepath.Base(f), Env: someEnv}); err != nil {
			t.Error(err)
		}
	}
}
