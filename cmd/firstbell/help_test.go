package main

import (
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// The flag library takes a word in back quotes for the name of a flag's value: none
// of our texts may hold one.
func TestNoBackQuotesInHelp(t *testing.T) {
	var look func(c *cobra.Command)
	look = func(c *cobra.Command) {
		check := func(f *pflag.Flag) {
			if strings.Contains(f.Usage, "`") {
				t.Errorf("%s --%s: %s", c.CommandPath(), f.Name, f.Usage)
			}
		}
		c.Flags().VisitAll(check)
		c.PersistentFlags().VisitAll(check)
		for _, sub := range c.Commands() {
			look(sub)
		}
	}
	root := newRootCmd(&env{})
	if len(root.Commands()) < 20 {
		t.Fatal("the commands are not there")
	}
	look(root)
}
