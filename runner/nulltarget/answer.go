package nulltarget

import (
	"bytes"
	"compress/gzip"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"firstbell/runner"
)

// answerOf makes the bytes that stand for a recorded answer: the same status,
// headers and content, as long on the wire as it was.
func answerOf(req *runner.Request, resp *runner.Response) answer {
	a := answer{close: resp.Closes, wait: waitOf(req.Kind, resp.Timing.FirstByte)}
	packed := strings.EqualFold(resp.Header.Get("Content-Encoding"), "gzip")
	head := appendHead(nil, resp, packed || req.MaxBody == 0)
	if bodiless(req.Method, resp.Status) {
		a.head = endHead(head, resp.Header.Get("Content-Length"), a.close)
		return a
	}
	// What is left for the body, beside the head's last lines.
	room := max(0, resp.Timing.BytesIn-len(endHead(head[:len(head):len(head)], "00000", a.close)))
	body := resp.Body
	switch {
	case req.MaxBody == 0:
		body, a.filler = nil, min(room, maxFiller)
	case packed:
		body = squeeze(whole(req, resp), room)
	case resp.Truncated:
		body, a.filler = whole(req, resp), min(max(0, room-len(body)), maxFiller)
	}
	a.head = append(endHead(head, strconv.Itoa(len(body)+a.filler), a.close), body...)
	return a
}

// What is asked for in parallel is answered after a while, as recorded but
// within these: a sink that answered at once would let a page's requests share
// connections that a portal makes them open, with their handshakes.
const (
	shortestWait = 10 * time.Millisecond
	longestWait  = 50 * time.Millisecond
)

func waitOf(kind runner.Kind, firstByte time.Duration) time.Duration {
	if kind == runner.KindPage {
		return 0 // nothing else goes on meanwhile
	}
	return min(max(firstByte, shortestWait), longestWait).Round(time.Millisecond)
}

// whole is the kept body, one byte longer than what is kept when there was
// more: it is cut again where it was cut before.
func whole(req *runner.Request, resp *runner.Response) []byte {
	if !resp.Truncated {
		return resp.Body
	}
	return append(slices.Clip(resp.Body), ' ')
}

// framing are headers that say how the bytes were sent, which is ours to say.
var framing = []string{"Content-Length", "Transfer-Encoding", "Connection", "Keep-Alive", "Trailer", "Te", "Upgrade"}

func appendHead(b []byte, resp *runner.Response, encoded bool) []byte {
	b = append(b, "HTTP/1.1 "...)
	b = strconv.AppendInt(b, int64(resp.Status), 10)
	b = append(append(append(b, ' '), http.StatusText(resp.Status)...), "\r\n"...)
	names := make([]string, 0, len(resp.Header))
	for name := range resp.Header {
		if !slices.Contains(framing, name) && (encoded || name != "Content-Encoding") {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		for _, v := range resp.Header[name] {
			b = append(append(append(b, name...), ": "...), v...)
			b = append(b, "\r\n"...)
		}
	}
	return b
}

// endHead ends a head with its framing.
func endHead(b []byte, length string, closes bool) []byte {
	if length != "" {
		b = append(append(append(b, "Content-Length: "...), length...), "\r\n"...)
	}
	if closes {
		b = append(b, "Connection: close\r\n"...)
	}
	return append(b, "\r\n"...)
}

func bodiless(method string, status int) bool {
	return method == http.MethodHead || status == http.StatusNoContent || status == http.StatusNotModified
}

// squeeze packs a body at the level that comes nearest to the wanted size, so
// that as many bytes are read and unpacked as from the real target.
func squeeze(body []byte, want int) []byte {
	var best []byte
	for _, level := range []int{gzip.BestSpeed, 4, 6, gzip.BestCompression, gzip.HuffmanOnly} {
		var b bytes.Buffer
		z, err := gzip.NewWriterLevel(&b, level)
		if err != nil {
			continue
		}
		_, _ = z.Write(body) // into memory
		_ = z.Close()
		if best == nil || distance(b.Len(), want) < distance(len(best), want) {
			best = b.Bytes()
		}
	}
	return best
}

func distance(a, b int) int { return max(a-b, b-a) }
