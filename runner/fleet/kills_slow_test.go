//go:build slow

package fleet

const kills = 300 // at random moments
