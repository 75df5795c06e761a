package keys

import (
	"bytes"
	"crypto/ed25519"
	"errors"
)

// maxChallenge is far over what NATS asks to be signed (15 bytes), and far under
// anything else.
const maxChallenge = 128

// NKey gives what opens the bus: the public key and a function that signs the
// server's challenge.
func (c *Credentials) NKey() (public string, sign func([]byte) ([]byte, error), err error) {
	m, err := c.Member()
	if err != nil {
		return "", nil, err
	}
	return m.public.Sign, m.signChallenge, nil
}

// signChallenge signs nothing that could be an envelope: see the package's text.
func (m *Member) signChallenge(nonce []byte) ([]byte, error) {
	if len(nonce) > maxChallenge || bytes.HasPrefix(nonce, []byte(envelopeDomain)) {
		return nil, errors.New("the server's challenge is not one: not signed")
	}
	return ed25519.Sign(m.sign, nonce), nil
}
