//go:build !slow

package fleet

const kills = 50 // at random moments
