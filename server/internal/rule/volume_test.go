package rule

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/cresset-metrics/cresset/server/internal/rule/definition"
)

// Whatever a template makes of how little, it ends soon, and with an error.
func TestTemplatesThatFillTheMemory(t *testing.T) {
	nested := func(open, inner, end string, n int) string {
		return strings.Repeat(open, n) + inner + strings.Repeat(end, n)
	}
	many := strings.Repeat("%[1]s", 1000)
	for _, text := range []string{
		`{{ $x := "twice as long" }}{{ range 60 }}{{ $x = printf "%s%s" $x $x }}{{ end }}`,
		`{{ $x := "twice as long" }}{{ range 60 }}{{ $x = print $x $x }}{{ end }}`,
		`{{ $x := "twice as long" }}{{ range 60 }}{{ $x = println $x $x }}{{ end }}`,
		`{{ $x := "twice as long" }}` + strings.Repeat(`{{ $x = print $x $x }}`, 60),
		`{{ with print "` + strings.Repeat("long", 2000) + `" }}` + nested(`{{ with print . . . . . . . . }}`, "", `{{ end }}`, 20) + `{{ end }}`,
		`{{ ` + nested(`printf "`+many+`" (`, `"x"`, `)`, 6) + ` }}`,
		`{{ ` + nested("js (", `"\\"`, ")", 60) + ` }}`,
		`{{ ` + nested("printf `%q` (", `"\\"`, ")", 60) + ` }}`,
		`{{ ` + nested("reReplaceAll `a` `"+strings.Repeat("a", 1000)+"` (", `"a"`, ")", 6) + ` }}`,
		`{{ ` + nested("reReplaceAll `(.*)` `$1$1` (", `"a"`, ")", 60) + ` }}`,
		`{{ ` + nested("html (", `"`+strings.Repeat("&", 1<<16)+`"`, ")", 200) + ` }}`,
		`{{ $x := "a" }}{{ range 100000 }}{{ $x = tableLink $x }}{{ end }}`,
		`{{ $x := "a" }}{{ range 100000 }}{{ $x = graphLink $x }}{{ end }}`,
		`{{ $x := "` + strings.Repeat("%", 1000) + `" }}{{ range 100000 }}{{ $x = urlQueryEscape $x }}{{ end }}`,
		`{{ range 100000 }}{{ printf "%1000000d" 1 }}{{ end }}`,
		`{{ printf "` + strings.Repeat("%999999d", 100) + `" 1 }}`,
		`{{ printf "` + strings.Repeat("%[1]*[1]d", 100) + `" 999999 }}`,
		`{{ $x := printf "%1000000d" 1 }}{{ range 100000 }}{{ $x }}{{ end }}`,
		`{{ $x := printf "%1000000d" 1 }}` + strings.Repeat(`{{ $x }}`, 20_000),
		`{{ with printf "%1000000d" 1 }}` + strings.Repeat(`{{ . }}`, 20_000) + `{{ end }}`,
		`{{ define "x" }}{{ . }}{{ . }}{{ end }}{{ with printf "%1000000d" 1 }}` + strings.Repeat(`{{ template "x" . }}`, 20_000) + `{{ end }}`,
	} {
		source := bounded(definition.TemplatePrelude + text)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		start := time.Now()
		got, err := expand(context.Background(), source, true)
		runtime.ReadMemStats(&after)
		if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("the template makes more than %d bytes of text", maxVolume)) {
			t.Errorf("%.80s: got %d bytes and error %v, want that it makes too much", text, len(got), err)
		}
		if made := after.TotalAlloc - before.TotalAlloc; made > 50*maxVolume {
			t.Errorf("%.80s: %d MiB were allocated", text, made>>20)
		}
		if took := time.Since(start); took > 10*time.Second {
			t.Errorf("%.80s: took %v", text, took)
		}
	}
}

// What is replaced does what it did.
func TestFunctionsThatAreReplacedSayTheSame(t *testing.T) {
	for _, text := range []string{
		`{{ print 1 "a" 2 3 nil true }} {{ println "a" 1 }}{{ printf "%5.2f|%-5s|%q|%v|%%|%x" 1.234 "a" "b\n" $labels "é" }}`,
		`{{ printf "%[2]*[1]d|%d" 12 6 }} {{ printf "none" 1 2 }} {{ printf "%d %d" 1 }} {{ printf "" }} {{ print }}`,
		`{{ html "<a href='x'>&\"\u0000" 1 }} {{ js "it's <b> \\ é\n" }} {{ urlquery "a b&c/é" 1 }}`,
		`{{ "<b>" | safeHtml | html }} {{ safeHtml "<b>" }} {{ safeHtml "<b>" | printf "%s" | len }}`,
		`{{ reReplaceAll "(a)(b)?" "<$2$1${1}x$$>" "aab cab" }} {{ reReplaceAll "" "-" "abc" }} {{ "x.y" | reReplaceAll "\\." "" }}`,
		`{{ reReplaceAll "(" "" "a" }}`,
		`{{ printf 1 }}`,
		`{{ $x := 1 }}{{ $x }}{{ $y := query "up" }}{{ range $y }}{{ . }}{{ .Value }}{{ end }}{{ $labels }} {{ .Labels.none }} {{ $externalLabels.none }}`,
		`{{ $d := toDuration 90 }}{{ $d }} {{ $t := toTime 0.0 }}{{ $t }} {{ $t.Year }} {{ define "x" }}{{ . }}{{ end }}{{ template "x" nil }}{{ template "x" }}`,
		`{{ $x := 3.0 }}{{ $x | humanize }} {{ $x | printf "%v" | toUpper }} {{ $none := $labels.none }}{{ $none }}{{ with $labels.job }}{{ . }}{{ end }}`,
	} {
		source := definition.TemplatePrelude + text
		want, wantErr := expand(context.Background(), source, false)
		got, err := expand(context.Background(), bounded(source), true)
		if got != want || (err == nil) != (wantErr == nil) {
			t.Errorf("%s:\ngot  %q, %v\nwant %q, %v", text, got, err, want, wantErr)
		}
	}
}
