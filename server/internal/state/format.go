package state

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/prometheus/common/model"

	"github.com/cresset-metrics/cresset/server/internal/alert"
	"github.com/cresset-metrics/cresset/server/internal/dispatch"
	"github.com/cresset-metrics/cresset/server/internal/mute/silence"
	"github.com/cresset-metrics/cresset/server/internal/notify"
	"github.com/cresset-metrics/cresset/server/internal/rule"
)

// The file is text. Its first line is the magic word, the version of the format,
// and the SHA-256 of all lines after it, which are one JSON object each: first when
// it was saved, then the rest, sorted. So a file that was cut off, changed or made by
// something else is found out, and the same state is always the same bytes but for
// the time.
const (
	magic   = "cresset-state"
	version = 1
)

// contents are what is in a file.
type contents struct {
	savedAt  time.Time
	alerts   []*alert.Alert
	groups   []dispatch.GroupChange
	silences []*silence.Silence
	notified []notify.Record
	rules    []*rule.Change // what became of the alerts of rules
}

type checksum [sha256.Size]byte

func checksumOf(content []byte) checksum { return sha256.Sum256(content) }

// line has exactly one of its fields.
type line struct {
	SavedAt   *time.Time      `json:"savedAt,omitempty"`
	Alert     *savedAlert     `json:"alert,omitempty"`
	Group     *savedGroup     `json:"group,omitempty"`
	Silence   *savedSilence   `json:"silence,omitempty"`
	Notified  *savedNotified  `json:"notified,omitempty"`
	RuleAlert *savedRuleAlert `json:"ruleAlert,omitempty"`
}

// labelMap is a model.LabelSet whose names are not checked again when it is read.
type labelMap map[model.LabelName]model.LabelValue

type savedAlert struct {
	Labels       labelMap  `json:"labels"`
	Annotations  labelMap  `json:"annotations,omitempty"`
	StartsAt     time.Time `json:"startsAt"`
	EndsAt       time.Time `json:"endsAt"`
	UpdatedAt    time.Time `json:"updatedAt"`
	GeneratorURL string    `json:"generatorURL,omitempty"`
	Timeout      bool      `json:"timeout,omitempty"` // EndsAt is ours, not the client's
}

type savedNotified struct {
	GroupKey    string             `json:"groupKey"`
	Receiver    string             `json:"receiver"`
	Integration string             `json:"integration"`
	Index       int                `json:"index"`
	Firing      []uint64           `json:"firing,omitempty"`
	Resolved    []uint64           `json:"resolved,omitempty"`
	Muted       []uint64           `json:"muted,omitempty"`
	At          time.Time          `json:"at"`
	ExpiresAt   time.Time          `json:"expiresAt"`
	Strings     map[string]string  `json:"strings,omitempty"` // what the integration keeps, by type
	Integers    map[string]int64   `json:"integers,omitempty"`
	Floats      map[string]float64 `json:"floats,omitempty"`
}

// body returns the lines after those that say what the file is and when it was saved.
// What cannot be written is left out and logged: it must not be in the way of all
// the rest.
func (k *Keeper) body(c contents) []byte {
	lines := make([][]byte, 0, len(c.alerts)+len(c.groups)+len(c.silences)+len(c.notified)+len(c.rules))
	add := func(l line) {
		text, err := json.Marshal(l)
		if err != nil {
			k.o.Logger.Error("Left out of the saved state", "alert", l.Alert, "group", l.Group, "silence", l.Silence, "notified", l.Notified, "rule_alert", l.RuleAlert, "err", err)
			return
		}
		lines = append(lines, append(text, '\n'))
	}
	for _, a := range c.alerts {
		add(line{Alert: saveAlert(a)})
	}
	for _, g := range c.groups {
		add(line{Group: saveGroup(g)})
	}
	for _, s := range c.silences {
		add(line{Silence: saveSilence(s)})
	}
	for _, r := range c.notified {
		add(line{Notified: saveNotified(r)})
	}
	for _, r := range c.rules {
		add(line{RuleAlert: saveRuleAlert(r)})
	}
	slices.SortFunc(lines, bytes.Compare)
	return bytes.Join(lines, nil)
}

// seal makes a body the content of a file.
func seal(savedAt time.Time, body []byte) []byte {
	// A time that the clock can tell can be written.
	first, _ := json.Marshal(line{SavedAt: &savedAt})
	body = slices.Concat(first, []byte("\n"), body)
	return append(fmt.Appendf(nil, "%s %d %x\n", magic, version, checksumOf(body)), body...)
}

// decode returns what the content of a file says.
func decode(content []byte) (contents, error) {
	body, err := checkHead(content)
	if err != nil {
		return contents{}, err
	}
	var c contents
	number := 1
	for text := range bytes.Lines(body) {
		number++
		var l line
		err := json.Unmarshal(text, &l)
		if err == nil {
			err = c.take(l)
		}
		if err != nil {
			return contents{}, fmt.Errorf("line %d: %w", number, err)
		}
	}
	return c, nil
}

