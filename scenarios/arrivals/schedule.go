package arrivals

import (
	"time"
)

// Arrival is one intended first click.
type Arrival struct {
	At     time.Duration // from the start of the played window, whole microseconds
	ID     uint32        // person id, stable under scale and slices
	Cohort uint16        // index into Scenario.Population
}

// Slice is the part of the ids one worker plays: id mod Modulus == Residue and
// id >= From. The zero value is everybody.
type Slice struct {
	Residue, Modulus, From uint32
}
