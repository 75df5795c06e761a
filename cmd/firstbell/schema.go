package main

import (
	"github.com/spf13/cobra"

	"firstbell/report"
	"firstbell/scenarios"
)

func newSchemaCmd(e *env) *cobra.Command {
	var summary bool
	c := &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON Schema of the scenario file, or of summary.json",
		Long: `Print the JSON Schema (2020-12) of the scenario file. Editors read it when the
file's first line is:  # yaml-language-server: $schema=firstbell.schema.json

With --summary, the schema of the summary.json that every run and session writes: what
a pipeline may rely on. It is that of this very version; later ones of 1.x may add keys.`,
		Example: "  firstbell schema > firstbell.schema.json\n  firstbell schema --summary > summary.schema.json",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			schema := scenarios.Schema
			if summary {
				schema = report.Schema
			}
			_, err := e.stdout.Write(schema())
			return err
		},
	}
	c.Flags().BoolVar(&summary, "summary", false, "the schema of summary.json")
	return c
}
