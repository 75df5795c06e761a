package scenarios

import (
	"fmt"
	"slices"
)

// fields is one mapping being read against its table of known keys.
type fields struct {
	d     *decoder
	node  *node
	table *mapping
	vals  map[string]*node
	keys  map[string]*node
}

// open checks a mapping against its table: kind, unknown and double keys,
// required keys. It always gives a usable value.
func (d *decoder) open(n *node, table *mapping) *fields {
	f := &fields{d: d, node: n, table: table, vals: map[string]*node{}, keys: map[string]*node{}}
	if n == nil || !isNull(n) && !d.isMapping(n, table.what) {
		return f
	}
	names := table.names()
	for k, v := range d.pairs(n) {
		if !slices.Contains(names, k.Value) {
			if table.extra == nil && d.full() {
				continue
			}
			if table.extra == nil {
				d.fail(k, codeUnknownKey, fmt.Sprintf("unknown key %s in %s", quoted(k.Value), table.what), "", DidYouMean(k.Value, names))
				continue
			}
		}
		f.vals[k.Value], f.keys[k.Value] = v, k
	}
	for _, k := range table.keys {
		if k.required && f.vals[k.name] == nil && !(table == fileTable && d.lost(k.name)) {
			d.fail(n, codeMissing, fmt.Sprintf("%s: the key %s is missing", table.what, k.name), "", "add "+k.name+": "+k.example)
		}
	}
	return f
}

// get gives a key's value, nil when it is absent.
func (f *fields) get(name string) *node {
	if f.d.asked != nil {
		if f.d.asked[f.table.name] == nil {
			f.d.asked[f.table.name] = map[string]bool{}
		}
		f.d.asked[f.table.name][name] = true
	}
	return f.vals[name]
}

func (f *fields) has(name string) bool { return f.vals[name] != nil }

// pairs walks a mapping's entries, reporting keys that come twice: the first
// one counts.
func (d *decoder) pairs(n *node) func(func(k, v *node) bool) {
	return func(yield func(k, v *node) bool) {
		seen := make(map[string]*node, len(n.Content)/2)
		for i := 0; i+1 < len(n.Content); i += 2 {
			k, v := n.Content[i], n.Content[i+1]
			if k.Kind != scalarNode {
				d.fail(k, codeKind, "a key must be text", "", "")
				continue
			}
			if first, ok := seen[k.Value]; ok {
				d.fail(k, codeDuplicate, fmt.Sprintf("key %s is given twice (first on line %d)", quoted(k.Value), first.Line), "", "keep one")
				continue
			}
			seen[k.Value] = k
			if !yield(k, v) {
				return
			}
		}
	}
}

// inOrder walks the entries that were accepted, in file order.
func (f *fields) inOrder() func(func(k, v *node) bool) {
	return func(yield func(k, v *node) bool) {
		if f.node == nil || f.node.Kind != mappingNode {
			return
		}
		for i := 0; i+1 < len(f.node.Content); i += 2 {
			k := f.node.Content[i]
			if f.keys[k.Value] == k && !yield(k, f.vals[k.Value]) {
				return
			}
		}
	}
}
