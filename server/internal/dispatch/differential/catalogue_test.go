package differential_test

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

var rewrite = flag.Bool("rewrite", false, "write into the catalogue what Alertmanager's pipeline tells")

// scenario is an entry of the catalogue: a program, and what it leads to. In
// testdata it begins with a line of two equal signs and the rule that it is about;
// then come, each after a line that begins with two hyphens,
//
//	-- config           the configuration; receivers may be left out
//	-- reload NAME      another one, for the event of that name
//	-- start delay 5m
//	-- with OPTION ...  settings of ours that mend old faults: resolved-while-muted,
//	                    exact-repeat-interval
//	-- happens          the events, see parse
//	-- told by 3h       what the receivers are told until then
//	-- spans by 3h      the same, with annotations and times of alerts
//	-- here: ROW        what ours are told, if that differs on purpose, as the row of
//	                    docs/differences.md of that name has it
type scenario struct {
	rule string
	program
	happens string
	told    []string
	spans   bool
	differs string // the name of a row, or nothing
	here    []string
}

// TestCatalogue has a test for each rule. What theirs tells and what is written down
// must be the same, and what ours tells too, to the last byte of what templates are
// given.
func TestCatalogue(t *testing.T) {
	for _, file := range catalogueFiles(t) {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			scenarios := readCatalogue(t, file)
			for _, s := range scenarios {
				t.Run(s.rule, func(t *testing.T) { s.check(t) })
			}
			if *rewrite {
				writeCatalogue(t, file, scenarios)
			}
		})
	}
}

func (s *scenario) check(t *testing.T) {
	s.events = parse(t, s.happens)
	show := delivery.String
	if s.spans {
		show = delivery.withSpans
	}
	r := s.run(t, show)
	if *rewrite {
		s.told = r.theirs
		if s.differs != "" {
			s.here = r.ours
		}
	}
	if got, want := strings.Join(r.theirs, "\n"), strings.Join(s.told, "\n"); got != want {
		t.Errorf("theirs told\n%s\nwant\n%s", got, want)
	}
	switch {
	case s.differs != "":
		if got, want := strings.Join(r.ours, "\n"), strings.Join(s.here, "\n"); got != want {
			t.Errorf("ours told\n%s\nwant\n%s", got, want)
		}
	case r.differs != "":
		t.Errorf("the pipelines differ:\n%s%s", r.differs, &s.program)
	}
}

func catalogueFiles(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no catalogue: %v", err)
	}
	return files
}

func catalogue(t *testing.T) []*scenario {
	t.Helper()
	var all []*scenario
	for _, file := range catalogueFiles(t) {
		all = append(all, readCatalogue(t, file)...)
	}
	return all
}

func readCatalogue(t *testing.T, file string) []*scenario {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var all []*scenario
	for _, text := range strings.Split("\n"+string(content), "\n== ")[1:] {
		rule, rest, _ := strings.Cut(text, "\n")
		s := &scenario{rule: rule, program: program{configs: make(map[string]string)}}
		for _, section := range strings.Split("\n"+rest, "\n-- ")[1:] {
			head, body, _ := strings.Cut(section, "\n")
			if err := s.take(head, strings.TrimRight(body, "\n")+"\n"); err != nil {
				t.Fatalf("%s: %s: %v", file, rule, err)
			}
		}
		all = append(all, s)
	}
	return all
}

// take reads one section.
func (s *scenario) take(head, body string) (err error) {
	word, arg, _ := strings.Cut(head, " ")
	switch word {
	case "config":
		s.config = body
	case "reload":
		s.configs[arg] = body
	case "start":
		s.startDelay, err = time.ParseDuration(strings.TrimPrefix(arg, "delay "))
	case "with":
		s.with = strings.Fields(arg)
	case "happens":
		s.happens = body
	case "told", "spans":
		s.told, s.spans = wanted(body), word == "spans"
		s.lasts, err = time.ParseDuration(strings.TrimPrefix(arg, "by "))
	case "here:":
		s.differs, s.here = arg, wanted(body)
	default:
		err = fmt.Errorf("no such section: %q", head)
	}
	return err
}

func writeCatalogue(t *testing.T, file string, scenarios []*scenario) {
	t.Helper()
	var b strings.Builder
	for i, s := range scenarios {
		if i > 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(&b, "== %s\n-- config\n%s", s.rule, s.config)
		for _, name := range slices.Sorted(maps.Keys(s.configs)) {
			fmt.Fprintf(&b, "-- reload %s\n%s", name, s.configs[name])
		}
		if len(s.with) > 0 {
			fmt.Fprintf(&b, "-- with %s\n", strings.Join(s.with, " "))
		}
		if s.startDelay > 0 {
			fmt.Fprintf(&b, "-- start delay %v\n", short(s.startDelay))
		}
		told := "told"
		if s.spans {
			told = "spans"
		}
		fmt.Fprintf(&b, "-- happens\n%s-- %s by %v\n%s", s.happens, told, short(s.lasts), lines(s.told))
		if s.differs != "" {
			fmt.Fprintf(&b, "-- here: %s\n%s", s.differs, lines(s.here))
		}
	}
	if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}

// short is a duration without the zeros at its end.
func short(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

func lines(all []string) string {
	var b strings.Builder
	for _, line := range all {
		b.WriteString(line + "\n")
	}
	return b.String()
}

func wanted(text string) []string {
	var all []string
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			all = append(all, line)
		}
	}
	return all
}
