// Package keys holds who is who in a fleet: key pairs, credentials files, signed
// envelopes and sealed objects. It knows no network.
//
// Every member has an Ed25519 key to sign with (an NATS nkey, so the same key
// opens the bus) and an X25519 key that others seal to. A worker's credentials
// file also names the coordinator's public keys and the authority that vouches
// for its TLS certificate; the coordinator's roster names every worker's.
package keys
