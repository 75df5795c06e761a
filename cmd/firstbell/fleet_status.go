package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/olekukonko/tablewriter"
	"github.com/olekukonko/tablewriter/renderer"
	"github.com/olekukonko/tablewriter/tw"
	"github.com/spf13/cobra"

	"firstbell/runner/fleet"
)

func newFleetCmd(e *env) *cobra.Command {
	var r reach
	var asJSON bool
	c := &cobra.Command{
		Use:   "fleet [RUN]",
		Short: "Show the workers of a fleet: who is there, versions, clocks, health",
		Long: `Show each worker of a fleet under way: its state, version, processors, how long ago it
was heard, its clock's offset and the bound of its error, its load, and the results
that it has not delivered yet. RUN is the run's folder, its id under --out, or
"latest". From another machine: --join and --credentials operator.json.`,
		Example: "  firstbell fleet latest\n  firstbell fleet --join tls://pilot.example:7422 --credentials fleet-keys/operator.json --json",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := r.resolve(e, cmd, args); err != nil {
				return err
			}
			s, err := r.status(cmd.Context(), args)
			if err != nil {
				return err
			}
			if asJSON {
				enc := json.NewEncoder(e.stdout)
				enc.SetIndent("", "  ")
				return enc.Encode(s)
			}
			return printFleet(e.stdout, s)
		},
	}
	r.flags(c)
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}

// status asks the coordinator.
func (r reach) status(ctx context.Context, args []string) (fleet.Status, error) {
	ctx, cancel := context.WithTimeout(ctx, obeyWithin)
	defer cancel()
	var state *fleetState
	dir := ""
	if len(args) == 1 {
		at, err := r.find(args[0])
		if err != nil {
			return fleet.Status{}, err
		}
		if state = stateIn(at); state == nil {
			return fleet.Status{}, &userError{exit: exitUsage, code: "FB0608", what: "the run " + at.id + " has no fleet", why: "one process plays it", fix: "firstbell run --workers 4 plays on several"}
		}
		dir = at.dir
	}
	conn, me, err := r.member(ctx, state, dir)
	if err != nil {
		return fleet.Status{}, err
	}
	defer conn.Close()
	s, err := fleet.AskStatus(ctx, conn, me)
	if err != nil {
		return s, silentFleet(err)
	}
	return s, nil
}

// printFleet writes the fleet for a person. What workers say of themselves is made
// printable.
func printFleet(w io.Writer, s fleet.Status) error {
	play := "no play"
	if s.Play != "" {
		play = fmt.Sprintf("%s at %v", plainLine(s.Play), s.At.Round(time.Second))
	}
	if _, err := fmt.Fprintf(w, "fleet %s, firstbell %s: %d of %d workers, %s\n", plainLine(s.Fleet), plainLine(s.Version), heard(s), s.Wanted, play); err != nil {
		return err
	}
	var b strings.Builder
	t := plainTable(&b, tw.AlignLeft, tw.AlignLeft, tw.AlignLeft, tw.AlignLeft, tw.AlignRight, tw.AlignRight, tw.AlignRight, tw.AlignRight, tw.AlignRight, tw.AlignRight)
	t.Header("worker", "state", "place", "version", "CPUs", "heard", "clock", "CPU", "people", "waiting")
	for _, x := range s.Workers {
		if err := t.Append(workerRow(x)); err != nil {
			return err
		}
	}
	if err := t.Render(); err != nil {
		return err
	}
	for _, x := range s.Refused {
		fmt.Fprintf(&b, "refused at %s: %s: %s\n", x.At.Format(time.TimeOnly), plainLine(x.Worker), plainLine(x.Error()))
	}
	for line := range strings.Lines(b.String()) {
		if _, err := io.WriteString(w, strings.TrimRight(line, " \n")+"\n"); err != nil {
			return err
		}
	}
	return nil
}

func workerRow(x fleet.WorkerStatus) []string {
	if x.State == "awaited" {
		return []string{plainLine(x.Name), x.State, "", "", "", "", "", "", "", ""}
	}
	clock := "-"
	if x.Clock != nil {
		clock = fmt.Sprintf("%+.2f ± %.2f ms", float64(x.Clock.Offset)/1e6, float64(x.Clock.Error)/1e6)
	}
	return []string{plainLine(x.Name), plainLine(x.State), plainLine(x.Place), plainLine(x.Version), fmt.Sprintf("%g", x.CPUs),
		fmt.Sprintf("%d ms", x.HeardAgo.Milliseconds()), clock, fmt.Sprintf("%.0f %%", 100*x.CPU), fmt.Sprint(x.People), fmt.Sprint(x.Waiting)}
}

// plainTable is a borderless table.
func plainTable(w io.Writer, align ...tw.Align) *tablewriter.Table {
	cell := tw.CellConfig{
		Formatting: tw.CellFormatting{AutoFormat: tw.Off, AutoWrap: tw.WrapNone},
		Alignment:  tw.CellAlignment{PerColumn: align},
		Padding:    tw.CellPadding{Global: tw.Padding{Right: "  ", Overwrite: true}},
	}
	return tablewriter.NewTable(w,
		tablewriter.WithEastAsian(tw.Off),
		tablewriter.WithConfig(tablewriter.Config{Header: cell, Row: cell}),
		tablewriter.WithHeaderAutoFormat(tw.Off),
		tablewriter.WithRenderer(renderer.NewBlueprint(tw.Rendition{
			Borders:  tw.BorderNone,
			Settings: tw.Settings{Separators: tw.SeparatorsNone, Lines: tw.LinesNone},
		})),
	)
}
