package httpdriver

import (
	"bytes"
	"io"
	"net/http"
	"net/textproto"
	"strings"

	"golang.org/x/net/http/httpguts"
)

// reply is the head of an answer, with its body still to be read.
type reply struct {
	status int
	header http.Header
	last   bool  // the connection ends with it
	length int64 // of the body on the wire; -1: known at its end
	body   io.ReadCloser
}

// quickHead reads a head as nearly all are: whole in the buffer, of a final
// HTTP/1.1 answer, with a length. ok is false for any other, and for all that
// could be read in two ways: [http.ReadResponse] decides about those, and gives
// the same for these. size is how many bytes the head takes; the body is not
// looked at.
func quickHead(b []byte) (a reply, size int, ok bool) {
	end := bytes.Index(b, []byte("\r\n\r\n"))
	if end < 0 {
		return a, 0, false
	}
	text := string(b[:end+2]) // its parts share this memory
	line, rest, ok := cutLine(text)
	if !ok || !a.setStatus(line) {
		return a, 0, false
	}
	if a.last, a.length, ok = a.setHeader(rest); !ok {
		return a, 0, false
	}
	return a, end + 4, true
}

// cutLine takes a line off; ok is false when it does not end as it should.
func cutLine(s string) (line, rest string, ok bool) {
	i := strings.IndexByte(s, '\n')
	if i < 1 || s[i-1] != '\r' {
		return "", "", false
	}
	return s[:i-1], s[i+1:], true
}

// setStatus reads the status line of a final answer with a body.
func (a *reply) setStatus(line string) bool {
	const proto = "HTTP/1.1 "
	if !strings.HasPrefix(line, proto) || len(line) < len(proto)+3 || len(line) > len(proto)+3 && line[len(proto)+3] != ' ' {
		return false
	}
	for _, c := range []byte(line[len(proto) : len(proto)+3]) {
		if c < '0' || c > '9' {
			return false
		}
		a.status = 10*a.status + int(c-'0')
	}
	return a.status >= 200 && a.status != http.StatusNoContent && a.status != http.StatusNotModified
}

// setHeader reads the header lines, and what they say about the framing.
func (a *reply) setHeader(lines string) (last bool, length int64, ok bool) {
	n := strings.Count(lines, "\n")
	if n > maxLines {
		return false, 0, false
	}
	values := make([]string, 0, n)
	a.header = make(http.Header, n)
	for length = -1; lines != ""; {
		var line string
		if line, lines, ok = cutLine(lines); !ok {
			return false, 0, false
		}
		key, value, ok := cutField(line)
		if !ok {
			return false, 0, false
		}
		switch key {
		case "Transfer-Encoding", "Trailer":
			return false, 0, false
		case "Content-Length":
			if length >= 0 {
				return false, 0, false
			}
			if length, ok = decimal(value); !ok {
				return false, 0, false
			}
		}
		if known := a.header[key]; known != nil {
			a.header[key] = append(known, value)
			continue
		}
		values = append(values, value)
		a.header[key] = values[len(values)-1 : len(values) : len(values)]
	}
	if old := a.header["Pragma"]; len(old) > 0 && old[0] == "no-cache" && a.header["Cache-Control"] == nil {
		a.header["Cache-Control"] = []string{"no-cache"} // as http.ReadResponse does
	}
	if last = httpguts.HeaderValuesContainsToken(a.header["Connection"], "close"); last {
		delete(a.header, "Connection") // likewise
	}
	return last, length, length >= 0
}

// cutField reads one header line: its name in the one spelling, and its value.
func cutField(line string) (key, value string, ok bool) {
	i := strings.IndexByte(line, ':')
	if i < 1 || !httpguts.ValidHeaderFieldName(line[:i]) {
		return "", "", false
	}
	value = strings.Trim(line[i+1:], " \t")
	for _, c := range []byte(value) {
		if c < ' ' || c == 0x7f {
			return "", "", false
		}
	}
	return textproto.CanonicalMIMEHeaderKey(line[:i]), value, true
}

// decimal reads a length of at most twelve digits.
func decimal(s string) (n int64, ok bool) {
	if len(s) < 1 || len(s) > 12 {
		return 0, false
	}
	for _, c := range []byte(s) {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = 10*n + int64(c-'0')
	}
	return n, true
}

// sized is a body of known length.
type sized struct {
	from io.Reader
	left int64
}

func (s *sized) Read(p []byte) (int, error) {
	if s.left == 0 {
		return 0, io.EOF
	}
	if int64(len(p)) > s.left {
		p = p[:s.left]
	}
	n, err := s.from.Read(p)
	s.left -= int64(n)
	if s.left > 0 {
		err = unended(err)
	} else {
		err = nil
	}
	return n, err
}

func (s *sized) Close() error { return nil }
