// Package junit writes junit.xml for continuous integration: the verdict, then
// one test case per criterion and one per gate. Not met is a failure,
// inconclusive or not measured an error. The text stands in the element's
// body, because some readers ignore the message attribute.
package junit
