package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"firstbell/runner/results"
)

// version is set by the release build (-ldflags "-X main.version=…").
var version = "dev"

// toolInfo says which program this is; it goes into every run folder.
func toolInfo() results.Tool {
	v := version
	if v == "dev" {
		if info, ok := debug.ReadBuildInfo(); ok {
			v += revision(info)
		}
	}
	return results.Tool{Name: "firstbell", Version: v, Go: runtime.Version(), OS: runtime.GOOS + "/" + runtime.GOARCH}
}

// revision is "+abcdef123456" when the build recorded its commit.
func revision(info *debug.BuildInfo) string {
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && len(s.Value) >= 12 {
			return "+" + s.Value[:12]
		}
	}
	return ""
}

func newVersionCmd(e *env) *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "Print the version",
		Example: "  firstbell version",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			t := toolInfo()
			_, err := fmt.Fprintf(e.stdout, "firstbell %s (%s, %s)\n", t.Version, t.Go, t.OS)
			return err
		},
	}
}
