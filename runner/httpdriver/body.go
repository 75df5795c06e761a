package httpdriver

import (
	"bufio"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
)

var (
	scratch = sync.Pool{New: func() any { return new(bytes.Buffer) }}
	gunzips = sync.Pool{New: func() any { return &gunzip{in: bufio.NewReaderSize(nil, 2<<10)} }}
)

// gunzip is a pooled decoder with its input buffer, which gzip would otherwise
// make anew for every body.
type gunzip struct {
	in *bufio.Reader
	gzip.Reader
}

// knownSize bounds the bodies for which room is made by what the head says.
const knownSize = 64 << 10

// body reads the whole body: at most MaxBody bytes of it are decoded and kept,
// the rest is read as it comes and dropped, so that a small archive of a huge
// page costs what was sent and no more.
func (x *exchange) body(a *reply) error {
	encoding := a.header.Get("Content-Encoding")
	if encoding == "" && a.length >= 0 && a.length <= int64(min(x.req.MaxBody, knownSize)) {
		return x.keepWhole(a)
	}
	source := &errorReader{r: a.body}
	if x.req.MaxBody > 0 && x.req.Method != http.MethodHead {
		if err := x.keepBody(source, encoding); err != nil {
			return err
		}
	}
	_, err := io.Copy(io.Discard, source)
	return err
}

// keepWhole keeps a small body of known length as it is.
func (x *exchange) keepWhole(a *reply) error {
	if a.length == 0 {
		return nil
	}
	b := make([]byte, a.length)
	n, err := io.ReadFull(a.body, b)
	x.resp.Body = b[:n]
	return err
}

// keepBody decodes and keeps the start of the body.
func (x *exchange) keepBody(source *errorReader, encoding string) error {
	buf := scratch.Get().(*bytes.Buffer)
	defer func() {
		if buf.Cap() <= 1<<20 {
			scratch.Put(buf)
		}
	}()
	buf.Reset()
	err := decode(buf, source, encoding, int64(x.req.MaxBody)+1)
	x.resp.Truncated = buf.Len() > x.req.MaxBody
	if x.resp.Truncated {
		buf.Truncate(x.req.MaxBody)
	}
	x.resp.Body = append([]byte(nil), buf.Bytes()...)
	switch {
	case source.err != nil && source.err != io.EOF:
		return source.err // the wire's own failure, not the decoder's view of it
	case errors.Is(err, errUnasked):
		return err
	case err != nil:
		return errEncoding
	}
	return nil
}

// decode copies at most limit decoded bytes.
func decode(to io.Writer, from io.Reader, encoding string, limit int64) error {
	coding, err := codingOf(encoding)
	switch {
	case err != nil:
		return err
	case coding == "gzip":
		z := gunzips.Get().(*gunzip)
		defer gunzips.Put(z)
		return z.decode(to, from, limit)
	case coding == "deflate":
		br := bufio.NewReaderSize(from, 512)
		inflated, err := inflate(br)
		if err != nil {
			return noBody(err)
		}
		from = inflated
	}
	_, err = io.Copy(to, io.LimitReader(from, limit))
	return err
}

// codingOf is the one coding that a body is in: gzip, deflate, or "" for none.
// Browsers read a body under a name that is no coding (none, utf-8) as it is.
func codingOf(encoding string) (coding string, _ error) {
	for name := range strings.SplitSeq(strings.ToLower(encoding), ",") {
		switch name = strings.TrimSpace(name); {
		case name == "br", name == "zstd", name == "compress", name == "x-compress", name == "dcb", name == "dcz":
			return "", errUnasked
		case name != "gzip" && name != "x-gzip" && name != "deflate":
		case coding != "":
			return "", errUnasked
		default:
			coding = strings.TrimPrefix(name, "x-")
		}
	}
	return coding, nil
}

// decode copies at most limit bytes, member after member. Like browsers it ignores
// what follows the last one: padding, or a line that a script wrote too much.
func (z *gunzip) decode(to io.Writer, from io.Reader, limit int64) error {
	z.in.Reset(from)
	if err := z.Reset(z.in); err != nil {
		return noBody(err)
	}
	for {
		z.Multistream(false)
		n, err := io.Copy(to, io.LimitReader(z, limit))
		if limit -= n; err != nil || limit <= 0 || z.Reset(z.in) != nil {
			return err
		}
	}
}

// inflate reads "deflate", which some servers send without its zlib wrapping.
func inflate(br *bufio.Reader) (io.Reader, error) {
	head, err := br.Peek(2)
	if err != nil {
		return nil, err
	}
	if head[0]&0x0f == 8 && (uint(head[0])<<8|uint(head[1]))%31 == 0 {
		return zlib.NewReader(br)
	}
	return flate.NewReader(br), nil
}

// noBody accepts an announced encoding with nothing encoded.
func noBody(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// errorReader remembers how its source ended, which decoders hide.
type errorReader struct {
	r   io.Reader
	err error
}

func (e *errorReader) Read(p []byte) (int, error) {
	if e.err != nil {
		return 0, e.err
	}
	n, err := e.r.Read(p)
	e.err = err
	return n, err
}
