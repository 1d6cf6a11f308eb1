package integration_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"

	amconfig "github.com/prometheus/alertmanager/config"
	"github.com/prometheus/alertmanager/template"
	"github.com/prometheus/common/model"

	"github.com/cresset-metrics/cresset/server/internal/alert"
	"github.com/cresset-metrics/cresset/server/internal/notify/integration"

	amnotify "github.com/prometheus/alertmanager/notify"
)

func ExampleBuild() {
	service := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		fmt.Println(r.Method, r.URL.Path)
	}))
	defer service.Close()
	c, err := amconfig.Load(strings.ReplaceAll(`
route: {receiver: team}
receivers: [{name: team, webhook_configs: [{url: 'URL/{{ .GroupLabels.cluster }}'}]}]
`, "URL", service.URL))
	if err != nil {
		fmt.Println(err)
		return
	}
	templates, err := integration.LoadTemplates(nil, &url.URL{})
	if err != nil {
		fmt.Println(err)
		return
	}
	all, err := integration.Build(c.Receivers[0], integration.Options{Templates: templates})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := amnotify.WithReceiverName(amnotify.WithGroupKey(context.Background(), "key"), "team")
	ctx = amnotify.WithNotificationReason(amnotify.WithGroupLabels(ctx, model.LabelSet{"cluster": "eu"}), amnotify.ReasonFirstNotification)
	again, err := all[0].Notify(ctx, &alert.Alert{Alert: model.Alert{Labels: model.LabelSet{"alertname": "Down"}}})
	fmt.Println(all[0], again, err)
	// Output:
	// POST /eu
	// webhook[0] false <nil>
}

func ExampleTemplates_NewCheck() {
	templates, err := integration.LoadTemplates(nil, &url.URL{})
	if err != nil {
		fmt.Println(err)
		return
	}
	check := templates.NewCheck(context.Background(), &template.Data{Status: "firing"})
	fmt.Println(check.Text("it is {{ .Status }}"))
	fmt.Println(check.Text(`{{ define "a" }}{{ template "a" }}{{ end }}{{ template "a" }}`) != nil)
	// Output:
	// <nil>
	// true
}
