//go:build slow

package report

const sessions uint64 = 60
