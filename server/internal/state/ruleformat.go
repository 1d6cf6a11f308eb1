package state

import (
	"encoding/base64"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/cresset-metrics/cresset/server/internal/rule"
)

// savedRuleAlert is a rule.Change as it stands in the file.
type savedRuleAlert struct {
	File            string       `json:"file"`
	Group           string       `json:"group"`
	Rule            string       `json:"rule"`
	Labels          labelList    `json:"labels"`
	State           rule.State   `json:"state"`
	Element         labelList    `json:"element,omitempty"`
	Annotations     labelList    `json:"annotations,omitempty"`
	Value           decimalFloat `json:"value"`
	ActiveAt        time.Time    `json:"activeAt,omitzero"`
	FiredAt         time.Time    `json:"firedAt,omitzero"`
	ResolvedAt      time.Time    `json:"resolvedAt,omitzero"`
	LastSentAt      time.Time    `json:"lastSentAt,omitzero"`
	KeepFiringSince time.Time    `json:"keepFiringSince,omitzero"`
}

func saveRuleAlert(c *rule.Change) *savedRuleAlert {
	return &savedRuleAlert{
		File:            text(c.File),
		Group:           text(c.Group),
		Rule:            text(c.Rule),
		Labels:          listLabels(c.Labels),
		State:           c.State,
		Element:         listLabels(c.Element),
		Annotations:     listLabels(c.Annotations),
		Value:           decimalFloat(c.Value),
		ActiveAt:        c.ActiveAt,
		FiredAt:         c.FiredAt,
		ResolvedAt:      c.ResolvedAt,
		LastSentAt:      c.LastSentAt,
		KeepFiringSince: c.KeepFiringSince,
	}
}

func (s *savedRuleAlert) change() *rule.Change {
	return &rule.Change{
		File:            untext(s.File),
		Group:           untext(s.Group),
		Rule:            untext(s.Rule),
		Labels:          s.Labels.labels(),
		State:           s.State,
		Element:         s.Element.labels(),
		Annotations:     s.Annotations.labels(),
		Value:           float64(s.Value),
		ActiveAt:        s.ActiveAt,
		FiredAt:         s.FiredAt,
		ResolvedAt:      s.ResolvedAt,
		LastSentAt:      s.LastSentAt,
		KeepFiringSince: s.KeepFiringSince,
	}
}

// encoded is how a text begins that stands in base64.
const encoded = "base64:"

// text returns a string of any bytes as one of UTF-8, which JSON's have to be.
func text(s string) string {
	if utf8.ValidString(s) && !strings.HasPrefix(s, encoded) {
		return s
	}
	return encoded + base64.StdEncoding.EncodeToString([]byte(s))
}

// untext is the reverse of text. What text would not return is taken as it is.
func untext(s string) string {
	rest, ok := strings.CutPrefix(s, encoded)
	if !ok {
		return s
	}
	decoded, err := base64.StdEncoding.DecodeString(rest)
	if err != nil {
		return s
	}
	return string(decoded)
}

// labelList is labels in their order: names and values.
type labelList [][2]string

func listLabels(ls labels.Labels) labelList {
	list := make(labelList, 0, ls.Len())
	ls.Range(func(l labels.Label) { list = append(list, [2]string{text(l.Name), text(l.Value)}) })
	return list
}

func (list labelList) labels() labels.Labels {
	b := labels.NewScratchBuilder(len(list))
	for _, l := range list {
		b.Add(untext(l[0]), untext(l[1]))
	}
	return b.Labels()
}

// decimalFloat is a number that may also be infinite or none, for which JSON has
// no numbers: a string, therefore.
type decimalFloat float64

func (f decimalFloat) MarshalText() ([]byte, error) {
	return strconv.AppendFloat(nil, float64(f), 'g', -1, 64), nil
}

func (f *decimalFloat) UnmarshalText(text []byte) error {
	v, err := strconv.ParseFloat(string(text), 64)
	*f = decimalFloat(v)
	return err
}
