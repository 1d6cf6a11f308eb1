package config

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	commonconfig "github.com/prometheus/common/config"
	"github.com/prometheus/prometheus/discovery"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/cresset-metrics/cresset/server/internal/document"
)

var update = flag.Bool("update", false, "write what comes out into the files of testdata")

// golden runs every archive below testdata/dir: run is called in a folder that
// holds the files of the archive, and what it returns is compared with the file
// "want" of the archive.
func golden(t *testing.T, dir string, run func(t *testing.T, files []string) string) {
	archives, err := filepath.Glob(filepath.Join("testdata", dir, "*.txtar"))
	if err != nil || len(archives) == 0 {
		t.Fatalf("no archives in testdata/%s, err %v", dir, err)
	}
	for _, path := range archives {
		path, err := filepath.Abs(path)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			t.Chdir(t.TempDir())
			var names []string
			want := ""
			rest := archive.Files[:0:0]
			for _, f := range archive.Files {
				if f.Name == "want" {
					want = string(f.Data)
					continue
				}
				rest = append(rest, f)
				names = append(names, f.Name)
				if err := os.MkdirAll(filepath.Dir(f.Name), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(f.Name, f.Data, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			wd, err := os.Getwd()
			if err != nil {
				t.Fatal(err)
			}
			got := strings.ReplaceAll(run(t, names), wd+"/", "")
			if *update {
				archive.Files = append(rest, txtar.File{Name: "want", Data: []byte(got)})
				if err := os.WriteFile(path, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
			} else if got != want {
				t.Errorf("got:\n%s\nwant:\n%s", got, want)
			}
		})
	}
}

func TestLoad(t *testing.T) {
	golden(t, "load", func(t *testing.T, names []string) string {
		files := Files{Self: Self{Address: "localhost:9090"}}
		for _, name := range names {
			switch filepath.Base(name) {
			case "prometheus.yml":
				files.Prometheus = name
			case "alertmanager.yml":
				files.Alertmanager = name
			}
		}
		c, err := Load(files)
		if err != nil {
			return err.Error() + "\n"
		}
		return describe(c)
	})
}

// describe tells of a configuration what the tests are about.
func describe(c *Config) string {
	var b strings.Builder
	b.WriteString("good\n")
	for _, w := range c.Warnings {
		fmt.Fprintln(&b, "warning:", w)
	}
	p := c.Prometheus
	fmt.Fprintln(&b, "rule_files:", p.RuleFiles)
	for _, f := range c.Rules {
		fmt.Fprintln(&b, "rules of:", f.Path)
	}
	fmt.Fprintln(&b, "logs:", p.GlobalConfig.QueryLogFile, p.GlobalConfig.ScrapeFailureLogFile)
	for _, s := range p.ScrapeConfigs {
		fmt.Fprintln(&b, "job:", s.JobName)
		if s.HTTPClientConfig.BasicAuth != nil {
			fmt.Fprintln(&b, "  password file:", s.HTTPClientConfig.BasicAuth.PasswordFile)
		}
	}
	fmt.Fprintln(&b, "templates:", c.Alertmanager.Templates)
	for _, r := range c.Alertmanager.Receivers {
		fmt.Fprintln(&b, "receiver:", r.Name)
		for _, w := range r.WebhookConfigs {
			describeClient(&b, w.HTTPConfig)
		}
		for _, i := range r.IncidentioConfigs {
			describeClient(&b, i.HTTPConfig)
		}
	}
	return b.String()
}

func describeClient(b *strings.Builder, c *commonconfig.HTTPClientConfig) {
	if c.BasicAuth != nil {
		fmt.Fprintln(b, "  password file:", c.BasicAuth.PasswordFile)
	}
	if c.TLSConfig.CAFile != "" {
		fmt.Fprintln(b, "  CA file:", c.TLSConfig.CAFile)
	}
}

func TestCheck(t *testing.T) {
	golden(t, "check", func(t *testing.T, names []string) string {
		var b strings.Builder
		for _, c := range Check(append(names, "missing.yml")...) {
			fmt.Fprintf(&b, "%s: %q %s\n", c.Path, c.Kind, c.Found)
			for _, w := range c.Warnings {
				fmt.Fprintln(&b, "  warning:", w)
			}
			if c.Err != nil {
				fmt.Fprintln(&b, "  "+strings.ReplaceAll(c.Err.Error(), "\n", "\n  "))
			}
		}
		return b.String()
	})
}

func TestMissingFiles(t *testing.T) {
	_, err := Load(Files{Prometheus: "no-prometheus.yml", Alertmanager: "no-alertmanager.yml"})
	if err == nil {
		t.Fatal("accepted files that are not there")
	}
	want := "no-prometheus.yml: no such file or directory\nno-alertmanager.yml: no such file or directory"
	if err.Error() != want {
		t.Errorf("got:\n%v\nwant:\n%v", err, want)
	}
	if _, ok := errors.AsType[document.Error](err); !ok {
		t.Errorf("got %T, want Errors", err)
	}
}

// The built-in configuration scrapes this process where it answers.
func TestBuiltinScrapesItself(t *testing.T) {
	tests := []struct {
		self     Self
		url      string
		insecure bool
	}{
		{Self{Address: "127.0.0.1:9090"}, "http://127.0.0.1:9090/metrics", false},
		{Self{Address: ":9090"}, "http://localhost:9090/metrics", false},
		{Self{Address: "0.0.0.0:80"}, "http://localhost:80/metrics", false},
		{Self{Address: "[::]:80"}, "http://localhost:80/metrics", false},
		{Self{Address: "[::1]:80"}, "http://[::1]:80/metrics", false},
		{Self{Address: "example.org:80", Prefix: "/cresset"}, "http://example.org:80/cresset/metrics", false},
		{Self{Address: "example.org:80", Prefix: "/"}, "http://example.org:80/metrics", false},
		{Self{Address: "[::]:443", Prefix: "/a/b/", TLS: true}, "https://localhost:443/a/b/metrics", true},
	}
	for _, test := range tests {
		c, err := Load(Files{Self: test.self})
		if err != nil {
			t.Fatalf("%+v: %v", test.self, err)
		}
		job := c.Prometheus.ScrapeConfigs[0]
		sd, ok := job.ServiceDiscoveryConfigs[0].(discovery.StaticConfig)
		if !ok {
			t.Fatalf("%+v: got %T, want static targets", test.self, job.ServiceDiscoveryConfigs[0])
		}
		if got := job.Scheme + "://" + string(sd[0].Targets[0]["__address__"]) + job.MetricsPath; got != test.url {
			t.Errorf("%+v: scrapes %q, want %q", test.self, got, test.url)
		}
		if got := job.HTTPClientConfig.TLSConfig.InsecureSkipVerify; got != test.insecure {
			t.Errorf("%+v: does not verify the certificate: %t, want %t", test.self, got, test.insecure)
		}
	}
}

func TestBuiltinNeedsAnAddress(t *testing.T) {
	if _, err := Load(Files{}); err == nil {
		t.Error("loaded a built-in configuration that scrapes no address")
	}
}

// The rules that watch Cresset itself look at metrics that it has.
func TestBuiltinRules(t *testing.T) {
	c, err := Load(Files{Self: Self{Address: "localhost:9090"}})
	if err != nil {
		t.Fatal(err)
	}
	known := []string{
		"up",
		"prometheus_rule_evaluation_failures_total",
		"prometheus_rule_group_iterations_missed_total",
		"alertmanager_notifications_failed_total",
		"prometheus_config_last_reload_successful",
	}
	var used []string
	for _, r := range c.Rules[0].Groups[0].Rules {
		for _, selector := range parser.ExtractSelectors(r.Expr) {
			for _, m := range selector {
				if m.Name == "__name__" {
					used = append(used, m.Value)
				}
			}
		}
	}
	slices.Sort(used)
	slices.Sort(known)
	if !slices.Equal(used, known) {
		t.Errorf("the built-in rules use %v, want %v", used, known)
	}
}
