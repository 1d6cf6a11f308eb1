// Package validations holds the rules that package promlint applies to every
// metric family. Each looks at one family and returns an error for each breach
// of its rule, none if there is nothing to say. The rules are those of
// https://prometheus.io/docs/practices/naming/: what breaks them can be scraped,
// but will surprise whoever queries it.
package validations
