// Package html writes the report as one offline page: every chart is SVG drawn
// in Go, every number and table is in the HTML, and the small script only adds
// a time cursor.
//
//	Summary ──► facts (paths into summary.json) ──► sections ──► templates ──► page
//
// # Rules
//
//   - The page asks nothing of anybody: a content security policy allows one
//     style sheet and one script by their hashes, and no connection.
//   - A measured number is written as <data value data-k="path">, where path
//     leads to it in summary.json. [Render] fails rather than print another.
//   - Text that came from the target goes through html/template, and is inert.
//   - A figure without data is one line that says why; none is an empty frame.
//   - The same Summary gives the same bytes.
//
// After capacity and certify the page has three sections more, recovery,
// capacity and why, and page one asks for people: how many the portal lets in,
// and how many it must. The sections between describe one trial of the session.
//
// Page one is for somebody who buys school portals, not software: it says the
// verdict, for how many, what to do and who says so. Everything after it is
// evidence.
package html
