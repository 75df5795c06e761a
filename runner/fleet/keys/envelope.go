package keys

import (
	"crypto/ed25519"
	"encoding/binary"
	"errors"

	"github.com/nats-io/nkeys"
)

// An envelope is
//
//	magic "fbe1" · 64 bytes of Ed25519 signature · body
//
// and the signature covers
//
//	envelopeDomain · length of the subject (4 bytes, big endian) · subject · body
//
// so that neither can lend bytes to the other.
const (
	envelopeMagic  = "fbe1"
	envelopeDomain = "firstbell fleet envelope 1\x00"
	envelopeHead   = len(envelopeMagic) + ed25519.SignatureSize
)

// MaxBody bounds the body of an envelope, and MaxMessage the whole, in bytes.
const (
	MaxBody    = 7 << 20
	MaxMessage = MaxBody + envelopeHead
	maxSubject = 1 << 10
)

// Errors of envelopes. They say nothing of the content: it may be anybody's.
var (
	ErrEnvelope  = errors.New("not a message of this protocol")
	ErrSignature = errors.New("the signature is not the expected member's, or the message was changed or is another subject's")
)

// Wrap signs body for a subject. A body over MaxBody is wrapped as well, and
// refused by every reader.
func (m *Member) Wrap(subject string, body []byte) []byte {
	out := make([]byte, 0, envelopeHead+len(body))
	out = append(out, envelopeMagic...)
	out = append(out, ed25519.Sign(m.sign, signedBytes(subject, body))...)
	return append(out, body...)
}

// Unwrap gives the body of a message of this member on a subject. The body is a
// part of msg, not a copy. The error is ErrEnvelope, ErrTooLarge or ErrSignature.
func (p Public) Unwrap(subject string, msg []byte) ([]byte, error) {
	if len(msg) > MaxMessage || len(subject) > maxSubject {
		return nil, ErrTooLarge
	}
	if len(msg) < envelopeHead || string(msg[:len(envelopeMagic)]) != envelopeMagic {
		return nil, ErrEnvelope
	}
	key, err := nkeys.Decode(nkeys.PrefixByteUser, []byte(p.Sign))
	if err != nil || len(key) != ed25519.PublicKeySize {
		return nil, ErrSignature
	}
	body := msg[envelopeHead:]
	if !ed25519.Verify(key, signedBytes(subject, body), msg[len(envelopeMagic):envelopeHead]) {
		return nil, ErrSignature
	}
	return body, nil
}

func signedBytes(subject string, body []byte) []byte {
	b := make([]byte, 0, len(envelopeDomain)+4+len(subject)+len(body))
	b = append(b, envelopeDomain...)
	b = binary.BigEndian.AppendUint32(b, uint32(len(subject)))
	b = append(b, subject...)
	return append(b, body...)
}
