package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"firstbell/scenarios"
)

// A bundle is what a worker needs to read the scenario that its coordinator has
// read: the file with its overrides, the certificates and the variables of the
// environment it names, and what each account is for. The accounts themselves
// travel apart, to those whose people use them.
type bundle struct {
	Version int               `json:"version"`
	Source  []byte            `json:"source"` // --set applied
	Hash    string            `json:"hash"`
	Files   map[string][]byte `json:"files,omitempty"` // by the name the scenario gives
	Env     map[string]string `json:"env,omitempty"`
	Columns []string          `json:"columns,omitempty"`
	// Read is what the accounts of the file are for, in its order; Load those for
	// the load: a witness keeps some. Of generated ones only the number counts.
	Read []spell `json:"read"`
	Load []spell `json:"load"`
}

// spell is so many accounts in a row for one persona, "" for any.
type spell struct {
	Persona string `json:"persona,omitempty"`
	N       int    `json:"n"`
}

const (
	bundleVersion = 1
	// maxBundle bounds a bundle: a file of 1 MiB, three of 4 MiB, a million accounts.
	maxBundle   = 64 << 20
	maxAccounts = 10_000_000
)

// bundleOf packs a scenario; load is the same with the accounts of the load only.
// The file is read once more, to see which variables and files it asks for.
func bundleOf(whole, load *scenarios.Scenario) ([]byte, error) {
	b := bundle{Version: bundleVersion, Source: whole.Source, Hash: whole.Hash(), Files: map[string][]byte{}, Env: map[string]string{},
		Read: spellsOf(whole.Accounts), Load: spellsOf(load.Accounts)}
	o := scenarios.Options{
		Name: "the bundle",
		Env: func(key string) (string, bool) {
			if whole.Env == nil {
				return "", false
			}
			v, ok := whole.Env(key)
			if ok {
				b.Env[key] = v
			}
			return v, ok
		},
		ReadFile: func(name string) ([]byte, error) {
			data, err := whole.ReadFile(name)
			if err == nil {
				b.Files[name] = data
			}
			return data, err
		},
	}
	if whole.Accounts.Generate == nil {
		b.Columns = whole.Accounts.Columns
		o.Table = &scenarios.Table{Columns: whole.Accounts.Columns, Rows: whole.Accounts.Rows}
	}
	again, err := scenarios.Parse(whole.Source, o)
	if err != nil {
		return nil, fmt.Errorf("packing the scenario for the workers: %w", err)
	}
	if again.Hash() != b.Hash {
		return nil, errors.New("packing the scenario for the workers: it reads differently a second time")
	}
	out, err := json.Marshal(b)
	if err == nil && len(out) > maxBundle {
		err = fmt.Errorf("it takes %d MiB, more than %d", len(out)>>20, maxBundle>>20)
	}
	if err != nil {
		return nil, fmt.Errorf("packing the scenario for the workers: %w", err)
	}
	return out, nil
}

// openBundle reads a bundle: the scenario as the coordinator has it, with no
// account's login or password.
func openBundle(data []byte) (*scenarios.Scenario, error) {
	b, err := readBundle(data)
	if err != nil {
		return nil, fmt.Errorf("the bundle: %w", err)
	}
	o := scenarios.Options{
		Name: "the coordinator's scenario",
		Env:  func(key string) (string, bool) { v, ok := b.Env[key]; return v, ok },
		ReadFile: func(name string) ([]byte, error) {
			data, ok := b.Files[name]
			if !ok {
				return nil, errors.New("the coordinator did not send it")
			}
			return data, nil
		},
	}
	if b.Columns != nil {
		o.Table = &scenarios.Table{Columns: b.Columns, Rows: blankRows(b.Columns, b.Read)}
	}
	sc, err := scenarios.Parse(b.Source, o)
	if err != nil {
		return nil, fmt.Errorf("the bundle: %w", err)
	}
	if sc.Hash() != b.Hash {
		return nil, errors.New("the bundle: the scenario's hash is another one")
	}
	if sc.Accounts.Generate != nil {
		g := *sc.Accounts.Generate
		g.Count = count(b.Load)
		sc.Accounts.Generate = &g
		return sc, nil
	}
	if b.Columns == nil {
		return nil, errors.New("the bundle: the accounts have no columns")
	}
	sc.Accounts.Rows = blankRows(b.Columns, b.Load)
	return sc, nil
}

func readBundle(data []byte) (*bundle, error) {
	if len(data) > maxBundle {
		return nil, fmt.Errorf("larger than %d MiB", maxBundle>>20)
	}
	var b bundle
	if err := strictJSON(data, &b); err != nil {
		return nil, err
	}
	switch {
	case b.Version != bundleVersion:
		return nil, fmt.Errorf("version %d, this firstbell reads %d", b.Version, bundleVersion)
	case !sane(b.Read) || !sane(b.Load):
		return nil, fmt.Errorf("more than %d accounts", maxAccounts)
	case len(b.Columns) > maxColumns:
		return nil, fmt.Errorf("more than %d columns", maxColumns)
	}
	return &b, nil
}

const maxColumns = 1000

// strictJSON reads one JSON value of known fields and nothing after it.
func strictJSON(data []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return err
	}
	if d.More() {
		return errors.New("there is more after it")
	}
	return nil
}

// spellsOf is what the accounts are for, in their order.
func spellsOf(a scenarios.Accounts) []spell {
	out := []spell{}
	for i := range a.Len() {
		p := a.PersonaOf(i)
		if n := len(out); n > 0 && out[n-1].Persona == p {
			out[n-1].N++
			continue
		}
		out = append(out, spell{p, 1})
	}
	return out
}

func sane(list []spell) bool {
	sum := 0
	for _, s := range list {
		if s.N < 0 || s.N > maxAccounts {
			return false
		}
		if sum += s.N; sum > maxAccounts {
			return false
		}
	}
	return true
}

func count(list []spell) (sum int) {
	for _, s := range list {
		sum += s.N
	}
	return sum
}

// blankRows are accounts that say what they are for and nothing else. Those of
// one spell share their memory.
func blankRows(columns []string, list []spell) [][]string {
	rows := make([][]string, 0, count(list))
	for _, s := range list {
		row := make([]string, len(columns))
		for c, name := range columns {
			if name == "persona" {
				row[c] = s.Persona
			}
		}
		for range s.N {
			rows = append(rows, row)
		}
	}
	return rows
}
