package scenarios

// signatures reads the file's own, in file order, and adds the built-in ones.
func (d *decoder) signatures(n *node) {
	f := &fields{d: d, table: signaturesTable}
	if n != nil && !isNull(n) {
		f = d.open(n, signaturesTable)
	}
	for k, v := range f.inOrder() {
		for _, m := range list(v) {
			var used []event
			d.events = &used
			match := d.matcher(m, "signatures: "+k.Value)
			d.events = nil
			for _, e := range used {
				d.failAt(e.node, e.at, codeVariable, "signatures: ${"+e.name+"} is not known here", "a signature recognises a page for everybody", "write the text without it")
			}
			if match != nil {
				d.sc.Signatures = append(d.sc.Signatures, Signature{Class: Class(k.Value), Match: *match, Line: m.Line})
			}
		}
	}
	for _, c := range classes { // for the record of keys read
		f.get(string(c.class))
	}
	d.sc.Signatures = append(d.sc.Signatures, BuiltIn()...)
}
