package scenarios

// Options steer Parse.
type Options struct {
	Dir  string   // where relative files are looked for
	Name string   // file name for messages
	Set  []string // key=value overrides, in order
	Env  Lookup   // ${env.NAME}; nil: none is known
	// SkipFiles: do not open accounts and certificates (schema checks, report).
	SkipFiles bool
}
