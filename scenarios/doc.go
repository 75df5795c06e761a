// Package scenarios says what to replay: who comes, when, what they do, how a
// good page is proved, and what "ready" means. One YAML file becomes one
// [Scenario]; nothing here performs I/O against a target.
//
// # Terms
//
// These words mean the same thing in the code, the documentation and the
// report.
//
//   - Scenario: the whole file.
//   - Population: the people by [Persona], region and level, living in Schools
//     and Classes. One entry of the list is a [Cohort].
//   - Persona: pupil, parent, teacher: device, think times, journeys.
//   - Person: one running virtual user. Account: what a person signs in with,
//     one person at a time.
//   - Group: region × level × persona, the unit of breakdown.
//   - Journey: ordered Steps. Step: one page: request, proof of success,
//     sub-resources.
//   - Signature: how a page is recognised: quota, waiting room, blank…
//   - Profile: a named storm. Bell: a start of class. Curve: arrival intensity.
//   - Schedule: the seeded list of intended arrivals. Slice: one worker's part.
//   - Attempt: one try of one person. Outcome and Reason: how it ended.
//   - Sample: one measured step. Delta: what one second added to the counts.
//   - Plateau: steady offered load. BreakingPoint: an interval, never a number.
//   - Criterion: a sentence that can fail. Gate: a condition on the validity of
//     the measurement. Verdict: ready, not_ready or inconclusive.
//   - Late is the portal's slowness; delayed is ours.
//
// # Design
//
// The file has no scripts, no expressions and no includes: if one login cannot
// be written, a matcher or a capture is missing, never a language. Positions
// (line and column) survive decoding, so that every mistake is reported at
// once, with a place and a remedy.
//
// # How a file is read
//
// [Parse] walks YAML nodes, never Go values (there 2021-04-06 would become a
// time and 0123 another number), against one table of known keys per mapping
// (keys.go); the JSON Schema of [Schema] is drawn from the same tables. --set
// changes the nodes before they are read. A syntax error hides its own
// top-level section only. What the file leaves open is filled in and listed in
// Scenario.Assumptions.
//
// A [Template] is parsed once and expanded many times; its values are encoded
// for the place they land in by [ExpandFields], [Template.ExpandURL] and
// [Template.ExpandFor]. [Accounts] gives each account's columns as a [Lookup].
// [BuiltIn] is the pages known from public sources. The reference of the file,
// with examples that a test parses, is README.md.
package scenarios
