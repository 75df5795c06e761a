//go:build !slow

package fleet

const kills = 20 // at random moments
