//go:build !slow

package report

// sessions is how many whole sessions are simulated.
const sessions uint64 = 6
