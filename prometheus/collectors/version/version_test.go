package version_test

import (
	"maps"
	"runtime"
	"strings"
	"testing"

	common "github.com/prometheus/common/version"

	"github.com/cresset-metrics/cresset/prometheus"
	"github.com/cresset-metrics/cresset/prometheus/collectors/version"
)

// infoOf returns the labels of the only metric that a collector has.
func infoOf(t *testing.T, c prometheus.Collector, name, help string) map[string]string {
	t.Helper()
	reg := prometheus.NewPedanticRegistry()
	reg.MustRegister(c)
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	if len(families) != 1 || families[0].GetName() != name || families[0].GetHelp() != help || families[0].GetMetric()[0].GetGauge().GetValue() != 1 {
		t.Errorf("got %v, want a gauge %s of 1", families, name)
	}
	labels := make(map[string]string)
	for _, label := range families[0].GetMetric()[0].GetLabel() {
		labels[label.GetName()] = label.GetValue()
	}
	return labels
}

func TestNewCollector(t *testing.T) {
	t.Cleanup(func() { common.Version, common.Revision, common.Branch = "", "", "" })
	common.Version, common.Revision, common.Branch = "1.4.2", "abc123", "main"
	const help = "A metric with a constant '1' value labeled by version, revision, branch, goversion from which shop was built, and the goos and goarch for the build."
	standard := map[string]string{
		"version": "1.4.2", "revision": "abc123", "branch": "main", "tags": common.GetTags(),
		"goversion": runtime.Version(), "goos": runtime.GOOS, "goarch": runtime.GOARCH,
	}
	extra := prometheus.Labels{"flavour": "mint", "branch": "none"}
	option := version.WithExtraConstLabels(extra)
	clear(extra)
	tests := []struct {
		name string
		opts []version.Option
		want map[string]string
	}{
		{"plain", nil, nil},
		{"labels of one's own", []version.Option{option}, map[string]string{"flavour": "mint", "branch": "none"}},
		{
			"the last option counts",
			[]version.Option{option, version.WithExtraConstLabels(prometheus.Labels{"taste": "strong"})},
			map[string]string{"taste": "strong"},
		},
		{"no labels of one's own", []version.Option{option, version.WithExtraConstLabels(nil)}, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			want := maps.Clone(standard)
			maps.Copy(want, test.want)
			if got := infoOf(t, version.NewCollector("shop", test.opts...), "shop_build_info", help); !maps.Equal(got, want) {
				t.Errorf("got %v, want %v", got, want)
			}
		})
	}
}

func TestNameThatNoMetricCanHave(t *testing.T) {
	err := prometheus.NewRegistry().Register(version.NewCollector("bad\xff"))
	if err == nil || !strings.Contains(err.Error(), "is not a valid metric name") {
		t.Errorf("got error %v", err)
	}
}
