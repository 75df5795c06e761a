// Package markdown writes summary.md: the verdict, the criteria and the
// outcomes as a comment or a job summary shows them, never over 60 KB.
package markdown
