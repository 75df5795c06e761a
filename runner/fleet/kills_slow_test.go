//go:build slow

package fleet

const kills = 1000 // at random moments
