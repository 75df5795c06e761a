package bus

import (
	"os"
	"testing"

	"go.uber.org/goleak"

	"firstbell/runner/fleet/bus/bustest"
)

// strandedListener waits for ever, in the library (nats.go 1.55), when an object
// has been put before the goroutine that watches its connection first runs: the
// channel it was begun for is nil by then. One for an object at most, and idle.
const strandedListener = "github.com/nats-io/nats.go/jetstream.(*jetStream).resetPendingAcksOnReconnect"

func TestMain(m *testing.M) {
	bustest.RunNode()
	if os.Getenv(doomedEnv) != "" {
		doomedServer()
	}
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction(strandedListener))
}
