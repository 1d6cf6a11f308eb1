package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/alecthomas/kingpin/v2"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/cresset-metrics/cresset/server/internal/query/syntax"
	"github.com/cresset-metrics/cresset/server/internal/rule/definition"
)

// rulesCheck is how rule files are checked.
type rulesCheck struct {
	stdout, stderr io.Writer
	options        definition.Options
	duplicates     bool // whether repeated rules are complained of
}

func checkRulesCommand(cli *kingpin.Application, stdout, stderr io.Writer) (string, func(context.Context) error) {
	cmd := subcommand(cli, "check", "Say whether files are good.").Command("rules",
		"Check rule files, as promtool does. The exit code is 1 if any of them is bad, and 3 if --lint-fatal is given and a rule repeats another.")
	files := cmd.Arg("file", "A rule file. Default: standard input.").Strings()
	lint := cmd.Flag("lint", "What is complained of in good files, separated by commas: duplicate-rules, all or none.").Default("duplicate-rules").String()
	fatal := cmd.Flag("lint-fatal", "End with exit code 3 if something is complained of.").Bool()
	ignore := cmd.Flag("ignore-unknown-fields", "Accept fields that rule files do not have. The server does not.").Bool()
	features := cmd.Flag("enable-feature", "Accept what needs these feature flags of Prometheus, separated by commas: "+strings.Join(syntax.Features, ", ")+". The server has none of them.").Strings()

	return cmd.FullCommand(), func(context.Context) error {
		endAtOnce()
		c := rulesCheck{stdout: stdout, stderr: stderr, options: definition.Options{
			Language:            language(*features, stderr),
			IgnoreUnknownFields: *ignore,
		}}
		for option := range strings.SplitSeq(*lint, ",") {
			switch option {
			case "all", "duplicate-rules":
				c.duplicates = true
			case "none", "":
			default:
				fmt.Fprintf(stderr, "warning: unknown lint option: %q\n", option)
			}
		}
		switch bad, untidy := c.files(*files); {
		case bad:
			return errSilent
		case untidy && *fatal:
			return exitCode(exitLint)
		default:
			return nil
		}
	}
}

// files checks files, or standard input if there are none. It reports whether any
// is bad, and whether there is something to complain of in one that is good.
func (c *rulesCheck) files(paths []string) (bad, untidy bool) {
	check := func(what string, file *definition.File, warnings []string, err error) {
		fmt.Fprintf(c.stdout, "Checking %s\n", what)
		for _, warning := range warnings {
			fmt.Fprintf(c.stderr, "warning: %s\n", warning)
		}
		switch {
		case err != nil:
			bad = true
			fmt.Fprintf(c.stderr, "  FAILED:\n%v\n", err)
		case c.duplicates && len(file.Duplicates) > 0:
			untidy = true
			fmt.Fprintf(c.stderr, "  FAILED:\n%s\n", strings.Join(file.DuplicateWarnings(), "\n"))
		default:
			rules := 0
			for _, g := range file.Groups {
				rules += len(g.Rules)
			}
			fmt.Fprintf(c.stdout, "  SUCCESS: %d rules found\n", rules)
		}
		fmt.Fprintln(c.stdout)
	}
	if len(paths) == 0 {
		const what = "standard input"
		file, warnings, err := definition.Read(what, os.Stdin, c.options)
		check(what, file, warnings, err)
	}
	for _, path := range paths {
		file, warnings, err := definition.Load(path, c.options)
		check(path, file, warnings, err)
	}
	return bad, untidy
}

// language is the PromQL with the given features, each of which may be several,
// separated by commas.
func language(features []string, stderr io.Writer) *parser.Options {
	o := syntax.Default
	for feature := range strings.SplitSeq(strings.Join(features, ","), ",") {
		switch {
		case feature == "" || syntax.Enable(&o, feature):
		case feature == "promql-delayed-name-removal": // changes results only
		default:
			fmt.Fprintf(stderr, "warning: unknown feature %q\n", feature)
		}
	}
	return &o
}

// subcommand returns a command that has commands of its own, and makes it first if
// it is not there.
func subcommand(cli *kingpin.Application, name, help string) *kingpin.CmdClause {
	if cmd := cli.GetCommand(name); cmd != nil {
		return cmd
	}
	return cli.Command(name, help)
}
