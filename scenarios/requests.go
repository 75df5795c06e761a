package scenarios

import (
	"net/url"
	"slices"
	"strings"
)

// url reads an address: a path from target, or an absolute one of a host of
// the scenario.
func (d *decoder) url(n *node, what string) Template {
	if n == nil {
		return Template{}
	}
	t := d.template(n, what)
	s := n.Value
	lower := strings.ToLower(s)
	switch {
	case n.Kind != scalarNode || isNull(n):
	case s == "":
		d.fail(n, codeAddress, what+": the address is empty", "", "write /")
	case strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r == 0x7f }):
		d.fail(n, codeAddress, what+": the address holds spaces", "", "write %20, or put values under query")
	case strings.HasPrefix(s, "${"), strings.HasPrefix(s, "/") && !strings.HasPrefix(s, "//"):
	case strings.HasPrefix(lower, "http://"), strings.HasPrefix(lower, "https://"):
		d.absolute(n, s, what)
	case strings.HasPrefix(s, "?"):
		d.fail(n, codeAddress, what+": "+quoted(s)+" has no path", "", "write /path"+s)
	default:
		d.fail(n, codeAddress, what+": "+quoted(s)+" is neither a path nor an absolute address", "", "write /"+strings.TrimLeft(s, "/"))
	}
	return t
}

func (d *decoder) absolute(n *node, s, what string) {
	host, _, _ := strings.Cut(s[strings.Index(s, "//")+2:], "/")
	if strings.Contains(host, "${") {
		d.fail(n, codeAddress, what+": the host of an address cannot be put together", "its consent could not be checked", "name the host under hosts and write ${name}/…")
		return
	}
	u, err := url.Parse(s[:strings.Index(s, "//")+2] + host)
	if err != nil || u.Host == "" || u.User != nil {
		d.fail(n, codeAddress, what+": "+quoted(withoutUser(s))+" is not a usable address", "", "write /path")
		return
	}
	if d.sc.Target == nil || d.lost("hosts") {
		return
	}
	if _, ok := d.sc.InScope(u); !ok {
		d.fail(n, codeScope, what+": the host of "+quoted(s)+" is not in the scenario", "only target and hosts are ever contacted", "add it under hosts: name: "+u.Scheme+"://"+u.Host)
	}
}

// fieldList reads name → template, in file order.
func (d *decoder) fieldList(n *node, what string) []Field {
	if n == nil || isNull(n) || !d.isMapping(n, what) {
		return nil
	}
	out := []Field{}
	for k, v := range d.pairs(n) {
		if v.Kind == sequenceNode { // a field sent several times
			for _, c := range v.Content {
				out = append(out, Field{Name: k.Value, Value: d.template(c, what+": "+k.Value), Line: k.Line})
			}
			continue
		}
		out = append(out, Field{Name: k.Value, Value: d.template(v, what+": "+k.Value), Line: k.Line})
	}
	return out
}

// ownHeaders are the tool's: the target must be able to trust them, and a Host
// of the scenario's choosing would dodge the consent.
var ownHeaders = []string{"host", "content-length", "transfer-encoding", "connection", "cookie", "user-agent",
	"firstbell-run", "accept-encoding", "te", "trailer", "upgrade", "keep-alive", "proxy-authorization", "proxy-connection", "expect"}

func (d *decoder) headers(n *node) []Field {
	if n == nil || isNull(n) || !d.isMapping(n, "headers") {
		return nil
	}
	var out []Field
	for k, v := range d.pairs(n) {
		if !d.headerName(k, "headers") {
			continue
		}
		if slices.Contains(ownHeaders, strings.ToLower(k.Value)) {
			d.fail(k, codeHeader, "headers: "+k.Value+" is set by firstbell and cannot be changed", "the target must be able to trust it", "leave it out")
			continue
		}
		if strings.ContainsAny(v.Value, "\r\n") {
			d.fail(v, codeHeader, "headers: "+k.Value+" has a line break", "", "")
			continue
		}
		out = append(out, Field{Name: k.Value, Value: d.template(v, "headers: "+k.Value), Line: k.Line})
	}
	return out
}
