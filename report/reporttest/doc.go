// Package reporttest fabricates run folders for the tests of the report: from
// "so many people of this group, in this second, ended like this" to a folder
// written and read through the results API.
//
//	run, sc := reporttest.Load(t, "not_ready")
//	s, err := report.Judge(run, sc)
//
// A session's Summary ([Session], [SessionNames]) is written by hand over the
// judgement of one storm: the faces print it whatever computes it. [Summary]
// gives either.
//
// [Names] lists the fixtures; [Spec] makes others.
package reporttest
