package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"math/big"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"firstbell/scenarios"
)

// defaultSeed makes two runs of the same file the same storm unless somebody
// asks for another one.
const defaultSeed = 20210406

// playOptions are the flags of every command that plans or plays a storm.
type playOptions struct {
	out, lang, progress string
	seed                string
	scale               string
	set                 []string
	fleet               fleetOptions
}

// addPlay declares the flags that shape the plan.
func addPlay(c *cobra.Command, o *playOptions) {
	f := c.Flags()
	f.StringVar(&o.seed, "seed", strconv.Itoa(defaultSeed), "number that draws every arrival and behaviour")
	f.StringArrayVar(&o.set, "set", nil, "override one key of the file: storm.play=08:57-09:03 (repeatable)")
	f.StringVar(&o.scale, "scale", "100%", "share of the schools kept, whole schools or classes only: 25%")
}

// addShow declares the flags that shape what is written and shown.
func addShow(c *cobra.Command, o *playOptions) {
	f := c.Flags()
	f.StringVar(&o.out, "out", "runs", "folder in which the run's own folder is made")
	addLang(c, &o.lang)
	f.StringVar(&o.progress, "progress", "auto", "auto, bars, lines, json or none")
}

func addLang(c *cobra.Command, lang *string) {
	c.Flags().StringVar(lang, "lang", "fr", "language of the report and of the terminal: fr or en")
}

// resolve applies flag > environment > default and checks the values.
func (o *playOptions) resolve(e *env, c *cobra.Command) error {
	all := o.fleet.settings()
	maps.Copy(all, map[string]*string{"seed": &o.seed, "scale": &o.scale, "out": &o.out, "lang": &o.lang, "progress": &o.progress})
	for name, value := range all {
		if flag := c.Flags().Lookup(name); flag != nil {
			*value = e.setting(name, *value, flag.Changed)
		}
	}
	if c.Flags().Lookup("progress") != nil {
		if err := oneOf("progress", o.progress, "auto", "bars", "lines", "json", "none"); err != nil {
			return err
		}
	}
	if c.Flags().Lookup("seed") != nil {
		_, seedErr := o.seedNumber()
		_, scaleErr := o.scaleShare()
		if err := errors.Join(seedErr, scaleErr); err != nil {
			return err
		}
	}
	if c.Flags().Lookup("on-loss") != nil {
		if err := o.fleet.check(); err != nil {
			return err
		}
	}
	return checkLang(c, o.lang)
}

func checkLang(c *cobra.Command, lang string) error {
	if c.Flags().Lookup("lang") == nil {
		return nil
	}
	return oneOf("lang", lang, "fr", "en")
}

func oneOf(name, value string, allowed ...string) error {
	for _, a := range allowed {
		if value == a {
			return nil
		}
	}
	return usageError("--%s %q: want one of %s", name, value, strings.Join(allowed, ", "))
}

// seedNumber reads --seed.
func (o *playOptions) seedNumber() (uint64, error) {
	n, err := strconv.ParseUint(o.seed, 10, 64)
	if err != nil {
		return 0, usageError("--seed %q: want a whole number from 0 to 18446744073709551615", o.seed)
	}
	return n, nil
}

// scaleShare reads --scale: "25%", "0.25" or "1".
func (o *playOptions) scaleShare() (float64, error) {
	text, percent := strings.CutSuffix(strings.TrimSpace(o.scale), "%")
	r, ok := new(big.Rat).SetString(strings.TrimSpace(text))
	if ok && percent {
		r.Quo(r, big.NewRat(100, 1))
	}
	if !ok || r.Sign() <= 0 || r.Cmp(big.NewRat(1, 1)) > 0 {
		return 0, usageError("--scale %q: want a share above 0 and up to 100%%, like 25%%", o.scale)
	}
	share, _ := r.Float64()
	return share, nil
}

// withScenario is the body of every command that takes a scenario file: flags
// first, then the file, then the work.
func withScenario(e *env, o *playOptions, work func(context.Context, *scenarios.Scenario) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		if err := o.resolve(e, cmd); err != nil {
			return err
		}
		sc, err := loadScenario(e, args[0], o.set)
		if err != nil {
			return err
		}
		return work(cmd.Context(), sc)
	}
}

// loadScenario reads and parses a file; a mistake in it exits 2.
func loadScenario(e *env, file string, set []string) (*scenarios.Scenario, error) {
	src, err := readStart(file, scenarios.MaxFile+1)
	if err != nil {
		return nil, &userError{exit: exitUsage, code: "FB0203", what: "cannot read the scenario file " + file,
			why: cause(err), fix: remedyForFile(file, err), cause: err}
	}
	return parseScenario(e, src, filepath.Dir(file), file, set)
}

// remedyForFile never proposes to write over what is there.
func remedyForFile(file string, err error) string {
	if errors.Is(err, fs.ErrNotExist) {
		return "firstbell init entcore > " + file
	}
	return "name a scenario file that you may read"
}

func parseScenario(e *env, src []byte, dir, name string, set []string) (*scenarios.Scenario, error) {
	return scenarios.Parse(src, scenarios.Options{
		Dir: dir, Name: name, Set: set,
		Env: func(key string) (string, bool) { v := e.getenv(key); return v, v != "" },
	})
}

// readStart reads a file, its first limit bytes at most: any file may be named.
func readStart(file string, limit int64) ([]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, limit))
}

// cause is an error without the file name the message already carries.
func cause(err error) string {
	if pe, ok := err.(*os.PathError); ok {
		return pe.Err.Error()
	}
	return fmt.Sprint(err)
}
