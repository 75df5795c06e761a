package scenarios

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/netip"
	"net/url"
	"os"
	"regexp"
	"strings"
)

// addresses reads target and hosts.
func (d *decoder) addresses(f *fields) {
	sc := d.sc
	if n := f.get("target"); n != nil {
		sc.Target = d.origin1(n, "target")
	}
	n := f.get("hosts")
	if n == nil || isNull(n) || !d.isMapping(n, "hosts") {
		return
	}
	for k, v := range d.pairs(n) {
		if !freeName.MatchString(k.Value) || reservedNames[k.Value] {
			d.fail(k, codeName, "hosts: "+quoted(k.Value)+" cannot be the name of a host", "it is used as the variable ${name}", "letters, digits, _ and -, not target, login or password")
			continue
		}
		u := d.origin1(v, "hosts: "+k.Value)
		if u == nil {
			continue
		}
		for _, o := range sc.Origins() {
			if o != nil && sameOrigin(o, u) {
				d.fail(v, codeAddress, "hosts: "+k.Value+" is the address of another entry", "", "each address once; target needs no entry")
			}
		}
		sc.Hosts = append(sc.Hosts, Host{Name: k.Value, URL: u, Line: v.Line})
	}
	if len(sc.Hosts) > 200 {
		d.fail(n, codeNumber, "hosts: more than 200 entries", "", "")
	}
}

var (
	freeName      = regexp.MustCompile(`^[\pL_][\pL\pN_-]{0,63}$`)
	reservedNames = map[string]bool{"target": true, "login": true, "password": true, "persona": true, "n": true}
)

// origin1 reads scheme://host[:port].
func (d *decoder) origin1(n *node, what string) *url.URL {
	s, ok := d.text(n, what)
	if !ok {
		return nil
	}
	bad := func(why, fix string) *url.URL {
		d.fail(n, codeAddress, what+": "+quoted(withoutUser(s))+" is not a usable address", why, fix)
		return nil
	}
	if strings.Contains(s, "${") {
		return bad("the hosts of a scenario are fixed, so that its consent can be checked", "write the address, or give it by --set "+strings.ReplaceAll(what, ": ", ".")+"=https://…")
	}
	u, err := url.Parse(s)
	switch {
	case err != nil || u.Opaque != "" || u.Host == "" || u.Hostname() == "":
		return bad("", "write https://ent.preprod.example")
	case u.Scheme != "http" && u.Scheme != "https":
		return bad("", "http:// or https://")
	case u.User != nil:
		return bad("it holds a user name", "use basic_auth for a password in front of the staging")
	case u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.Fragment != "" || u.ForceQuery:
		return bad("only scheme, host and port belong here", "move the path into the steps: get: "+u.EscapedPath())
	case strings.ContainsAny(u.Host, " \t%*"):
		return bad("", "write a host name or an IP address")
	}
	return &url.URL{Scheme: u.Scheme, Host: strings.ToLower(u.Host)}
}

// withoutUser takes a password out of an address before it is shown.
func withoutUser(s string) string {
	if i := strings.LastIndexByte(s, '@'); i >= 0 {
		return "…" + s[i:]
	}
	return s
}

func sameOrigin(a, b *url.URL) bool {
	return a.Scheme == b.Scheme && strings.EqualFold(a.Hostname(), b.Hostname()) && portOf(a) == portOf(b)
}

func portOf(u *url.URL) string {
	switch {
	case u.Port() != "":
		return u.Port()
	case u.Scheme == "https":
		return "443"
	}
	return "80"
}

// Origins lists the addresses that may be loaded: the target first, then hosts
// in file order. Indexes are those of the plan's hosts.
func (s *Scenario) Origins() []*url.URL {
	list := []*url.URL{s.Target}
	for _, h := range s.Hosts {
		list = append(list, h.URL)
	}
	return list
}

// InScope reports which of Origins u belongs to: same scheme, host and port.
func (s *Scenario) InScope(u *url.URL) (index int, ok bool) {
	for i, o := range s.Origins() {
		if o != nil && sameOrigin(o, u) {
			return i, true
		}
	}
	return 0, false
}

// access reads how the staging is reached: TLS, names, proxy, password in
// front, consent.
func (d *decoder) access(f *fields) {
	if n := f.get("tls"); n != nil {
		d.tls(n)
	}
	if n := f.get("resolve"); n != nil && !isNull(n) && d.isMapping(n, "resolve") {
		for k, v := range d.pairs(n) {
			d.resolve(k, v)
		}
	}
	if n := f.get("proxy"); n != nil {
		d.sc.Proxy = d.origin1(n, "proxy")
	}
	if n := f.get("basic_auth"); n != nil {
		d.basicAuth(n)
	}
	if n := f.get("consent"); n != nil {
		d.sc.Consent = ConsentMode(d.word(n, "consent", string(ConsentRequired)))
	}
}

