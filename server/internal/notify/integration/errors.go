package integration

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/prometheus/alertmanager/config"
	amnotify "github.com/prometheus/alertmanager/notify"
	"github.com/prometheus/alertmanager/template"
	commonconfig "github.com/prometheus/common/config"

	"github.com/cresset-metrics/cresset/server/internal/alert"
)

// attempt notifies once.
//
// Where a text of the configuration cannot be expanded with these alerts, or would
// not come to an end, the notification is sent nevertheless: that text says why,
//
//	<error expanding template: REASON>
//
// and all others say what they say otherwise. It goes out by an integration that is
// built for this notification alone. Each such text is logged and counted, in each
// attempt.
//
// Texts that say where a notification goes, or who sends it (see addresses), are
// never replaced: what becomes of the notification if one of them fails is what
// becomes of it with Alertmanager, as it is with the keys of mappings, and with what
// a file holds.
func (in *integration) attempt(ctx context.Context, alerts []*alert.Alert) (again bool, err error) {
	bad := in.failing(ctx, in.data(ctx, alerts))
	in.tell(bad)
	replaceable := false
	for t, err := range bad {
		if t.address && isEndless(err) {
			return false, err // nobody may begin to expand it
		}
		replaceable = replaceable || !t.address
	}
	if !replaceable {
		one, giveBack, err := in.borrow()
		if err != nil {
			return true, err
		}
		defer giveBack()
		return one.Notify(ctx, alerts...)
	}
	one, err := in.build(replaced(in.receiver, bad), commonconfig.WithKeepAlivesDisabled())
	if err != nil {
		return true, fmt.Errorf("build the integration with errors in the place of templates: %w", err)
	}
	return one.Notify(ctx, alerts...)
}

// data is what the integration expands its texts with.
func (in *integration) data(ctx context.Context, alerts []*alert.Alert) *template.Data {
	if in.name == "webhook" {
		if most := in.receiver.WebhookConfigs[0].MaxAlerts; most > 0 && uint64(len(alerts)) > most {
			alerts = alerts[:most]
		}
	}
	return amnotify.GetTemplateData(ctx, in.options.Templates.Template, alerts, in.options.Logger)
}

// faults are texts that cannot be expanded, with the reasons.
type faults map[text]error

// failing returns the texts that cannot be expanded. It goes first, before the
// integration expands them: some integrations send what they have up to then, and
// nothing can stop one that expands a text without end.
func (in *integration) failing(ctx context.Context, data *template.Data) faults {
	bad := make(faults)
	check := in.options.Templates.NewCheck(ctx, data)
	for _, t := range in.texts {
		err := check.Text(t.source)
		if err == nil && t.html {
			_, err = in.options.Templates.ExecuteHTMLString(t.source, data)
		}
		if err != nil {
			bad[t] = err
		}
	}
	return bad
}

func (in *integration) tell(bad faults) {
	if len(bad) == 0 {
		return
	}
	in.options.TemplateErrors(in.name, len(bad))
	for t, err := range bad {
		in.options.Logger.Error("Template of a notification cannot be expanded",
			"receiver", in.receiver.Name, "integration", in.String(), "key", t.key, "err", err)
	}
}

// replaced returns a copy of rc in which the texts tell of their errors.
func replaced(rc config.Receiver, bad faults) config.Receiver {
	return rewritten(rc, func(t text) string {
		if err, ok := bad[t]; ok && !t.address {
			return errorText(err)
		}
		return t.source
	})
}

// maxReason is how many bytes of an error are sent; it may quote long texts.
const maxReason = 300

// errorText returns the template that expands to what is sent of an error.
func errorText(err error) string {
	reason := strings.Join(strings.Fields(err.Error()), " ")
	if len(reason) > maxReason {
		reason = strings.ToValidUTF8(reason[:maxReason], "") + "…"
	}
	return "{{" + strconv.Quote("<error expanding template: "+reason+">") + "}}"
}
