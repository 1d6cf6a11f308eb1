package differential_test

import (
	"strings"
	"testing"
	"testing/synctest"

	"pgregory.net/rapid"
)

// With both settings, whoever was told that an alert fires is told that it has ended,
// whatever mutes it then and whatever is loaded meanwhile, and is not told so twice.
func TestEveryEndIsToldOnce(t *testing.T) {
	ends := 0
	rapid.Check(t, func(rt *rapid.T) {
		g := &generator{T: rt, silences: true, works: true, anew: rapid.Bool().Draw(rt, "reloads")}
		p := g.program()
		p.with = []string{resolvedWhileMuted, exactRepeatInterval}
		told := p.alone(t, "")
		n, complaints := checkEnds(told)
		ends += n
		if len(complaints) > 0 {
			rt.Fatalf("%s\ntold\n%s\n%s", strings.Join(complaints, "\n"), strings.Join(shown(told, delivery.String), "\n"), p)
		}
	})
	if ends == 0 {
		t.Error("nobody was told that anything ended")
	}
}

// alone puts our pipeline through a program. The folder is for what survives restarts.
func (p *program) alone(t *testing.T, dir string) (told []delivery) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		us := newOurs(t, p.options(t), dir)
		if err := us.reload(load(t, p.config)); err != nil {
			t.Fatal(err)
		}
		p.play(t, []side{us})
		us.stop()
		told = us.recorder.until(p.lasts)
	})
	return told
}

// checkEnds looks at what each integration that wants to know it was told of each
// alert in each group, and returns how many ends there were. One that nobody was told
// to fire may be told to have ended: it came and went between two looks.
func checkEnds(told []delivery) (ends int, complaints []string) {
	fires := make(map[string]bool)
	ended := make(map[string]bool) // with the times of the alert
	for _, d := range told {
		if strings.HasPrefix(d.receiver, "quiet/") || d.receiver == "both/1" {
			continue
		}
		where := d.receiver + " " + d.key + " "
		for i, alert := range d.alerts {
			name, over := strings.CutPrefix(alert, "-")
			fires[where+name] = !over
			if !over {
				continue
			}
			ends++
			if ended[where+d.spans[i]] {
				complaints = append(complaints, "its end was told twice: "+d.withSpans())
			}
			ended[where+d.spans[i]] = true
		}
	}
	for alert, fire := range fires {
		if fire {
			complaints = append(complaints, "its end was not told: "+alert)
		}
	}
	return ends, complaints
}