func (d *decoder) resolve(k, v *node) {
	s, ok := d.text(v, "resolve")
	if !ok {
		return
	}
	host, port := k.Value, ""
	if h, p, err := net.SplitHostPort(k.Value); err == nil {
		host, port = h, p
	}
	known := d.lost("hosts") || d.sc.Target == nil
	for _, o := range d.sc.Origins() {
		known = known || o != nil && strings.EqualFold(o.Hostname(), host) && (port == "" || port == portOf(o))
	}
	if !known {
		d.fail(k, codeScope, "resolve: "+quoted(k.Value)+" is no host of this scenario", "", "name the host of target or of an entry of hosts")
	}
	if _, err := netip.ParseAddr(s); err != nil {
		if _, err := netip.ParseAddrPort(s); err != nil {
			d.fail(v, codeAddress, "resolve: "+quoted(s)+" is not an IP address", "", "write 192.0.2.10 or 192.0.2.10:8443")
			return
		}
	}
	d.sc.Resolve = append(d.sc.Resolve, Resolve{Host: strings.ToLower(k.Value), Address: s, Line: k.Line})
}

func (d *decoder) basicAuth(n *node) {
	f := d.open(n, basicTable)
	user, password := f.get("user"), f.get("password")
	if user == nil || password == nil {
		return
	}
	b := &BasicAuth{User: d.template(user, "basic_auth: user"), Password: d.template(password, "basic_auth: password")}
	for _, p := range b.Password.parts {
		if p.name == "" {
			d.fail(password, codeSecret, "basic_auth: the password stands in the file", "the file is copied into the run folder", `write password: "${env.STAGING_PASSWORD}"`)
			break
		}
	}
	d.onlyEnv(user, b.User)
	d.onlyEnv(password, b.Password)
	d.sc.BasicAuth = b
}

// onlyEnv checks a template outside the journeys: no variable but the
// environment's and the given ones.
func (d *decoder) onlyEnv(n *node, t Template, also ...string) {
	for _, name := range t.Names() {
		if env, ok := strings.CutPrefix(name, "env."); ok {
			d.envKnown(n, env)
			continue
		}
		found := false
		for _, a := range also {
			found = found || a == name
		}
		if !found {
			d.fail(n, codeVariable, "${"+name+"} is not known here", "", "known: "+strings.Join(append([]string{"${env.NAME}"}, wrapped(also)...), ", "))
		}
	}
}

func wrapped(names []string) []string {
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = "${" + n + "}"
	}
	return out
}

func (d *decoder) envKnown(n *node, name string) {
	if d.opts.SkipFiles {
		return
	}
	if d.opts.Env != nil {
		if _, ok := d.opts.Env(name); ok {
			return
		}
	}
	d.fail(n, codeEnv, "the environment variable "+name+" is not set", "", "export "+name+"=…")
}

func (d *decoder) tls(n *node) {
	f, t := d.open(n, tlsTable), &d.sc.TLS
	t.HTTP = "1.1"
	ca, cert, key := f.get("ca"), f.get("cert"), f.get("key")
	if ca != nil {
		t.CA, _ = d.text(ca, "tls: ca")
	}
	if cert != nil {
		t.Cert, _ = d.text(cert, "tls: cert")
	}
	if key != nil {
		t.Key, _ = d.text(key, "tls: key")
	}
	if n := f.get("insecure"); n != nil {
		t.Insecure = d.yes(n, "tls: insecure")
	}
	if n := f.get("http"); n != nil {
		if s, ok := d.text(n, "tls: http"); ok && s != "1.1" {
			d.fail(n, codeClosed, "tls: http "+quoted(s)+" is not spoken yet", "", "write 1.1 or leave it out")
		}
	}
	switch {
	case cert != nil && key == nil:
		d.fail(cert, codeMissing, "tls: cert needs its key", "", "add key: client-key.pem")
	case key != nil && cert == nil:
		d.fail(key, codeMissing, "tls: key needs its cert", "", "add cert: client.pem")
	}
	if !d.opts.SkipFiles {
		d.tlsFiles(ca, cert)
	}
}

// tlsFiles opens the PEM files, so that a wrong one is told now and not at the
// first connection.
func (d *decoder) tlsFiles(ca, cert *node) {
	t := d.sc.TLS
	if ca != nil && t.CA != "" {
		b, err := d.sc.ReadFile(t.CA)
		if err != nil {
			d.fail(ca, codeTLSFile, "tls: ca cannot be read: "+plainError(err), "", "the name is relative to the scenario file")
		} else if !x509.NewCertPool().AppendCertsFromPEM(b) {
			d.fail(ca, codeTLSFile, "tls: ca holds no certificate in PEM form", "", "the file starts with -----BEGIN CERTIFICATE-----")
		}
	}
	if cert != nil && t.Cert != "" && t.Key != "" {
		pair, err := d.sc.ReadFile(t.Cert)
		key, keyErr := d.sc.ReadFile(t.Key)
		if err = errors.Join(err, keyErr); err == nil {
			_, err = tls.X509KeyPair(pair, key)
		}
		if err != nil {
			d.fail(cert, codeTLSFile, "tls: cert and key cannot be used: "+plainError(err), "", "")
		}
	}
}

// maxPEM is more than any authority's whole bundle.
const maxPEM = 4 << 20

// readPEM reads a file of certificates or a key: a file, not a device without
// end.
func readPEM(path string) ([]byte, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, errors.New("it is not a file")
	case info.Size() > maxPEM:
		return nil, errors.New("it is larger than 4 MiB")
	}
	return os.ReadFile(path)
}

// plainError is an I/O error without the path, which messages already have.
func plainError(err error) string {
	if pe, ok := err.(*os.PathError); ok {
		return pe.Err.Error()
	}
	return err.Error()
}
