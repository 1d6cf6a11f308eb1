package promhttp

import (
	"slices"
	"strconv"
	"strings"
)

// unknown is the value of labels for what nobody foresaw.
const unknown = "unknown"

// codes are the status codes from 100 to 599, one after the other, so that label
// values are parts of it.
var codes = func() string {
	var digits []byte
	for code := 100; code <= 599; code++ {
		digits = strconv.AppendInt(digits, int64(code), 10)
	}
	return string(digits)
}()

// codeLabel returns the label value of a status code. Where nobody set it, net/http
// sends 200.
func codeLabel(code int) string {
	switch {
	case code == 0:
		return "200"
	case code < 100 || code > 599:
		return unknown
	}
	at := 3 * (code - 100)
	return codes[at : at+3]
}

// methods knows the label values of methods.
type methods struct {
	labels map[string]string // by method, in the spellings that are to be expected
	extra  []string          // those that may be spelled in any way
}

func methodsWith(extra []string) methods {
	m := methods{labels: make(map[string]string), extra: extra}
	for _, method := range slices.Concat(
		[]string{"get", "put", "head", "post", "delete", "connect", "options", "notify", "trace", "patch"}, extra,
	) {
		label := strings.ToLower(method)
		m.labels[label], m.labels[strings.ToUpper(method)] = label, label
	}
	return m
}

func (m methods) label(method string) string {
	if label, ok := m.labels[method]; ok {
		return label
	}
	for _, extra := range m.extra {
		if strings.EqualFold(extra, method) {
			return strings.ToLower(extra)
		}
	}
	return unknown
}
