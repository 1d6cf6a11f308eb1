package pushgateway

import (
	"encoding/base64"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/cresset-metrics/cresset/internal/exposition"
)

// base64Mark, at the end of a label name in a path, says that the value after
// it is in base64.
const base64Mark = "@base64"

// BaseURL returns what the addresses of all groups of a Pushgateway begin with.
// A URL without a scheme is taken for http.
func BaseURL(url string) string {
	if !strings.Contains(url, "://") {
		url = "http://" + url
	}
	return strings.TrimSuffix(url, "/")
}

// address returns the URL of the group: the job, and after it the grouping
// labels by name, each with its value.
func (g *Group) address() string {
	path := g.Base + "/metrics" + pathOf("job", g.Job)
	for _, name := range slices.Sorted(maps.Keys(g.Labels)) {
		path += pathOf(pathName(name), g.Labels[name])
	}
	return path
}

// pathOf returns the two elements of a path that stand for a label. Values that
// would be no element of their own go in base64; all others are escaped as in a
// query, where a space is a plus sign. Pushgateways do not turn that into a
// space again, but the groups that exist are known by these paths.
func pathOf(name, value string) string {
	switch {
	case value == "":
		return "/" + name + base64Mark + "/="
	case value == "." || value == ".." || strings.Contains(value, "/"):
		return "/" + name + base64Mark + "/" + base64.RawURLEncoding.EncodeToString([]byte(value))
	default:
		return "/" + name + "/" + url.QueryEscape(value)
	}
}

// pathName returns a label name as an element of a path. One that would not be
// an element, or would be taken for one with a mark, is given in the escaping
// that Pushgateways know which take such names.
func pathName(name string) string {
	if name == "." || name == ".." || strings.Contains(name, "/") || strings.HasSuffix(name, base64Mark) {
		return exposition.EscapeName(name, exposition.Values)
	}
	return url.PathEscape(name)
}
