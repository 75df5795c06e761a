package main

import (
	"net/url"
	"strings"

	"firstbell/report/catalog"
)

// driverNotes puts what the driver says of its connections into the report's
// language. Facts of the scenario file (http, proxy, resolve…) are left out: the
// plan has noted them.
func driverNotes(notes []string, origins []*url.URL, text *catalog.Catalog) []string {
	tls := false
	for _, u := range origins {
		tls = tls || u.Scheme == "https"
	}
	var out []string
	for _, n := range notes {
		fact, detail, _ := strings.Cut(n, ": ")
		if text.Has("note."+fact) && (tls || !strings.HasPrefix(fact, "TLS")) {
			out = append(out, text.Text("note."+fact, "detail", detail))
		}
	}
	return out
}
