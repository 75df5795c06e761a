package results

import (
	"cmp"
	"slices"
)

// Everything that is written or folded goes in these orders: the bytes of a
// folder and of a report depend on what happened, never on a map's order.

func sortedKeys[K comparable, V any](m map[K]V, compare func(a, b K) int) []K {
	if len(m) == 0 {
		return nil
	}
	keys := make([]K, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, compare)
	return keys
}

func compareGroupSeconds(a, b GroupSecond) int {
	return cmp.Or(cmp.Compare(a.Second, b.Second), cmp.Compare(a.Group, b.Group))
}

func compareCells(a, b Cell) int {
	return cmp.Or(cmp.Compare(a.Second, b.Second), cmp.Compare(a.Group, b.Group),
		cmp.Compare(a.Outcome, b.Outcome), cmp.Compare(a.Reason, b.Reason))
}

func compareClassKeys(a, b ClassKey) int {
	return cmp.Or(cmp.Compare(a.Ten, b.Ten), cmp.Compare(a.Group, b.Group))
}

func compareStepKeys(a, b StepKey) int {
	return cmp.Or(cmp.Compare(a.Ten, b.Ten), cmp.Compare(a.Step, b.Step), cmp.Compare(a.Clock, b.Clock))
}

func compareStepTens(a, b StepTen) int {
	return cmp.Or(cmp.Compare(a.Ten, b.Ten), cmp.Compare(a.Step, b.Step))
}

func compareStepCells(a, b StepCell) int {
	return cmp.Or(cmp.Compare(a.Ten, b.Ten), cmp.Compare(a.Step, b.Step),
		cmp.Compare(a.Outcome, b.Outcome), cmp.Compare(a.Reason, b.Reason))
}

func compareHopKeys(a, b HopKey) int {
	return cmp.Or(cmp.Compare(a.Ten, b.Ten), cmp.Compare(a.Step, b.Step), cmp.Compare(a.Number, b.Number),
		cmp.Compare(a.Host, b.Host), cmp.Compare(a.Phase, b.Phase))
}

func compareHopCells(a, b HopCell) int {
	return cmp.Or(cmp.Compare(a.Step, b.Step), cmp.Compare(a.Number, b.Number),
		cmp.Compare(a.Host, b.Host), cmp.Compare(a.Status, b.Status))
}

func compareSigns(a, b SignKey) int {
	return cmp.Or(cmp.Compare(a.Step, b.Step), cmp.Compare(a.Host, b.Host), cmp.Compare(a.Status, b.Status),
		cmp.Compare(a.Outcome, b.Outcome), cmp.Compare(a.Reason, b.Reason), cmp.Compare(a.Text, b.Text))
}
