//go:build slow

package capacity

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"
)

// drawn is a target nobody tuned the search to.
func drawn(rng *rand.Rand) (*simTarget, time.Duration, string) {
	for {
		c := int(math.Round(4 * math.Pow(25, rng.Float64())))
		capacity := 100 * math.Pow(20, rng.Float64())
		n := 1 + rng.IntN(4)
		cv2 := []float64{0, 1, 4}[rng.IntN(3)]
		target, kind := shared(capacity, c, n, cv2), "pool"
		if rng.IntN(2) == 1 && n > 1 {
			target, kind = chain(capacity, c, n, cv2), "chain"
		}
		var login float64
		for _, s := range target.service {
			login += s
		}
		limit := max(0.5, 20*login*(1+rng.Float64()))
		if limit > 10 {
			continue
		}
		return target, time.Duration(limit * float64(time.Second)), fmt.Sprintf("C=%4.0f c=%3d n=%d %-5s cv2=%.0f T=%4.1f", capacity, c, n, kind, cv2, limit)
	}
}

// TestK1Sweep draws targets and tells the errors of every figure. K1_SEED and
// K1_DRAWS choose others.
func TestK1Sweep(t *testing.T) {
	seed, draws := envInt("K1_SEED", 20210406), envInt("K1_DRAWS", 16)
	rng := rand.New(rand.NewPCG(uint64(seed), 1))
	var sat, low, high, mid, search []float64
	bad := 0
	for i := range draws {
		target, limit, name := drawn(rng)
		cfg, _ := simConfig(target, limit, uint64(seed+i))
		if os.Getenv("K1_QUICK") != "" {
			cfg.Settings, cfg.Quick = SettingsFor(0.95, limit, true), true
			cfg.Settings.MaxRate = 20_000
		}
		if realJudge != nil {
			cfg.Judge = realJudge(limit)
		}
		f, err := Search(context.Background(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		c, want := target.capacity(), truth(target, limit, 0.95, f.Settings.Warmup, f.Settings.Plateau, 3)
		e := []float64{f.Saturation.Value/c - 1, f.Held.Low/want - 1, f.Held.High/want - 1}
		at := (f.Held.Low+f.Held.High)/2/want - 1
		ok := math.Abs(e[0]) <= 0.03 && (f.Why != "" || math.Abs(at) <= 0.05 && e[1] <= 0.005 && e[2] >= -0.005) && f.Search <= searchTime
		mark := ""
		if !ok {
			bad++
			mark = "  <<<<"
		}
		t.Logf("%s L=%s | sat %+.1f%% low %+.1f%% high %+.1f%% mid %+.1f%% truth %.3fC | %4.1f + %4.1f min, %d trials %s%s", name, f.Settings.Plateau,
			100*e[0], 100*e[1], 100*e[2], 100*at, want/c, f.Search.Minutes(), (f.Total - f.Search).Minutes(), len(f.Trials), f.Why, mark)
		if os.Getenv("K1_TELL") != "" && (mark != "" || f.Why != "") {
			describe(t, f)
		}
		sat, search = append(sat, math.Abs(e[0])), append(search, f.Search.Minutes())
		if f.Why == "" {
			low, high, mid = append(low, math.Abs(e[1])), append(high, math.Abs(e[2])), append(mid, math.Abs(at))
		}
	}
	for name, v := range map[string][]float64{"saturation": sat, "low": low, "high": high, "middle": mid, "minutes": search} {
		slices.Sort(v)
		if len(v) > 0 {
			t.Logf("%-10s n %d median %.4f p90 %.4f worst %.4f", name, len(v), v[len(v)/2], v[len(v)*9/10], v[len(v)-1])
		}
	}
	if bad > draws/20 {
		t.Errorf("%d of %d searches missed", bad, draws)
	}
}

func envInt(name string, otherwise int) int {
	if n, err := strconv.Atoi(os.Getenv(name)); err == nil {
		return n
	}
	return otherwise
}

// realJudge replaces the test's own judge, for a sweep with the report's: this
// package may not import it, so that test is not kept here.
var realJudge func(time.Duration) Judge
