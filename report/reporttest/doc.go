// Package reporttest fabricates run folders for the tests of the report: from
// "so many people of this group, in this second, ended like this" to a folder
// written and read through the results API.
//
//	run, sc := reporttest.Load(t, "not_ready")
//	s, err := report.Judge(run, sc)
//
// [Names] lists the fixtures; [Spec] makes others.
package reporttest
