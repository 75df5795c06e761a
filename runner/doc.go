// Package runner replays a plan: it releases each person at the intended
// instant, walks them through their journey, and folds what happened into
// numbered deltas.
//
// It declares the interfaces it needs ([Driver], [Session], [Guard], [Clock]);
// the packages beside it implement them and cmd wires them. It knows no
// progress bar, no flag and no printer.
package runner
