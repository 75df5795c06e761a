// Package consent is the [runner.Guard]: which hosts may be loaded, how much,
// and until when. Everything it has not been told about is refused.
//
// # Who may be loaded
//
// Only the scenario's target and hosts, by scheme, host and port. Of these,
// loopback needs nothing further, if its name itself says loopback (127.0.0.1,
// [::1], localhost, a name under localhost), the address really dialled is
// loopback, no resolve line, Host header or proxy sends it elsewhere, and the
// scenario does not say `consent: required`. A name that merely resolves to
// loopback is not loopback.
//
// Every other host publishes a file at its own /.well-known/firstbell.json, at
// the very scheme, host and port that will be loaded:
//
//	{
//	  "host": "ent.preprod.example",
//	  "consented_by": "Marie Dupont, exploitation, +33 1 00 00 00 00",
//	  "environment": "staging",
//	  "not_before": "2026-01-12T08:00:00+01:00",
//	  "not_after": "2026-01-12T12:00:00+01:00",
//	  "requests_per_second": 300,
//	  "connections_per_second": 100,
//	  "grace": "120s"
//	}
//
// host may be left out. Three more fields are optional: control, an https
// address elsewhere that is read like the file and can say stop when the loaded
// host is too busy to; key_sha256, the SHA-256 of a phrase that the testers
// must know; stop, true to stop everything.
//
// A host that cannot serve the file may name another https address for it in
// DNS, TXT _firstbell.HOST "firstbell-consent=https://…"; the file must then
// carry its host. DNS gives consent at the start only; the file at that address
// is what is read again.
//
// # Until when
//
// The file is read before the first byte of load, then every 2 s, on a
// connection of its own that waits for no place among the load's. Consent is
// withdrawn by 404, 410, a changed field, stop, or the end of its window: then
// [Guard.Stopped] is closed, less than 5 s after the change. Any other answer
// (no answer, refused, 401, 403, 429, 5xx, a redirect, something else than our
// file) is what an overloaded portal looks like, not a change of mind: load goes
// on for grace since the last good reading of the file or of its control
// address, then stops.
//
// # How much
//
// In no span of one second do more requests, or more new connections, leave
// than the file allows, nor more than the scenario's own limits for all hosts
// together; what would is refused with consent_limit. Requests sent again and
// redirects count. Several workers share each limit by equal whole numbers: their
// sum never exceeds it in any second.
//
// # Design
//
// The way to "yes" takes no lock: an immutable table of origins, atomic flags,
// and a ring of the last grants per limit. Name and address are judged in one
// spelling ([runner.OriginOf]), the one the driver dials, so that no odd
// spelling can mean two hosts. Addresses are pinned when consent is read: a name
// that resolves differently later is refused.
package consent
