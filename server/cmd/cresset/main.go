// Cresset collects metrics, evaluates rules over them, and tells people.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"

	"github.com/alecthomas/kingpin/v2"

	"github.com/cresset-metrics/cresset/server/internal/app"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// Exit codes.
const (
	exitOK    = 0
	exitError = 1 // what was asked for failed; stderr says why
	exitUsage = 2 // the command line is not understood
	exitLint  = 3 // files are good, but not as they should be
)

// errSilent is an error of which the person has been told.
var errSilent = errors.New("told already")

// exitCode is an error of which the person has been told, and that has an exit
// code of its own.
type exitCode int

func (c exitCode) Error() string { return fmt.Sprintf("exit code %d", int(c)) }

// run is the command with the given arguments, until it has done what it was
// asked or ctx ends. It returns the exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	cli := kingpin.New("cresset", "The whole way from a line of code to the person who is woken: scrapes targets, stores samples, evaluates rules, "+
		"and groups, routes and delivers alerts. Reads prometheus.yml and alertmanager.yml as they are.")
	cli.HelpFlag.Short('h')
	cli.UsageWriter(stdout)
	cli.ErrorWriter(stderr)
	code, done := exitOK, false
	cli.Terminate(func(status int) { code, done = status, true })
	versionFlag(cli, func(text string) {
		fmt.Fprintln(stdout, text)
		done = true
	})

	commands := map[string]func(context.Context) error{}
	for _, add := range []func(*kingpin.Application, io.Writer, io.Writer) (string, func(context.Context) error){
		serveCommand, alertmanagerCommand, checkCommand, checkRulesCommand, testCommand, demoCommand,
	} {
		name, command := add(cli, stdout, stderr)
		commands[name] = command
	}

	name, err := cli.Parse(args)
	switch {
	case done: // help or version was shown
		return code
	case err != nil:
		fmt.Fprintf(stderr, "cresset: %s (try cresset --help)\n", blame(cli, args, err))
		if inPlaceOfAlertmanager(cli, args) {
			return exitError // as it has for everything
		}
		return exitUsage
	}
	if err := commands[name](ctx); err != nil {
		if code, ok := errors.AsType[exitCode](err); ok {
			return int(code)
		}
		if !errors.Is(err, errSilent) {
			tell(stderr, err)
		}
		return exitError
	}
	return exitOK
}

// inPlaceOfAlertmanager says whether arguments, understood or not, are for the
// command that takes Alertmanager's place.
func inPlaceOfAlertmanager(cli *kingpin.Application, args []string) bool {
	parsed, _ := cli.ParseContext(args) // what is wrong with them is known
	return parsed != nil && parsed.SelectedCommand != nil && parsed.SelectedCommand.FullCommand() == alertmanagerName
}

// versionFlag shows the version, of Alertmanager too to those who ask the command
// that takes its place.
func versionFlag(cli *kingpin.Application, show func(string)) {
	cli.Flag("version", "Show the version.").PreAction(func(parsed *kingpin.ParseContext) error {
		text := version()
		if c := parsed.SelectedCommand; c != nil && c.FullCommand() == alertmanagerName {
			text = fmt.Sprintf("alertmanager, version %s (cresset %s)", app.AlertmanagerVersion, text)
		}
		show(text)
		return nil
	}).Bool()
}

// endAtOnce lets signals end the process, for a command that has nothing to tidy
// up: it may wait for its input, and would not see that its context ends.
func endAtOnce() { signal.Reset(os.Interrupt, syscall.SIGTERM) }

// blame names the flag whose value is not understood, if that is what is wrong.
func blame(cli *kingpin.Application, args []string, err error) error {
	parsed, parseErr := cli.ParseContext(args)
	if parseErr != nil {
		return err
	}
	for _, element := range parsed.Elements {
		flag, ok := element.Clause.(*kingpin.FlagClause)
		if !ok || element.Value == nil {
			continue
		}
		if valueErr := flag.Model().Value.Set(*element.Value); valueErr != nil {
			return fmt.Errorf("--%s: %w", flag.Model().Name, valueErr)
		}
	}
	return err
}

// tell writes each line of an error as one that can be found in a log.
func tell(w io.Writer, err error) {
	for line := range strings.SplitSeq(err.Error(), "\n") {
		fmt.Fprintf(w, "cresset: %s\n", line)
	}
}

// version is that of the module the binary was built from.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" || info.Main.Version == "(devel)" {
		return "devel"
	}
	return info.Main.Version
}
