package ent

import (
	"encoding/json"
	"net/http"
)

const consentPath = "/.well-known/firstbell.json"

// consent serves the consent file of a staging portal, in all the ways in which
// such a file can go wrong. No other mode touches it but Close and Crash.
func (e *ENT) consent(x *exchange) Answer {
	body := e.cfg.ConsentFile
	switch x.m.Consent {
	case ConsentAbsent:
		e.pages.notFound.send(x.w, x.r, http.StatusNotFound)
		return ServedConsent
	case ConsentError:
		e.pages.unavailable.send(x.w, x.r, http.StatusServiceUnavailable)
		return ServedConsent
	case ConsentStop:
		body = with(body, "stop", true)
	case ConsentChanged:
		body = with(body, "consented_by", "somebody else")
	}
	sendString(x.w, x.r, http.StatusOK, typeJSON, string(body))
	return ServedConsent
}

// with adds a field to a JSON object; what is not one becomes one.
func with(object []byte, key string, value any) []byte {
	m := map[string]any{}
	if json.Unmarshal(object, &m) != nil {
		m = map[string]any{}
	}
	m[key] = value
	b, err := json.Marshal(m)
	if err != nil {
		panic(err) // what was decoded can be encoded
	}
	return b
}
