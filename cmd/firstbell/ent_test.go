package main

import (
	"strings"
	"testing"
	"time"

	"firstbell/examples/ent"
)

// The portal's flags make the configuration they say.
func TestEntFlags(t *testing.T) {
	config := func(args ...string) (ent.Config, error) {
		var o entOptions
		c := newEntCmd(&env{})
		c.ResetFlags()
		o.flags(c)
		if err := c.ParseFlags(args); err != nil {
			t.Fatal(err)
		}
		return o.config()
	}
	cfg, err := config("--chain", "login_page=600/s,login=400/s:8,home=440/s", "--shared-pool", "60", "--cv2", "1", "--queue", "-1",
		"--mode", "crash.logins=120", "--mode", "dips.share=0.3", "--mode", "dips.length=5s", "--mode", "dips.every=25s",
		"--mode", "accept.backlog=4", "--mode", "gateway_timeout=30s")
	if err != nil {
		t.Fatal(err)
	}
	k := cfg.Capacity
	if rate, limit := k.LoginsPerSecond(ent.WholeLogin(0)); rate != 400 || limit != "login" {
		t.Errorf("%v logins/s, limited by %s", rate, limit)
	}
	if k.SharedPool != 60 || k.CV2 != 1 || k.Queue != -1 || cfg.Modes.Crash.Logins != 120 || cfg.Modes.Accept.Backlog != 4 ||
		cfg.Modes.GatewayTimeout != 30*time.Second || cfg.Modes.Dips.Mean() < 0.939 || cfg.Modes.Dips.Mean() > 0.941 {
		t.Errorf("%+v, %+v", k, cfg.Modes)
	}
	if sized, err := config("--logins", "60", "--queue", "7", "--shared-pool", "5"); err != nil ||
		sized.Capacity.Queue != 7 || sized.Capacity.SharedPool != 5 || sized.Capacity.Workers == 0 {
		t.Errorf("%v: --logins forgets what stands beside it: %+v", err, sized.Capacity)
	}
	for _, tc := range []struct{ want, flags string }{
		{"above 0", "--logins -3"},
		{"above 0", "--logins NaN"},
		{"leave out", "--logins 60 --workers 3"},
		{"leave out", "--logins 60 --service 5ms"},
		{`"abc" is not a whole number`, "--mode quota.sessions=abc"},
		{`"5" is not a duration`, "--mode crash.window=5"},
		{"--chain", "--chain login=400"},
		{"either workers", "--workers 3 --chain login=400/s"},
		{"healer.share", "--mode healer.queue=3"},
		{"shared pool", "--shared-pool -1"},
	} {
		if _, err := config(strings.Fields(tc.flags)...); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v", tc.flags, err)
		}
	}
}
