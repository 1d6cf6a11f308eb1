package clientgolang_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/cresset-metrics/cresset/adapters/clientgolang/internal/differential/ours"
	"github.com/cresset-metrics/cresset/adapters/clientgolang/internal/differential/script"
	"github.com/cresset-metrics/cresset/adapters/clientgolang/internal/differential/theirs"
)

// differences are the scenarios in which ours is meant to behave in another way,
// as docs/differences.md tells its readers.
var differences = map[string]string{
	"a counter and what is not a number":                      "client_golang's counter is not a number ever after, ours leaves the amount out",
	"a constant counter that is also used without exemplars":  "in client_golang the exemplars stay with the counter that was given, in ours they do not",
	"exemplars of a native histogram that is used again":      "in client_golang exemplars pile up with every gather, in ours they do not",
	"large whole amounts and fractions":                       "client_golang adds whole amounts of any size as integers, ours up to 2^53; larger ones round with the fractions",
	"the name of a metric that is left out":                   "in client_golang a metric that was refused still collides with others, in ours it does not",
	"help that is not UTF-8":                                  "client_golang writes such bytes as they are, ours replaces them: a page is UTF-8",
	"names of exemplar labels that need escaping":             "client_golang leaves them in quotes under every escaping, ours escapes them like those of the series",
	"a histogram whose counts are not whole":                  "client_golang has an error instead of it in OpenMetrics, ours writes the counts as they are",
	"labels that stand apart and are the same":                "client_golang finds a label twice only if both stand side by side",
	"a collector that panics":                                 "client_golang reports the panic twice, ours once",
	"a function that panics":                                  "client_golang lets the panic come out of Gather, ours reports it like one of a collector",
	"a nil metric":                                            "client_golang panics in Gather, ours reports it",
	"units in gatherers":                                      "client_golang's Gatherers drop the unit of a family, ours keep it",
	"unit of an untyped function":                             "client_golang leaves out the unit of an UntypedFunc, ours has it",
	"curried value that is not UTF-8":                         "client_golang lets such a metric be made and then fails every gather, ours refuses it when it is asked for",
	"when a histogram vector with le panics":                  "client_golang panics when the first metric is asked for, ours when the vector is made",
	"the name of a label with a colon":                        "client_golang writes it without quotes or escaping, which no reader of the text takes, ours quotes or escapes it",
	"maps that are changed later":                             "client_golang reads the caller's map at every gather, ours copies it once",
	"unregistering with a desc that is not valid":             "client_golang takes a set of descs for another one if only descs that are not valid are more, ours compares them",
	"unregistering what is not valid by a wrapped registerer": "client_golang forgets what is wrong with a desc that is wrapped, and unregisters another collector, ours none",
	"too few values for curried labels with constraints":      "client_golang indexes beyond the values, ours says that there are too few",
	"a metric that is wrong in two ways":                      "client_golang complains of its type, ours of its labels",
	"a unit that the name does not end in":                    "client_golang writes a UNIT line that a reader of OpenMetrics must refuse, ours leaves it out",
	"a family with a metric of another type":                  "client_golang serves the first part of such a family, ours nothing of it",
	"families that no page can have":                          "client_golang stops in the middle of such a family, ours leaves it out",
	"summaries of what is not a number":                       "client_golang's order of values that are not numbers is left to chance, in ours they come first",
	"a header that is pushed with and used again":             "client_golang adds to the header that it is given, ours to a copy",
	"bridge to Graphite of values that a tag cannot have":     "client_golang sends tags that no server can read, ours replaces what they cannot have",
	"names in tests of which there are none":                  "client_golang takes an empty slice of names for a wish to see nothing, ours like no names",
	"formats of everything in tests":                          "client_golang formats nothing if no names are given, ours everything",
	"pushing in OpenMetrics":                                  "client_golang leaves out the end of the page, ours writes it",
	"a handler that writes two headers":                       "client_golang counts the status that was written last, ours the one that was sent",
}

func TestScenarios(t *testing.T) {
	all := theirs.Scenarios()
	for i, scenario := range ours.Scenarios() {
		t.Run(scenario.Name, func(t *testing.T) {
			diff := firstDifference(script.Traced(t, scenario.Run), script.Traced(t, all[i].Run))
			switch reason := differences[scenario.Name]; {
			case reason == "" && diff != "":
				t.Error(diff)
			case reason != "" && diff == "":
				t.Errorf("no difference is left: %s", reason)
			}
		})
	}
	for name := range differences {
		if !slices.ContainsFunc(all, func(s script.Scenario) bool { return s.Name == name }) {
			t.Errorf("%q is named as a difference, but is not tried", name)
		}
	}
}

// firstDifference shows where two traces part, empty if they do not.
func firstDifference(got, want *script.Trace) string {
	if got.String() == want.String() {
		return ""
	}
	a, b := strings.SplitAfter(got.String(), "\n"), strings.SplitAfter(want.String(), "\n")
	i := 0
	for i < len(a) && i < len(b) && a[i] == b[i] {
		i++
	}
	part := func(lines []string) string { return strings.Join(lines[min(i, len(lines)):min(i+8, len(lines))], "") }
	return "same until:\n" + strings.Join(a[max(0, i-4):i], "") + "\nthen ours:\n" + part(a) + "\nand theirs:\n" + part(b)
}
