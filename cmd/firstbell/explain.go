package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
)

func newExplainCmd(e *env) *cobra.Command {
	return &cobra.Command{
		Use:     "explain [CODE]",
		Short:   "Explain an error code",
		Example: "  firstbell explain FB0301",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return listCodes(e.stdout)
			}
			return explain(e.stdout, args[0])
		},
	}
}

func listCodes(w io.Writer) error {
	for _, x := range explanations() {
		if _, err := fmt.Fprintf(w, "%-7s %s\n", x.code, x.title); err != nil {
			return err
		}
	}
	return nil
}

// explain prints the longest entry whose code starts the one asked for, so that
// FB0107 finds FB01.
func explain(w io.Writer, code string) error {
	code = strings.ToUpper(strings.TrimSpace(code))
	var best explanation
	for _, x := range explanations() {
		if strings.HasPrefix(code, x.code) && len(x.code) > len(best.code) {
			best = x
		}
	}
	if best.code == "" {
		return usageError("there is no code %q; firstbell explain lists them", code)
	}
	_, err := fmt.Fprintf(w, "%s: %s\n\n%s\n", code, best.title, best.text)
	return err
}
