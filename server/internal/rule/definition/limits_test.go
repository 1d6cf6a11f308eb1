package definition

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// Whatever a file holds, it is refused or read, in memory that is bounded and in
// time that nobody notices; a test that hangs ends with the time of all tests.
func TestHostileFiles(t *testing.T) {
	const head = "groups:\n- name: a\n  rules:\n  - alert: A\n    expr: "
	bomb := func(first, each string) string {
		var b strings.Builder
		fmt.Fprintf(&b, "b0: &b0 %s\n", first)
		for i := 1; i <= 12; i++ {
			fmt.Fprintf(&b, "b%d: &b%d %s\n", i, i, strings.ReplaceAll(each, "*", fmt.Sprintf("*b%d", i-1)))
		}
		return b.String()
	}
	ten := "[" + strings.Repeat("*, ", 9) + "*]"
	many := func(what string, n int) string { return strings.Repeat(what, n) }
	var keys strings.Builder
	for i := range 100_000 {
		fmt.Fprintf(&keys, "      k%d: v\n", i)
	}
	var chain strings.Builder
	for i := 1; i < 20_000; i++ {
		fmt.Fprintf(&chain, "- &a%d {<<: *a%d}\n", i, i-1)
	}
	tests := []struct {
		name, content string
		want          string // part of the error; "" if there is none
	}{
		{"a large file", head + "up\n" + many("# nothing\n", 1<<20), "r.yml:1: the file has more than 8 MiB; divide it"},
		{"a bomb in an unknown field", bomb("[x]", ten) + head + "up\n", "r.yml:1:1: unknown field b0 in a rule file"},
		{"a bomb in an ignored field", bomb("[x]", ten) + head + "up\n", ""},
		{"a long chain of merges that is ignored", "a:\n- &a0 {name: x}\n" + chain.String() + head + "up\n", ""},
		{"a bomb of groups", bomb("{name: x}", ten) + "groups: *b12\n", "excessive aliasing"},
		{"a bomb of rules", bomb("{record: r, expr: up}", ten) + "groups: [{name: a, rules: *b12}]\n", "excessive aliasing"},
		{"a bomb of rules behind a bad duration", "groups:\n- {name: a, interval: bad, rules: *b12}\n" + bomb("{record: r, expr: up}", ten), "unknown anchor 'b12' referenced"},
		{"a bomb behind a bad duration", bomb("{record: r, expr: up}", ten) + "groups: [{name: a, interval: bad, rules: *b12}]\n", "excessive aliasing"},
		{"a bomb of merges", bomb("{x: y}", "{<<: "+ten+"}") + "groups: [{name: a, rules: [{record: r, expr: up, labels: *b12}]}]\n", "excessive aliasing"},
		{"a long chain of merges, ignored fields between", "a:\n- &a0 {name: x}\n" + chain.String() + "groups:\n- {<<: *a19999}\n", "aliases within each other make it 20003 levels deep; at most 10000 are allowed"},
		{"a million levels of brackets", head + many("(", 1_000_000) + "up" + many(")", 1_000_000) + "\n", `r.yml:5:11: group "a", rule 1, "A": could not parse expression: the expression has 2000002 bytes; at most 262144 are allowed`},
		{"many levels of brackets", head + many("(", 100_000) + "up" + many(")", 100_000) + "\n", "nested 100000 levels deep; at most 1000 are allowed"},
		{"many levels of lists", "groups: " + many("[", 1_000_000), "exceeded max depth"},
		{"many levels of mappings", "groups: " + many("{a: ", 1_000_000), "exceeded max depth"},
		{"many levels of indentation", many("- ", 1_000_000), "exceeded max depth"},
		{"a long template", head + "up\n    annotations: {a: '" + many("{{if 1}}", 1_000_000) + "'}\n", "annotation \"a\": the template has 8000000 bytes; at most 262144 are allowed"},
		{"many levels of blocks", head + "up\n    annotations: {a: '" + many("{{if 1}}", 32_000) + "'}\n", "unexpected EOF"},
		{"many labels", head + "up\n    labels:\n" + keys.String(), "r.yml:7:7: a mapping of 100000 keys; at most 1000 are allowed"},
		{"Latin-1", head + "up\n    annotations:\n      s: un caf\xe9 fort\n", "r.yml:7:16: byte 0xe9: invalid trailing UTF-8 octet; save the file as UTF-8"},
		{"a control character", head + "up\x01\n", "r.yml:5:13: byte 0x01: control characters are not allowed; save the file as UTF-8"},
		{"NUL bytes", many("\x00", 1<<20), "r.yml:1:1: byte 0x00: control characters are not allowed; save the file as UTF-8"},
		{"40,000 bad rules", "groups:\n- name: a\n  rules:\n" + many("  - {record: r}\n", 40_000), "r.yml:1: there are more than 10000 errors; the rest of the file was not looked at"},
		{"many groups that are none", "groups: [" + many("a,", 1<<16) + "]", "there are more than 10000 errors"},
		{"many groups without anything", "groups: [" + many("{},", 1<<16) + "]", "there are more than 10000 errors"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			begin := time.Now()
			for _, lenient := range []bool{false, true} {
				o := Options{Lenient: lenient, IgnoreUnknownFields: strings.Contains(test.name, "ignored")}
				_, _, err := Parse("r.yml", []byte(test.content), o)
				switch {
				case err == nil && test.want != "":
					t.Errorf("the file was accepted, want an error with %q", test.want)
				case err != nil && (test.want == "" || !strings.Contains(err.Error(), test.want)):
					t.Errorf("got error %.300v, want one with %q", err, test.want)
				}
			}
			runtime.ReadMemStats(&after)
			if got := after.TotalAlloc - before.TotalAlloc; got > 4<<30 {
				t.Errorf("allocated %d MiB", got>>20)
			}
			t.Logf("%v, %d MiB allocated", time.Since(begin).Round(time.Millisecond), (after.TotalAlloc-before.TotalAlloc)>>20)
		})
	}
}

