package ent

import (
	"encoding/json"
	"net/http"
	"net/url"
)

// Admin gives the handler that steers and observes a running ENT. Serve it on a
// listener of its own, never beside the load: it asks nobody who they are.
//
//	GET  /counters    what was answered, as JSON
//	GET  /modes       the modes in force, as JSON
//	POST /modes       a form of names and values, as Modes.Set: all or nothing
//	POST /modes/reset all modes off
func (e *ENT) Admin() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /counters", func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, e.Counters()) })
	mux.HandleFunc("GET /modes", func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, e.Modes()) })
	mux.HandleFunc("POST /modes/reset", func(w http.ResponseWriter, _ *http.Request) {
		_ = e.SetModes(Modes{}) // the zero value is valid
		writeJSON(w, e.Modes())
	})
	mux.HandleFunc("POST /modes", func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
		if err := r.ParseForm(); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		if err := e.apply(r.PostForm); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		writeJSON(w, e.Modes())
	})
	return mux
}

func (e *ENT) apply(form url.Values) error {
	m := e.Modes()
	for key, values := range form {
		for _, v := range values {
			if err := m.Set(key, v); err != nil {
				return err
			}
		}
	}
	return e.SetModes(m)
}

func writeJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.Encode(v) // the client may have left
}
