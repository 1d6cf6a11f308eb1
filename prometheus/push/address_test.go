package push_test

import (
	"encoding/base64"
	"fmt"
	"maps"
	"net/url"
	"path"
	"strings"
	"testing"

	"github.com/prometheus/common/model"
	"pgregory.net/rapid"

	"github.com/cresset-metrics/cresset/prometheus/push"
)

func TestPaths(t *testing.T) {
	tests := []struct {
		job, name, value string
		want             string
	}{
		{"backup", "zone", "east", "/metrics/job/backup/zone/east"},
		{"a/b", "zone", "c/d", "/metrics/job@base64/YS9i/zone@base64/Yy9k"},
		{"backup", "zone", "", "/metrics/job/backup/zone@base64/="},
		{"backup", "titan", "Κρόνος", "/metrics/job/backup/titan/%CE%9A%CF%81%CF%8C%CE%BD%CE%BF%CF%82"},
		{"my job", "zone", "a+b c%?#", "/metrics/job/my+job/zone/a%2Bb+c%25%3F%23"},
		{"..", "zone", ".", "/metrics/job@base64/Li4/zone@base64/Lg"},
		{"backup", "zone", "...", "/metrics/job/backup/zone/..."},
		{"backup", "http.host", "a", "/metrics/job/backup/http.host/a"},
		{"backup", "what?#%", "a", "/metrics/job/backup/what%3F%23%25/a"},
		{"backup", "a/b", "c", "/metrics/job/backup/U__a_2f_b/c"},
		{"backup", "a@base64", "c", "/metrics/job/backup/U__a_40_base64/c"},
		{"backup", "..", "c", "/metrics/job/backup/U___2e__2e_/c"},
	}
	for _, test := range tests {
		server := &gateway{status: 202}
		p := push.New("gateway", test.job).Grouping(test.name, test.value).Client(server)
		for name, send := range map[string]func() error{"Push": p.Push, "Delete": p.Delete} {
			if err := send(); err != nil {
				t.Fatal(err)
			}
			if got := server.last.path; got != test.want {
				t.Errorf("%s of job %q with %s=%q: got %s, want %s", name, test.job, test.name, test.value, got, test.want)
			}
		}
	}
}

// Every group arrives as what it is, spaces aside.
func TestGroupsArrive(t *testing.T) {
	troublesome := rapid.SampledFrom([]rune("a_./?#%+ ~:;=&@ä€𝕏"))
	label := rapid.OneOf(rapid.StringOfN(troublesome, 1, 8, -1), rapid.SampledFrom([]string{".", "..", "a@base64", "@base64"}))
	value := rapid.OneOf(rapid.StringOfN(troublesome, 0, 8, -1), rapid.StringN(0, 8, -1), rapid.SampledFrom([]string{".", ".."}))
	rapid.Check(t, func(t *rapid.T) {
		want := rapid.MapOfN(label, value, 0, 4).Draw(t, "grouping")
		job := value.Filter(func(s string) bool { return s != "" }).Draw(t, "job")
		server := &gateway{status: 200}
		p := push.New("gateway", job).Client(server)
		for name, value := range want {
			p.Grouping(name, value)
		}
		if err := p.Push(); err != nil {
			t.Fatal(err)
		}
		want["job"] = job
		for name, value := range want {
			if !strings.Contains(value, "/") {
				want[name] = strings.ReplaceAll(value, " ", "+")
			}
		}
		got, err := groupOf(server.last.path)
		if err != nil {
			t.Fatal(err)
		}
		if !maps.Equal(got, want) {
			t.Fatalf("%s: got %q, want %q", server.last.path, got, want)
		}
	})
}

// groupOf reads a path as a Pushgateway does that takes any label name.
func groupOf(escaped string) (map[string]string, error) {
	decoded, err := url.PathUnescape(escaped)
	if err != nil {
		return nil, err
	}
	if clean := path.Clean(decoded); clean != decoded {
		return nil, fmt.Errorf("%q would be redirected to %q", decoded, clean)
	}
	elements := strings.Split(strings.TrimPrefix(decoded, "/metrics/"), "/")
	if len(elements)%2 != 0 {
		return nil, fmt.Errorf("%q has an odd number of elements", elements)
	}
	group := make(map[string]string)
	for i := 0; i < len(elements); i += 2 {
		name, value := elements[i], elements[i+1]
		name, encoded := strings.CutSuffix(name, "@base64")
		if encoded {
			bytes, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(value, "="))
			if err != nil {
				return nil, err
			}
			value = string(bytes)
		}
		group[model.UnescapeName(name, model.ValueEncodingEscaping)] = value
	}
	return group, nil
}