// A file without end is read up to the limit only.
func TestLoadEndlessFile(t *testing.T) {
	if _, err := os.Stat("/dev/zero"); err != nil {
		t.Skip("this system has no /dev/zero")
	}
	_, _, err := Load("/dev/zero", Options{})
	if err == nil || err.Error() != "/dev/zero:1: the file has more than 8 MiB; divide it" {
		t.Errorf("got error %v", err)
	}
}

func TestLoadWhatIsNoFile(t *testing.T) {
	dir := t.TempDir()
	for path, want := range map[string]string{
		dir:                             dir + ": is a directory",
		filepath.Join(dir, "missing"):   filepath.Join(dir, "missing") + ": no such file or directory",
		filepath.Join(dir, "a\x00name"): filepath.Join(dir, "a\x00name") + ": invalid argument",
	} {
		f, _, err := Load(path, Options{})
		if f != nil || err == nil || err.Error() != want {
			t.Errorf("got file %v and error %q, want error %q", f, err, want)
		}
		f, _, err = Load(path, Options{Lenient: true})
		if f == nil || f.Path != path || f.Broken == nil || err == nil {
			t.Errorf("leniently: got file %+v and error %v", f, err)
		}
	}
}

// UTF-16, which YAML allows, is read as Prometheus reads it.
func TestUTF16(t *testing.T) {
	content := bytes.NewBuffer([]byte{0xff, 0xfe})
	for _, c := range "groups:\n- name: é\n" {
		content.Write([]byte{byte(c), byte(c >> 8)})
	}
	f, _, err := Parse("r.yml", content.Bytes(), Options{})
	if err != nil || f.Groups[0].Name != "é" {
		t.Errorf("got %+v and error %v", f, err)
	}
}
