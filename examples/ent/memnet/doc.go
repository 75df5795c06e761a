// Package memnet is a network inside the process: listeners, and connections
// with a buffer in each direction.
//
// It exists for tests in virtual time. Inside a [testing/synctest] bubble a
// goroutine that waits on a real socket stops the clock from moving; here every
// wait is a channel or a timer of the bubble, so a whole morning of HTTP runs in
// seconds. [net.Pipe] would do the same but has no buffer: a server that answers
// before it has read a large POST waits for the client, which waits for the
// server, for ever. Real sockets have buffers, so these have one too.
//
// Create the [Net] inside the bubble that uses it.
//
//	n := memnet.New()
//	l, _ := n.Listen("127.0.0.1:80")
//	go http.Serve(l, handler)
//	client := http.Client{Transport: &http.Transport{DialContext: n.Dial}}
//
// Deadlines, half close, refused connections, silent addresses and resets
// behave, and fail, as TCP's do on Linux: the errors are [*net.OpError] around
// the same values. There is no latency and no loss.
package memnet
