package testutil_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	dto "github.com/prometheus/client_model/go"

	"github.com/cresset-metrics/cresset/prometheus"
	"github.com/cresset-metrics/cresset/prometheus/promhttp"
	"github.com/cresset-metrics/cresset/prometheus/testutil"
)

const booksText = `# HELP shelf_books Books on the shelf.
# TYPE shelf_books gauge
shelf_books{author="Borges"} 1
shelf_books{author="Woolf"} 3
`

// comparing is one case of every function that compares.
type comparing struct {
	name     string
	expected string
	names    []string
	want     string // the error
}

var comparisons = []comparing{
	{"the same", booksText, nil, ""},
	{"order and blanks", `

		# TYPE shelf_books gauge
		shelf_books{ author = "Woolf" }   3
		shelf_books{author="Borges",} 1.0
		# HELP shelf_books Books on the shelf.
	`, nil, ""},
	{"of one name", booksText + "other 1\n", []string{"shelf_books"}, ""},
	{"of a name that nobody has", "shelf_books 1\n", []string{"another"}, ""},
	{"no names", "", []string{}, `-# HELP shelf_books Books on the shelf.
-# TYPE shelf_books gauge
-shelf_books{author="Borges"} 1
-shelf_books{author="Woolf"} 3
 `},
	{"another value", strings.ReplaceAll(booksText, "3", "4"), nil, ` # HELP shelf_books Books on the shelf.
 # TYPE shelf_books gauge
 shelf_books{author="Borges"} 1
-shelf_books{author="Woolf"} 3
+shelf_books{author="Woolf"} 4
 `},
	{"another type", strings.ReplaceAll(booksText, "gauge", "counter"), nil, ` # HELP shelf_books Books on the shelf.
-# TYPE shelf_books gauge
+# TYPE shelf_books counter
 shelf_books{author="Borges"} 1
 shelf_books{author="Woolf"} 3
 `},
	{"more is expected", booksText + "other 1\n", nil, `+# HELP other 
+# TYPE other untyped
+other 1
 # HELP shelf_books Books on the shelf.
 # TYPE shelf_books gauge
 shelf_books{author="Borges"} 1
 shelf_books{author="Woolf"} 3
 `},
	{"less is expected", booksText, []string{"shelf_books", "other"}, ""},
	{"what is expected cannot be read", "shelf_books{", nil,
		"converting reader to metric families failed: text format parsing error in line 1: unexpected end of input stream"},
}

func TestCompare(t *testing.T) {
	reg := prometheus.NewRegistry()
	reg.MustRegister(books())
	server := httptest.NewServer(promhttp.HandlerFor(reg, promhttp.HandlerOpts{}))
	defer server.Close()
	for _, tt := range comparisons {
		t.Run(tt.name, func(t *testing.T) {
			expected := func() *strings.Reader { return strings.NewReader(tt.expected) }
			wantError(t, "CollectAndCompare", testutil.CollectAndCompare(books(), expected(), tt.names...), tt.want)
			wantError(t, "GatherAndCompare", testutil.GatherAndCompare(reg, expected(), tt.names...), tt.want)
			wantError(t, "ScrapeAndCompare", testutil.ScrapeAndCompare(server.URL, expected(), tt.names...), tt.want)
			g := &transaction{families: reg.MustGather()}
			wantError(t, "TransactionalGatherAndCompare", testutil.TransactionalGatherAndCompare(g, expected(), tt.names...), tt.want)
			if g.done != 1 {
				t.Errorf("got %d calls of done, want 1", g.done)
			}
		})
	}
}

// transaction counts how often it is told that its families are not needed any
// more.
type transaction struct {
	families []*dto.MetricFamily
	err      error
	done     int
}

func (g *transaction) Gather() ([]*dto.MetricFamily, func(), error) {
	return g.families, func() { g.done++ }, g.err
}

