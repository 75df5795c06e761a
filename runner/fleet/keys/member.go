package keys

import (
	"crypto/ed25519"
	"errors"
	"fmt"

	"github.com/nats-io/nkeys"
)

// Member signs and seals for one set of credentials. It is safe for concurrent
// use, and shows its name only, however it is printed.
type Member struct {
	fleet  string
	public Public
	sign   ed25519.PrivateKey
	seal   nkeys.KeyPair
}

// Errors of what others have sealed. They say nothing of the content.
var (
	ErrSealed    = errors.New("the sealed object cannot be opened: it is damaged, or it is not from whom it should be, or not for this member")
	ErrTooLarge  = errors.New("it is larger than this fleet accepts")
	ErrNotSealed = errors.New("nothing can be sealed to this key")
)

// MaxSealed bounds a sealed object, in bytes.
const MaxSealed = 256 << 20

// Member makes ready to sign and seal. The credentials must be valid.
func (c *Credentials) Member() (*Member, error) {
	if err := c.validate(); err != nil {
		return nil, err
	}
	return newMemberOf(c)
}

func newMemberOf(c *Credentials) (*Member, error) {
	prefix, raw, err := nkeys.DecodeSeed([]byte(c.Sign))
	if err != nil || prefix != nkeys.PrefixByteUser || len(raw) != ed25519.SeedSize {
		return nil, errors.New("sign_seed is not a signing seed (SU…)")
	}
	seal, err := nkeys.FromCurveSeed([]byte(c.Seal))
	if err != nil {
		return nil, errors.New("seal_seed is not a curve seed (SX…)")
	}
	m := &Member{fleet: c.Fleet, sign: ed25519.NewKeyFromSeed(raw), seal: seal}
	pub, err := nkeys.Encode(nkeys.PrefixByteUser, m.sign.Public().(ed25519.PublicKey))
	if err != nil {
		return nil, fmt.Errorf("reading sign_seed: %w", err)
	}
	x, err := seal.PublicKey()
	if err != nil {
		return nil, fmt.Errorf("reading seal_seed: %w", err)
	}
	m.public = Public{Name: c.Name, Role: c.Role, Sign: string(pub), Seal: x}
	return m, nil
}

// Public is the half that others may know.
func (m *Member) Public() Public { return m.public }

// Fleet is the id of the fleet this member is of.
func (m *Member) Fleet() string { return m.fleet }

// Seal encrypts data so that only the given member can read it, and can tell that
// this one wrote it. At most MaxSealed bytes.
func (m *Member) Seal(to Public, data []byte) ([]byte, error) {
	if len(data) > MaxSealed {
		return nil, fmt.Errorf("sealing %d bytes for %s: %w", len(data), to.Name, ErrTooLarge)
	}
	if !isCurveKey(to.Seal) {
		return nil, fmt.Errorf("sealing for %s: %w", to.Name, ErrNotSealed)
	}
	sealed, err := m.seal.Seal(data, to.Seal)
	if err != nil {
		return nil, fmt.Errorf("sealing for %s: %w", to.Name, ErrNotSealed)
	}
	return sealed, nil
}

// OpenSealed decrypts what the given member sealed to this one.
func (m *Member) OpenSealed(from Public, data []byte) ([]byte, error) {
	if len(data) > MaxSealed+sealOverhead {
		return nil, ErrTooLarge
	}
	if !isCurveKey(from.Seal) {
		return nil, ErrSealed
	}
	plain, err := m.seal.Open(data, from.Seal)
	if err != nil {
		return nil, ErrSealed
	}
	return plain, nil
}

// isCurveKey: nkeys v0.4.17 panics on a curve key that is too long.
func isCurveKey(key string) bool { return len(key) == 56 && nkeys.IsValidPublicCurveKey(key) }

// sealOverhead is the version, the nonce and the authenticator of a sealed object.
const sealOverhead = 4 + 24 + 16
