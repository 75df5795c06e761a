package keys

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"time"
)

// certificateLife is how long a fleet's certificate is good for: longer than any
// campaign, shorter than forever.
const certificateLife = 397 * 24 * time.Hour

// HasCertificate reports whether the bus may listen beyond loopback.
func (r *Roster) HasCertificate() bool { return r.Certificate != "" }

// ServerTLS is the bus's side of TLS 1.3, with the roster's certificate; an error
// if it has none.
func (r *Roster) ServerTLS() (*tls.Config, error) {
	if !r.HasCertificate() {
		return nil, errors.New("the roster has no certificate: make credentials with the names the coordinator is reached at (firstbell credentials --host NAME)")
	}
	pair, err := tls.X509KeyPair([]byte(r.Certificate), []byte(r.Key))
	if err != nil {
		return nil, errors.New("the roster's certificate and key do not belong together")
	}
	return &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS13}, nil
}

// ClientTLS is a member's side of TLS 1.3. With an authority in the credentials
// only what that one vouches for is believed, else what the system believes.
func (c *Credentials) ClientTLS() (*tls.Config, error) {
	conf := &tls.Config{MinVersion: tls.VersionTLS13}
	if c.Authority == "" {
		return conf, nil
	}
	pool, err := authorityPool(c.Authority)
	if err != nil {
		return nil, err
	}
	conf.RootCAs = pool
	return conf, nil
}

func authorityPool(text string) (*x509.CertPool, error) {
	block, rest := pem.Decode([]byte(text))
	if block == nil || block.Type != "CERTIFICATE" || len(rest) > 0 {
		return nil, errors.New("authority_pem is not one certificate")
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil || !cert.IsCA {
		return nil, errors.New("authority_pem is not an authority's certificate")
	}
	pool := x509.NewCertPool()
	pool.AddCert(cert)
	return pool, nil
}

// newCertificate makes an authority and the certificate it vouches for, as PEM.
// The authority's key is not kept.
func newCertificate(hosts []string, now time.Time) (authority, certificate, key string, err error) {
	if now.IsZero() {
		now = time.Now()
	}
	caKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return "", "", "", fmt.Errorf("making a certificate: %w", err)
	}
	ca := template("firstbell fleet authority", now)
	ca.IsCA, ca.BasicConstraintsValid, ca.MaxPathLenZero = true, true, true
	ca.KeyUsage = x509.KeyUsageCertSign
	caDER, err := x509.CreateCertificate(rand.Reader, ca, ca, caKey.Public(), caKey)
	if err != nil {
		return "", "", "", fmt.Errorf("making a certificate: %w", err)
	}
	leaf := template("firstbell coordinator", now)
	leaf.KeyUsage, leaf.ExtKeyUsage = x509.KeyUsageDigitalSignature, []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	if err := nameHosts(leaf, hosts); err != nil {
		return "", "", "", err
	}
	leafKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return "", "", "", fmt.Errorf("making a certificate: %w", err)
	}
	der, err := x509.CreateCertificate(rand.Reader, leaf, ca, leafKey.Public(), caKey)
	if err != nil {
		return "", "", "", fmt.Errorf("making a certificate: %w", err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(leafKey)
	if err != nil {
		return "", "", "", fmt.Errorf("making a certificate: %w", err)
	}
	return pemText("CERTIFICATE", caDER), pemText("CERTIFICATE", der), pemText("PRIVATE KEY", keyDER), nil
}

// template is good from an hour before now: clocks differ.
func template(name string, now time.Time) *x509.Certificate {
	serial, _ := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127)) // fails only if the system has no randomness, when nothing here works
	return &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: name},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(certificateLife),
	}
}

func nameHosts(cert *x509.Certificate, hosts []string) error {
	for _, h := range hosts {
		switch ip := net.ParseIP(h); {
		case ip != nil:
			cert.IPAddresses = append(cert.IPAddresses, ip)
		case validHost(h):
			cert.DNSNames = append(cert.DNSNames, h)
		default:
			return fmt.Errorf("%q is neither a host name nor an IP address: give the name alone, without scheme or port", h)
		}
	}
	return nil
}

func validHost(h string) bool {
	if h == "" || len(h) > 253 {
		return false
	}
	for _, c := range h {
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '.') {
			return false
		}
	}
	return h[0] != '.' && h[0] != '-'
}

func pemText(kind string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}