func TestCompareErrors(t *testing.T) {
	nothing := func() *strings.Reader { return strings.NewReader("") }
	wantError(t, "CollectAndCompare", testutil.CollectAndCompare(invalid, nothing()), invalidError)
	wantError(t, "GatherAndCompare", testutil.GatherAndCompare(broken, nothing()), "gathering metrics failed: rusty")
	g := &transaction{err: errRusty}
	wantError(t, "TransactionalGatherAndCompare", testutil.TransactionalGatherAndCompare(g, nothing()), "gathering metrics failed: rusty")
	if g.done != 1 {
		t.Errorf("got %d calls of done after an error, want 1", g.done)
	}
	empty := &transaction{families: []*dto.MetricFamily{{Name: new("x"), Help: new("X.")}}}
	wantError(t, "a family without metrics", testutil.TransactionalGatherAndCompare(empty, nothing()),
		"encoding gathered metrics failed: MetricFamily has no metrics: "+empty.families[0].String())
}

func TestScrapeErrors(t *testing.T) {
	body := "x 1\n"
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/metrics" {
			w.WriteHeader(http.StatusBadGateway)
		}
		_, _ = w.Write([]byte(body))
	}))
	defer server.Close()
	expected := func() *strings.Reader { return strings.NewReader("x 1\n") }
	wantError(t, "a good page", testutil.ScrapeAndCompare(server.URL+"/metrics", expected()), "")
	wantError(t, "another status", testutil.ScrapeAndCompare(server.URL, expected()),
		"the scraping target returned a status code other than 200: 502")
	wantError(t, "no URL", testutil.ScrapeAndCompare("nowhere", expected()),
		`scraping metrics failed: Get "nowhere": unsupported protocol scheme ""`)
	body = "x{\n"
	err := testutil.ScrapeAndCompare(server.URL+"/metrics", expected())
	if err == nil || !strings.HasPrefix(err.Error(), "converting reader to metric families failed: ") {
		t.Errorf("a page that cannot be read: got error %v", err)
	}
}

// A family without a help text looks like one whose help text is empty, and a
// foreign message is not changed for that.
func TestCompareWithoutHelp(t *testing.T) {
	mf := &dto.MetricFamily{
		Name: new("x"), Type: dto.MetricType_GAUGE.Enum(),
		Metric: []*dto.Metric{{Gauge: &dto.Gauge{Value: new(1.0)}}},
	}
	g := &transaction{families: []*dto.MetricFamily{mf}}
	wantError(t, "no help", testutil.TransactionalGatherAndCompare(g, strings.NewReader("# TYPE x gauge\nx 1\n")), "")
	if mf.Help != nil {
		t.Errorf("got help %q in the message, want none", mf.GetHelp())
	}
	empty := prometheus.NewGauge(prometheus.GaugeOpts{Name: "x"})
	wantError(t, "empty help", testutil.CollectAndCompare(empty, strings.NewReader("# TYPE x gauge\nx 0\n")), "")
}

// What is expected is brought into the order of a gather.
func TestCompareOrder(t *testing.T) {
	const sorted = `# HELP a 
# TYPE a untyped
a 1 5
a 2 9
a 3
a{k="1"} 1
a{k="10"} 1
a{k="2"} 1
a{k="1",l=""} 1
# HELP b 
# TYPE b histogram
b_bucket{le="1"} 1
b_bucket{le="+Inf"} 2
b_sum 4
b_count 2
# HELP "c.d" 
# TYPE "c.d" untyped
{"c.d"} 1
`
	const shuffled = `{"c.d"} 1
# TYPE b histogram
b_count 2
b_sum 4
b_bucket{le="1"} 1
b_bucket{le="+Inf"} 2
a{k="2"} 1
a 3
a{k="1",l=""} 1
a 2 9
a{k="10"} 1
a 1 5
a{k="1"} 1
`
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(sorted)) }))
	defer server.Close()
	wantError(t, "shuffled", testutil.ScrapeAndCompare(server.URL, strings.NewReader(shuffled)), "")
}
