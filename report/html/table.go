package html

import "html/template"

// Table is a data table: one header row, the first cell of each row its header.
type Table struct {
	Caption string
	Head    []Column
	Rows    [][]Cell
	// Stack lets a narrow screen show each row as a block; other tables scroll.
	Stack bool
	Class string
}

// Column is a header cell.
type Column struct {
	Name   string
	Number bool // right-aligned
}

// Cell is one cell of a body row.
type Cell struct {
	Words Words
	Class string
}

func columns(names ...string) []Column {
	out := make([]Column, len(names))
	for i, n := range names {
		out[i] = Column{Name: n, Number: i > 0}
	}
	return out
}

func text(s string) Cell { return Cell{Words: plain(s)} }

func cell(n Num) Cell { return Cell{Words: Words{n}, Class: "n"} }

// Figure is a chart with its finding, its key and the table behind it.
type Figure struct {
	ID      string
	Finding Words
	How     string // how to read it
	Key     []KeyItem
	Wide    template.HTML
	Narrow  template.HTML // "" when the wide one scrolls instead
	Missing string        // instead of a chart: why there is none, and how to get one
	Legend  []Words       // what the rows of the chart are
	Notes   []Words       // flags listed under the chart
	Note    string        // heading of the notes
	Tables  []*Table      // behind "see the data"
	Cursor  *Cursor
}

// KeyItem explains one look.
type KeyItem struct {
	Swatch template.HTML
	Label  string
	Value  *Num
}

// Cursor lets a reader walk along a time axis; without JavaScript it is not
// shown.
type Cursor struct{ Label string }
