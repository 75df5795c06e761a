// Package svg draws charts as SVG text, by hand and from the standard library
// alone.
//
// A [Canvas] collects shapes in a viewBox and becomes one <svg role="img"> with
// a title and a description. Scales ([Linear], [Log], [Clock], [Nines]) turn
// values into coordinates; a [Frame] is the rectangle they draw in, with its
// grid and its ticks; [Area], [Line], [Cells], [Bars], [Dots] and [Strip] put
// data into it.
//
// # Rules
//
//   - Looks come from classes, never from a style attribute: the page's content
//     security policy allows one hashed style sheet and nothing else.
//   - Coordinates are rounded to a tenth: a report is small, and the same data
//     give the same bytes on every machine.
//   - One path per class and series, whatever the number of points.
//   - A text reserves 0.62 em per character and is moved, then shortened, so
//     that it never leaves the viewBox.
package svg
