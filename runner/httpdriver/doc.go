// Package httpdriver is the [runner.Driver] over HTTP/1.1: one browser per
// person, on net.Conn and crypto/tls.
//
// # A walk through one exchange
//
// [runner.Session.Do] asks the guard about the address, takes a kept
// connection of the person or dials a new one (resolve once per host and run,
// wait for a place to dial, ask the guard about the very address dialled,
// connect, handshake), writes the whole request in one write, reads the answer,
// stores its cookies, keeps at most MaxBody bytes of the decoded body, and gives
// the connection back to the person.
//
// A plain head (HTTP/1.1, whole in one buffer, with a Content-Length) is read
// here; anything odd is left to [http.ReadResponse], which also is what tests and
// fuzzing compare with.
//
// # What a person owns
//
// A cookie jar as browsers keep it, and connections: as many as there are
// exchanges in progress while a page loads (the runner keeps at most six),
// after PageDone one per host, until the server or 5 s of idle time closes it.
// A person who is thinking with no connection open costs the session struct
// and the cookies; no goroutine, no buffer. One timer per driver closes idle
// connections, whoever they belong to.
//
// A kept connection that the server has closed is noticed by a non-blocking
// look at the socket before it is used again. If it breaks only then, before
// any byte of the answer, the request is sent once more on a new connection,
// whatever its method, as browsers do.
//
// # What an answer may do to us
//
// Targets are hostile until proved otherwise. The head of an answer is at most
// 64 KiB and 256 header lines, 1xx answers are at most eight, a body is at most
// 64 MiB on the wire, and no more than MaxBody bytes of it are ever decoded or
// kept. Every socket operation has a deadline, that of the context. Texts of
// errors never repeat what the server sent nor the address asked for, which may
// hold a ticket.
//
// # Whose fault
//
// Every failure is a [runner.TransportError] with one reason (see classify).
// When the context has ended, its cause decides: a cause that is a
// *runner.TransportError keeps its reason (this is how the runner says
// "impatient"), a deadline is step_timeout (connect_timeout while connecting),
// and any other end is in_flight. Waiting for our own place to dial beyond the
// deadline is the generator's fault, whatever the cause says.
//
// # Cookies and SameSite
//
// SameSite is read by nobody: every cookie that matches is sent. Real browsers
// withhold Lax cookies on a cross-site POST, such as the form that carries a
// SAMLResponse, but not in the first two minutes of a cookie without the
// attribute, and identity providers that work today set SameSite=None for it.
// Modelling the exception would need the page's site in every request and would
// only ever turn a login that works into one that does not.
//
// # What differs from a browser
//
// Names are resolved once per run. localhost and the names under it are
// loopback without asking anybody. The proxy is the scenario's or none; the
// environment is not read. Through a proxy, the guard is asked about the host
// behind it, with the proxy's address as the one dialled. Requests carry the
// run's own headers and a User-Agent that says what they are.
package httpdriver
