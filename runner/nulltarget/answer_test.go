package nulltarget

import (
	"bytes"
	"net/http"
	"testing"

	"firstbell/runner"
)

// TestAnswerCloses: where the target keeps no connection, the sink keeps none
// either: the generator must be measured with all the connections it will open.
func TestAnswerCloses(t *testing.T) {
	for _, closes := range []bool{false, true} {
		resp := &runner.Response{Status: http.StatusOK, Header: http.Header{}, Body: []byte("page"), Closes: closes}
		a := answerOf(&runner.Request{Kind: runner.KindPage, Method: "GET", MaxBody: 10}, resp)
		if told := bytes.Contains(a.head, []byte("\r\nConnection: close\r\n")); a.close != closes || told != closes {
			t.Errorf("target closes %v: sink closes %v, says so %v", closes, a.close, told)
		}
	}
}
