//go:build !unix

package httpdriver

// dead is not known here before the connection is used: a dead one is then
// replaced and the request sent again.
func (c *conn) dead() bool { return false }
