package validations

import (
	"errors"
	"fmt"
	"strings"

	dto "github.com/prometheus/client_model/go"
)

// LintMetricUnits wants the first unit that the name of the family mentions to
// be a base unit.
func LintMetricUnits(mf *dto.MetricFamily) []error {
	for word := range strings.SplitSeq(mf.GetName(), "_") {
		base, ok := baseUnit(word)
		switch {
		case !ok:
			continue
		case word != base:
			return []error{fmt.Errorf("use base unit %q instead of %q", base, word)}
		}
		return nil
	}
	return nil
}

// LintUnitAbbreviations wants units to be written out. It finds each
// abbreviation in a name once.
func LintUnitAbbreviations(mf *dto.MetricFamily) []error {
	var errs []error
	for _, abbreviation := range abbreviations {
		if hasLaterWord(mf.GetName(), abbreviation) {
			errs = append(errs, errors.New("metric names should not contain abbreviated units"))
		}
	}
	return errs
}

// baseUnit returns the base unit of what a word measures in, and false if the
// word is no unit.
func baseUnit(word string) (base string, ok bool) {
	if base, ok := baseUnits[word]; ok {
		return base, true
	}
	for _, prefix := range multiples {
		if unit, ok := strings.CutPrefix(word, prefix); ok {
			if base, ok := baseUnits[unit]; ok {
				return base, true
			}
		}
	}
	return "", false
}

// baseUnits has the base unit of each unit, itself for a base unit.
var baseUnits = func() map[string]string {
	of := make(map[string]string)
	for base, others := range map[string]string{
		"amperes": "",
		"bytes":   "bits",
		"celsius": "fahrenheit rankine",
		"grams":   "ounces pounds",
		"joules":  "calories",
		"kelvin":  "kelvins", // for colours, and for science
		"meters":  "inches miles yards",
		"metres":  "",
		"seconds": "days hours minutes weeks",
		"volts":   "",
	} {
		of[base] = base
		for other := range strings.FieldsSeq(others) {
			of[other] = base
		}
	}
	return of
}()

// multiples are what may stand before a unit. No one begins with another, so
// that their order does not matter.
var multiples = strings.Fields(`
	pico nano micro milli centi deci
	deca hecto kilo mega giga tera peta
	kibi mebi gibi tebi pebi
`)

var abbreviations = strings.Fields(`
	ns us ms s sec m h d
	b kb mb gb tb pb
`)
