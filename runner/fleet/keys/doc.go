// Package keys holds who is who in a fleet: key pairs, credentials files, signed
// envelopes and sealed objects. It knows no network.
//
// Every member has an Ed25519 key to sign with (a NATS nkey, so the same key
// opens the bus) and an X25519 key that others seal to. A worker's credentials
// file also names the coordinator's public keys and the authority that vouches
// for its TLS certificate; the coordinator's roster names every worker's.
//
//	roster, workers, operator, err := keys.Generate(keys.Options{Workers: 50, Hosts: []string{"coordinator.example"}})
//	err = roster.Write("keys/roster.json")         // stays with the coordinator
//	err = workers[0].Write("keys/w000.json")       // goes to one worker, and no other
//	err = operator.Write("keys/operator.json")     // may look, and stop
//
// # Envelopes
//
// [Member.Wrap] makes a message that says nothing about who wrote it: the reader
// knows whom it listens to and asks that member's public half, [Public.Unwrap].
// The signature covers the subject too, so a message taken from one subject is
// worth nothing on another, and a message of one fleet nothing in another (the
// fleet's id is part of every subject). What is written twice is read twice:
// messages that must not be carry a number of their own.
//
// # Sealed objects
//
// [Member.Seal] encrypts to one reader (X25519, XSalsa20-Poly1305: NaCl's box, as
// nkeys spells it). Whoever opens it also knows who sealed it. The bus and its
// disk therefore never hold an account in the clear.
//
// # Files
//
// Credentials and rosters are JSON files of mode 0600, written once and never
// over another. A file that others may read is refused, with the command that
// mends it. One exception: a file of root that reaches an unprivileged process
// through its group only (0440), which is how Kubernetes mounts a Secret for a
// container that is not root; its owner is the only one who could make it
// narrower, and nobody else can read it.
//
// # The one key with two uses
//
// The signing key answers the bus's challenge as well. A dishonest bus could send
// as its challenge the very bytes of an envelope; [Credentials.NKey] signs nothing
// that is longer than a challenge or starts like an envelope.
//
// # The authority
//
// [Generate] makes a certificate authority, vouches with it for one server
// certificate and forgets its key: it can never vouch for anybody else. Whoever
// needs another certificate makes new credentials.
package keys