func (c *contents) take(l line) error {
	switch {
	case l.SavedAt != nil:
		c.savedAt = *l.SavedAt
	case l.Alert != nil:
		c.alerts = append(c.alerts, l.Alert.alert())
	case l.Group != nil:
		c.groups = append(c.groups, l.Group.change())
	case l.Silence != nil:
		s, err := l.Silence.silence()
		if err != nil {
			return err
		}
		c.silences = append(c.silences, s)
	case l.Notified != nil:
		c.notified = append(c.notified, l.Notified.record())
	case l.RuleAlert != nil:
		c.rules = append(c.rules, l.RuleAlert.change())
	default:
		return errors.New("neither a time nor an alert nor a group nor a silence nor a notification nor an alert of a rule")
	}
	return nil
}

// forgetExpired removes what the parts would not take any more: nobody would ever say
// that it is gone.
func (c *contents) forgetExpired(now time.Time) {
	c.silences = slices.DeleteFunc(c.silences, func(s *silence.Silence) bool { return !s.ExpiresAt.IsZero() && s.ExpiresAt.Before(now) })
	c.notified = slices.DeleteFunc(c.notified, func(r notify.Record) bool { return r.Entry.ExpiresAt.Before(now) })
}

// checkHead returns what follows the first line, if that vouches for it.
func checkHead(content []byte) ([]byte, error) {
	head, body, _ := bytes.Cut(content, []byte("\n"))
	words := bytes.Split(head, []byte(" "))
	if string(words[0]) != magic || len(words) < 2 {
		return nil, fmt.Errorf("its first line does not begin with %q and a version: it is cut off, or was not written by this server", magic)
	}
	if got := string(words[1]); got != strconv.Itoa(version) {
		return nil, fmt.Errorf("it has version %q, this server reads version %d: another version of the server wrote it", got, version)
	}
	sum := checksumOf(body)
	if len(words) != 3 || string(words[2]) != hex.EncodeToString(sum[:]) {
		return nil, errors.New("its checksum is wrong: it is cut off or was changed")
	}
	return body, nil
}

// The first and the last instant that JSON can tell.
var (
	firstWritable = time.Date(0, time.January, 1, 0, 0, 0, 0, time.UTC)
	lastWritable  = time.Date(9999, time.December, 31, 23, 59, 59, 999999999, time.UTC)
)

// writable returns the instant next to t that can be written: clients give times
// like the end of the year 9999 for "never", and others are reckoned from these.
func writable(t time.Time) time.Time {
	if t.Before(firstWritable) {
		return firstWritable
	}
	if t.After(lastWritable) {
		return lastWritable
	}
	if y := t.Year(); y < 0 || y > 9999 { // by the clocks of its own zone alone
		return t.UTC()
	}
	return t
}

func saveAlert(a *alert.Alert) *savedAlert {
	return &savedAlert{
		Labels:       labelMap(a.Labels),
		Annotations:  labelMap(a.Annotations),
		StartsAt:     writable(a.StartsAt),
		EndsAt:       writable(a.EndsAt),
		UpdatedAt:    a.UpdatedAt,
		GeneratorURL: a.GeneratorURL,
		Timeout:      a.Timeout,
	}
}

func (s *savedAlert) alert() *alert.Alert {
	return &alert.Alert{
		Alert: model.Alert{
			Labels:       model.LabelSet(s.Labels),
			Annotations:  model.LabelSet(s.Annotations),
			StartsAt:     s.StartsAt,
			EndsAt:       s.EndsAt,
			GeneratorURL: s.GeneratorURL,
		},
		UpdatedAt: s.UpdatedAt,
		Timeout:   s.Timeout,
	}
}

func saveNotified(r notify.Record) *savedNotified {
	return &savedNotified{
		GroupKey:    r.Key.GroupKey,
		Receiver:    r.Key.Receiver,
		Integration: r.Key.Integration,
		Index:       r.Key.Index,
		Firing:      r.Entry.Firing,
		Resolved:    r.Entry.Resolved,
		Muted:       r.Entry.Muted,
		At:          r.Entry.At,
		ExpiresAt:   r.Entry.ExpiresAt,
		Strings:     r.Entry.Data.Strings,
		Integers:    r.Entry.Data.Integers,
		Floats:      r.Entry.Data.Floats,
	}
}

func (s *savedNotified) record() notify.Record {
	return notify.Record{
		Key: notify.Key{GroupKey: s.GroupKey, Receiver: s.Receiver, Integration: s.Integration, Index: s.Index},
		Entry: notify.Entry{
			Firing:    s.Firing,
			Resolved:  s.Resolved,
			Muted:     s.Muted,
			At:        s.At,
			ExpiresAt: s.ExpiresAt,
			Data:      notify.Data{Strings: s.Strings, Integers: s.Integers, Floats: s.Floats},
		},
	}
}
