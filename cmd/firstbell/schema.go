package main

import (
	"github.com/spf13/cobra"

	"firstbell/scenarios"
)

func newSchemaCmd(e *env) *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON Schema of the scenario file",
		Long: `Print the JSON Schema (2020-12) of the scenario file. Editors read it when the
file's first line is:  # yaml-language-server: $schema=firstbell.schema.json`,
		Example: "  firstbell schema > firstbell.schema.json",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := e.stdout.Write(scenarios.Schema())
			return err
		},
	}
}
