package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"firstbell/scenarios"
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
	for _, x := range allExplanations() {
		if _, err := fmt.Fprintf(w, "%s  %s\n", x.code, x.title); err != nil {
			return err
		}
	}
	return nil
}

// allExplanations joins the scenario file's codes and this command's own, in
// code order.
func allExplanations() []explanation {
	var all []explanation
	for _, d := range scenarios.Codes() {
		all = append(all, explanation{d.Code, d.Title, d.Text})
	}
	return append(all, explanations()...)
}

func explain(w io.Writer, code string) error {
	code = strings.ToUpper(strings.TrimSpace(code))
	for _, x := range allExplanations() {
		if x.code == code {
			_, err := fmt.Fprintf(w, "%s: %s\n\n%s\n", x.code, x.title, x.text)
			return err
		}
	}
	return usageError("there is no code %q; firstbell explain lists them", code)
}
