package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"firstbell/scenarios/presets"
)

func newPresetsCmd(e *env) *cobra.Command {
	return &cobra.Command{
		Use:     "presets",
		Short:   "List the built-in journeys and storms",
		Example: "  firstbell presets",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			fmt.Fprintln(e.stdout, "scenario files (firstbell init NAME):")
			for _, p := range presets.List() {
				fmt.Fprintf(e.stdout, "  %-12s %s\n", p.Name, p.Line)
			}
			fmt.Fprintln(e.stdout, "\nmornings (storm: {profile: NAME}):")
			for _, p := range presets.Profiles() {
				fmt.Fprintf(e.stdout, "  %-12s %s\n", p.Name, p.Line)
			}
			return nil
		},
	}
}

func newInitCmd(e *env) *cobra.Command {
	var out string
	c := &cobra.Command{
		Use:   "init [PRESET]",
		Short: "Print a scenario file to start from",
		Long: `Print a commented scenario file for a login family (see: firstbell presets).
Without a preset, the shortest file that runs.`,
		Example: "  firstbell init entcore > lycees.yaml\n  firstbell init cas --file college.yaml",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			name := "empty"
			if len(args) == 1 {
				name = args[0]
			}
			return initScenario(e.stdout, name, out)
		},
	}
	c.Flags().StringVar(&out, "file", "", "write to this new file instead of standard output")
	return c
}

// initScenario writes the named preset to w, or to a file that must not exist.
func initScenario(w io.Writer, name, file string) error {
	src, err := presets.Read(name)
	if err != nil {
		return &userError{exit: exitUsage, code: "FB0202", what: fmt.Sprintf("there is no preset %q", name),
			fix: "one of: " + strings.Join(presetNames(), ", ")}
	}
	if file == "" {
		_, err = w.Write(src)
		return err
	}
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		fix := "choose another folder"
		if errors.Is(err, fs.ErrExist) {
			fix = "choose a name that does not exist yet"
		}
		return &userError{exit: exitUsage, code: "FB0203", what: "cannot write " + file, why: cause(err), fix: fix, cause: err}
	}
	if _, err := f.Write(src); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}

func presetNames() []string {
	var names []string
	for _, p := range presets.List() {
		names = append(names, p.Name)
	}
	return names
}
