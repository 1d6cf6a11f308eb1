package app_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"

	"github.com/cresset-metrics/cresset/server/internal/app"
)

// An Alertmanager in a test or in another program: any free port, alone.
func ExampleAlertmanager() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "alertmanager.yml")
	if err := os.WriteFile(file, []byte("route: {receiver: nobody}\nreceivers: [{name: nobody}]\n"), 0o600); err != nil {
		panic(err)
	}

	am, err := app.NewAlertmanager(app.AlertmanagerOptions{
		ConfigFile:      file,
		StoragePath:     filepath.Join(dir, "data"),
		ListenAddresses: []string{"127.0.0.1:0"},
	})
	if err != nil {
		panic(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- am.Run(ctx) }()

	// It answers from the beginning: 503 until it is ready.
	resp, err := http.Get("http://" + am.Addrs()[0].String() + "/-/healthy")
	if err != nil {
		panic(err)
	}
	_, _ = io.Copy(io.Discard, resp.Body)
	resp.Body.Close()
	fmt.Println(resp.StatusCode)
	http.DefaultClient.CloseIdleConnections()

	stop()
	fmt.Println(<-ended)
	// Output:
	// 200
	// <nil>
}
