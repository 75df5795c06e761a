package bus

import (
	"os"
	"testing"

	"go.uber.org/goleak"

	"firstbell/runner/fleet/bus/bustest"
)

func TestMain(m *testing.M) {
	bustest.RunNode()
	if os.Getenv(doomedEnv) != "" {
		doomedServer()
	}
	goleak.VerifyTestMain(m)
}
