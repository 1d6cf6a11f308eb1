package config

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// With lenient rules, what is wrong with rule files is a warning with the text
// that is an error otherwise. Whatever else is wrong stays an error.
func TestLenientRules(t *testing.T) {
	t.Chdir(t.TempDir())
	for name, content := range map[string]string{
		"prometheus.yml": "rule_files: ['*rules.yml']\n",
		"bad.yml":        "rule_files: ['*rules.yml']\nscrape_config: 1\n",
		"1rules.yml":     "groups:\n- name: a\n  rules:\n  - {record: r, expr: up}\n  - {record: s, expr: up +}\n",
		"2rules.yml":     "groups: [\n",
		"3rules.yml":     "groups:\n- name: a\n- name: a\n- name: b\n  rules: [{record: r, expr: up}, {record: r, expr: up}]\n",
	} {
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	strict, err := Load(Files{Prometheus: "prometheus.yml"})
	if strict != nil || err == nil {
		t.Fatalf("strictly: got %v and error %v, want an error", strict, err)
	}
	lenient, lenientErr := Load(Files{Prometheus: "prometheus.yml", LenientRules: true})
	if lenientErr != nil {
		t.Fatal(lenientErr)
	}
	for line := range strings.SplitSeq(err.Error(), "\n") {
		if !slices.Contains(lenient.Warnings, line) {
			t.Errorf("error %q is not among the warnings %q", line, lenient.Warnings)
		}
	}
	if got := len(strings.Split(err.Error(), "\n")); got != 3 {
		t.Errorf("got %d errors, want 3:\n%v", got, err)
	}
	if !slices.ContainsFunc(lenient.Warnings, func(w string) bool { return strings.HasPrefix(w, "3rules.yml:5:") }) {
		t.Errorf("no warning of the rule that is repeated: %q", lenient.Warnings)
	}
	if got := rulesIn(lenient.Rules...); len(lenient.Rules) != 3 || got != 3 {
		t.Errorf("got %d files with %d rules, want 3 with 3", len(lenient.Rules), got)
	}
	if broken := lenient.Rules[1]; broken.Path != "2rules.yml" || broken.Broken == nil {
		t.Errorf("got %+v, want 2rules.yml to be broken", broken)
	}

	if _, err := Load(Files{Prometheus: "bad.yml", LenientRules: true}); err == nil {
		t.Error("a bad prometheus.yml was accepted")
	}
}
