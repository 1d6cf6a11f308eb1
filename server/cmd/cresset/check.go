package main

import (
	"context"
	"fmt"
	"io"

	"github.com/alecthomas/kingpin/v2"

	"github.com/cresset-metrics/cresset/server/internal/config"
)

func checkCommand(cli *kingpin.Application, stdout, stderr io.Writer) (string, func(context.Context) error) {
	cmd := subcommand(cli, "check", "Say whether files are good.").Command("config", "Check configuration files and rule files, with all files that they name. The exit code is 1 if any of them is bad.")
	files := cmd.Arg("file", "prometheus.yml, alertmanager.yml or a rule file; which one it is, its content tells.").Required().Strings()

	return cmd.FullCommand(), func(context.Context) error {
		endAtOnce()
		bad := false
		for _, c := range config.Check(*files...) {
			for _, warning := range c.Warnings {
				fmt.Fprintf(stderr, "warning: %s\n", warning)
			}
			if c.Err != nil {
				bad = true
				fmt.Fprintln(stderr, c.Err)
				continue
			}
			fmt.Fprintf(stdout, "%s: good %s: %s\n", c.Path, c.Kind, c.Found)
		}
		if bad {
			return errSilent
		}
		return nil
	}
}
