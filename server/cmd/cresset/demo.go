package main

import (
	"context"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kingpin/v2"

	"github.com/cresset-metrics/cresset/server/internal/app"
	"github.com/cresset-metrics/cresset/server/internal/demo"
)

func demoCommand(cli *kingpin.Application, stdout, _ io.Writer) (string, func(context.Context) error) {
	cmd := cli.Command("demo", "Show one alert's whole way: a service with a fault that comes and heals, a rule, and the two notifications that a person gets. "+
		"Needs no file and no network beyond this machine, and leaves nothing behind.")
	duration := cmd.Flag("duration", "How long the demo may take. It ends as soon as both notifications were delivered, and fails if they were not.").Default("60s").Duration()

	return cmd.FullCommand(), func(ctx context.Context) error {
		// Whatever ends the demo, it tidies up first: a terminal that is closed,
		// or a reader that wants no more.
		signal.Ignore(syscall.SIGPIPE)
		ctx, stop := signal.NotifyContext(ctx, syscall.SIGHUP)
		defer stop()
		return demo.Run(ctx, demo.Options{
			Duration:   *duration,
			Out:        &audience{Writer: stdout, gone: stop},
			IsTerminal: isTerminal(stdout),
			Start:      startForDemo,
		})
	}
}

// audience is a writer that tells when nobody reads any more.
type audience struct {
	io.Writer
	gone func()
}

func (a *audience) Write(b []byte) (int, error) {
	n, err := a.Writer.Write(b)
	if err != nil {
		a.gone()
	}
	return n, err
}

// startForDemo runs the server with the files of the demo, on any free port of
// this machine.
func startForDemo(ctx context.Context, files demo.Files) (address string, stop func() error, err error) {
	server, err := app.New(app.Options{
		PrometheusFile:   files.Prometheus,
		AlertmanagerFile: files.Alertmanager,
		StoragePath:      files.Storage,
		ListenAddress:    "127.0.0.1:0",
		Alerting:         app.AlertingOptions{ResolvedWhileMuted: true, ExactRepeat: true}, // as serve has it
		Version:          version(),
	})
	if err != nil {
		return "", nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- server.Run(ctx) }()
	return server.Addr().String(), func() error {
		cancel()
		return <-ended
	}, nil
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
