// Package presets holds the scenario files that come with firstbell: complete
// scenarios to start from, and the profiles of known mornings. It knows bytes
// only; package scenarios gives them their meaning.
package presets
