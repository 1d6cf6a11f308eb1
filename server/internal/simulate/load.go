package simulate

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/cresset-metrics/cresset/server/internal/rule/definition"
)

// maxFile is the size of the largest test file, in bytes.
const maxFile = 64 << 20

// suite is what the tests of one file have in common. It is read only.
type suite struct {
	Options
	interval time.Duration  // between two evaluations
	order    map[string]int // of groups by name; those that are not listed count as 0
	fuzzy    bool

	// loadRules loads the rule files when the first test wants them: a file none of
	// whose tests is run needs no rules.
	loadRules func() ([]*definition.File, error)
}

// load reads a test file and returns those of its tests that are to be run.
func load(f *File, o Options) []*ruleTest {
	doc, t, err := read(f.Path)
	if err != nil {
		f.Err = err
		return nil
	}
	s, warnings, err := newSuite(f.Path, doc, t, o)
	f.Warnings = warnings
	f.Started = time.Now()
	if err != nil {
		f.Err = err
		return nil
	}
	var tests []*ruleTest
	for i := range doc.Tests {
		item := &doc.Tests[i]
		if o.Run != nil && !o.Run.MatchString(item.Name) {
			continue
		}
		node := t.key("tests").item(i)
		tests = append(tests, &ruleTest{
			suite: s, item: item, tree: node, at: node.at(),
			name: cmp.Or(item.Name, fmt.Sprintf("unnamed#%d", i)),
			gap:  cmp.Or(time.Duration(item.Interval), s.interval),
		})
	}
	return tests
}

func read(path string) (testFile, tree, error) {
	content, err := readFile(path)
	if err != nil {
		if pathErr, ok := errors.AsType[*fs.PathError](err); ok {
			err = pathErr.Err // the path is said already
		}
		return testFile{}, tree{}, fmt.Errorf("%s: %w", path, err)
	}
	return decode(path, content)
}

// readFile reads a file that may be a pipe, but is not endless.
func readFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	content, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err == nil && len(content) > maxFile {
		err = fmt.Errorf("the file has more than %d bytes", maxFile)
	}
	return content, err
}

func newSuite(path string, doc testFile, t tree, o Options) (*suite, []string, error) {
	s := &suite{
		Options:  o,
		interval: cmp.Or(time.Duration(doc.EvaluationInterval), time.Minute),
		order:    make(map[string]int),
		fuzzy:    doc.FuzzyCompare,
	}
	var paths, warnings []string
	if t.more.Line > 0 {
		warnings = append(warnings, fmt.Sprintf("%s: only the first YAML document of the file is used", t.more))
	}
	for i, pattern := range doc.RuleFiles {
		if pattern != "" && !filepath.IsAbs(pattern) {
			pattern = filepath.Join(filepath.Dir(path), pattern)
		}
		found, err := filepath.Glob(pattern)
		if err != nil {
			return nil, warnings, fmt.Errorf("%s: rule_files: bad pattern %q: %w", t.key("rule_files").item(i).at(), pattern, err)
		}
		if len(found) == 0 {
			warnings = append(warnings, fmt.Sprintf("no file match pattern %s", pattern))
		}
		for _, path := range found {
			if !slices.Contains(paths, path) {
				paths = append(paths, path)
			}
		}
	}
	for i, name := range doc.GroupEvalOrder {
		if _, ok := s.order[name]; ok {
			return nil, warnings, fmt.Errorf("%s: group name repeated in evaluation order: %s", t.key("group_eval_order").item(i).at(), name)
		}
		s.order[name] = i
	}
	s.loadRules = sync.OnceValues(func() ([]*definition.File, error) { return s.load(paths) })
	return s, warnings, nil
}

// load loads rule files. The error joins those of all of them.
func (s *suite) load(paths []string) ([]*definition.File, error) {
	var files []*definition.File
	var errs []error
	for _, path := range paths {
		file, _, err := definition.Load(path, definition.Options{Language: s.language, IgnoreUnknownFields: s.IgnoreUnknownFields})
		if err != nil {
			errs = append(errs, err)
			continue
		}
		files = append(files, file)
	}
	return files, errors.Join(errs...)
}

// groupName is a group of a rule file.
type groupName struct{ file, name string }

// ordered returns the groups in the order in which they are evaluated: as
// group_eval_order has it, and else as they stand in the files.
func (s *suite) ordered(files []*definition.File) []groupName {
	var groups []groupName
	for _, f := range files {
		for _, g := range f.Groups {
			groups = append(groups, groupName{f.Path, g.Name})
		}
	}
	slices.SortStableFunc(groups, func(a, b groupName) int { return cmp.Compare(s.order[a.name], s.order[b.name]) })
	return groups
}
