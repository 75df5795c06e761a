// Package nulltarget calibrates the generator: the scenario's own journeys,
// played against a target that costs nothing. What the generator can do there
// is the most it may be trusted with anywhere (gate V4).
//
// # Record, serve, replay
//
//   - [Record] walks one person per persona and journey through the real target,
//     calmly, and keeps every exchange on a [Tape]: status, headers, cookies,
//     redirects, bodies as long on the wire as they came.
//   - [Serve] answers from a tape, in a process of its own: finished bytes,
//     one read and one write per request, TLS when the client speaks it.
//   - [Replay] wraps the generator's own driver. It adds one header to each
//     request, the number of the recorded answer it is to get: the n-th request
//     of a person for an address finds the n-th recorded answer for it.
//   - [Calibrate] doubles the load until a gate of the generator breaks, and
//     halves the last step once.
//
// Everybody plays as the one recorded account of their persona, with the
// recorded random values, so that tokens, tickets and proofs of identity repeat
// and the walk does the same work: as many exchanges, bytes, cookies, forms and
// handshakes as against the real target. When fewer than 99 % of the people get
// in class the recording does not stand for the journeys, and the calibration
// fails and says so.
//
// # What a tape holds
//
// Cookies and tickets of a synthetic account. It is kept in memory and goes
// through a pipe to the process that serves it, never to a disk. The server
// listens on loopback, where others may knock: it answers only requests that
// carry the tape's key, drawn for each recording.
//
// # Where bytes may go
//
// [Towards] sends every host of the scenario to the server's address, and
// [Guard] refuses any other host and any other address, whatever a redirect or a
// page says. The scenario's proxy is left out.
//
// # What differs from the real target
//
// Pages come at once, what they ask for in parallel after 10 to 50 ms, so that it
// opens as many connections as it does against a portal. HTTP/1.1 with a known length, whatever the real framing;
// a certificate of our own (ECDSA P-256), never verified against an authority;
// no client certificate. Files of a page are as long as the real ones and hold
// nothing.
package nulltarget
