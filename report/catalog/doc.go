// Package catalog holds the words of the report, in French and in English, and
// the way numbers, durations and times of day are written in each.
//
// Texts are lines `key = text` in texts/fr.txt and texts/en.txt; {name} stands
// for a value. Both files hold the same keys with the same names, which a test
// checks. The sentences of page one are put together here from such texts,
// always the same way from the same Summary.
//
// # The display rule
//
// Rounding may never carry a number over the threshold it is compared with:
// 99.4996 % against 99.5 % is written 99.4996 %, not 99.5 %. [Catalog.Against]
// takes as many digits as that needs. Faces print what it gives and round
// nothing themselves.
package catalog
