package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"regexp"
	"strings"
	"syscall"

	"github.com/alecthomas/kingpin/v2"

	"github.com/cresset-metrics/cresset/server/internal/query/syntax"
	"github.com/cresset-metrics/cresset/server/internal/simulate"
)

// testFlags are the flags of "test rules" as they were given.
type testFlags struct {
	files        []string
	run          []string
	features     []string
	junit        string
	coverage     bool
	coverageJSON string
	diff, debug  bool
	options      simulate.Options
}

func testCommand(cli *kingpin.Application, stdout, stderr io.Writer) (string, func(context.Context) error) {
	var f testFlags
	test := cli.Command("test", "Test files against a time that is written down.")
	test.Flag("junit", "File to which the outcome is written as JUnit XML.").StringVar(&f.junit)

	cmd := test.Command("rules", "Run unit tests of rules, in the files that promtool reads. The exit code is 1 if any of them fails.")
	cmd.Flag("run", "Run only the tests whose name matches this regular expression. Can be given several times.").StringsVar(&f.run)
	cmd.Flag("diff", "Differences are always shown; this flag is there because promtool has it.").BoolVar(&f.diff)
	cmd.Flag("debug", "Tell how long each test takes, and all series at its end.").BoolVar(&f.debug)
	cmd.Flag("ignore-unknown-fields", "Ignore unknown fields in rule files.").BoolVar(&f.options.IgnoreUnknownFields)
	cmd.Flag("enable-feature", "Features of PromQL, separated by commas: promql-delayed-name-removal, "+strings.Join(syntax.Features, ", ")+".").StringsVar(&f.features)
	cmd.Flag("parallel", "Tests that run at the same time; 0 is one for each processor.").Default("0").IntVar(&f.options.Parallel)
	cmd.Flag("coverage", "Show for each rule what no test does to it.").BoolVar(&f.coverage)
	cmd.Flag("coverage-json", "File to which the coverage of rules is written as JSON.").StringVar(&f.coverageJSON)
	cmd.Arg("test-rule-file", "The unit test file.").Required().StringsVar(&f.files)

	return cmd.FullCommand(), func(ctx context.Context) error {
		// Whatever ends the tests, they tidy up first: a terminal that is closed, or a
		// reader that wants no more.
		signal.Ignore(syscall.SIGPIPE)
		ctx, stop := signal.NotifyContext(ctx, syscall.SIGHUP)
		defer stop()
		// Files are read before that, from a pipe perhaps: who asks twice does not want
		// to wait for them.
		context.AfterFunc(ctx, endAtOnce)
		return f.test(ctx, stdout, stderr)
	}
}

// test runs the tests and reports on them.
func (f *testFlags) test(ctx context.Context, stdout, stderr io.Writer) error {
	if len(f.run) > 0 {
		run, err := regexp.Compile(strings.Join(f.run, "|"))
		if err != nil {
			return fmt.Errorf("--run: %w", err)
		}
		f.options.Run = run
	}
	if f.options.Parallel < 0 {
		return fmt.Errorf("--parallel: must be at least 0, but is %d", f.options.Parallel)
	}
	f.enable(stdout)
	f.options.Dump = f.debug
	f.options.Progress = &simulate.Progress{}

	// Files are opened first, so that nobody waits for tests whose outcome cannot be written.
	junit, err := create(f.junit)
	if err != nil {
		return err
	}
	coverage, err := create(f.coverageJSON)
	if err != nil {
		return err
	}

	report := simulate.Report{Out: stdout, Err: stderr, Color: isTerminal(stderr) && os.Getenv("NO_COLOR") == ""}
	progress := watch(f.options.Progress, stderr, isTerminal(stderr))
	var files []*simulate.File
	passed := true
	for file := range simulate.RunRuleTests(ctx, f.options, f.files...) {
		progress.pause(func() {
			if f.debug {
				report.Debug(file)
			}
			report.File(file)
		})
		files = append(files, file)
		passed = passed && file.Passed()
	}
	progress.stop()
	if f.coverage {
		report.Coverage(files)
	}
	report.Sum(files)

	err = errors.Join(
		writeTo(junit, func(w io.Writer) error { return simulate.WriteJUnit(w, files) }),
		writeTo(coverage, func(w io.Writer) error {
			e := json.NewEncoder(w)
			e.SetIndent("", "  ")
			return e.Encode(simulate.Coverage(files))
		}),
	)
	if err == nil && !passed {
		return errSilent
	}
	return err
}

// enable switches on what --enable-feature names.
func (f *testFlags) enable(stdout io.Writer) {
	for name := range strings.SplitSeq(strings.Join(f.features, ","), ",") {
		if name != "" && !f.options.Enable(name) {
			fmt.Fprintf(stdout, "  WARNING: Unknown feature passed to --enable-feature: %s\n", name)
		}
	}
}

// create makes a file, or none if there is no path.
func create(path string) (*os.File, error) {
	if path == "" {
		return nil, nil
	}
	return os.Create(path)
}

// writeTo writes to a file and closes it, if there is one.
func writeTo(f *os.File, write func(io.Writer) error) error {
	if f == nil {
		return nil
	}
	return errors.Join(write(f), f.Close())
}
