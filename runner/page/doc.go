// Package page looks at one page as a person and a browser see it: is it the
// right page, which form does it hold, what does it load, when does it refresh
// itself.
//
// A [Page] is what an exchange and its redirects left behind. Everything is
// computed when first asked for: an untouched page costs nothing. A Page is
// not safe for concurrent use.
//
// # What counts as text
//
// The keys `text` of a scenario see what a reader sees: the title and the
// visible text, entities decoded, white space collapsed (inline tags join,
// other tags separate), ’ read as '. Scripts, styles, templates, hidden
// elements and attributes are not text, with two exceptions a reader does see:
// the label of a button and the value of ng-init, where portals drawn by
// AngularJS scripts put the message of a refused login. A pattern that itself
// contains < looks at the source instead, and so does any pattern on an answer
// that is not HTML (JSON, XML, plain text).
//
// # Hostile pages
//
// Pages come from targets and are not trusted: at most [MaxBody] bytes, a
// bounded number of nodes and depth are looked at, nothing panics, and no
// message made here repeats a value of a page or of an account, only names the
// scenario wrote.
package page
