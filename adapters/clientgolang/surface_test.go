package clientgolang_test

import (
	"testing"

	_ "github.com/prometheus/client_golang/prometheus/graphite"
	_ "github.com/prometheus/client_golang/prometheus/push"
	_ "github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/cresset-metrics/cresset/adapters/clientgolang/internal/surface"
	_ "github.com/cresset-metrics/cresset/prometheus/collectors/version"
	_ "github.com/cresset-metrics/cresset/prometheus/graphite"
	_ "github.com/cresset-metrics/cresset/prometheus/push"
	_ "github.com/cresset-metrics/cresset/prometheus/testutil"
)

// The packages that no other test imports are imported above, so that go.mod has
// what they need, and a test that has passed runs again when one has changed.

// ownNames are what our packages export beyond client_golang's.
var ownNames = map[string]string{
	"prometheus.SafeMultiError.MaybeUnwrap": "without it, nobody could have the errors",
	"prometheus.Registry.Page":              "promhttp and push write a registry's page without messages in between",
}

// TestSurface holds our packages to the exported API of client_golang's: what
// compiles with theirs compiles with ours.
func TestSurface(t *testing.T) {
	apis, err := surface.Load("prometheus", "github.com/cresset-metrics/cresset", "github.com/prometheus/client_golang")
	if err != nil {
		t.Fatal(err)
	}
	ours, theirs := apis[0], apis[1]
	for _, problem := range surface.Compare(ours, theirs, ownNames) {
		t.Error(problem)
	}
	declared, members := theirs.Count()
	t.Logf("%d names compared in %d packages: %d declared, %d methods and fields of them",
		declared+members, len(theirs.Packages), declared, members)
	// Of 1.25.0. Another release has others; but a comparison that has lost most
	// of them compares nothing.
	if len(theirs.Packages) < 11 || declared < 230 || members < 230 {
		t.Error("there are fewer names than client_golang 1.25.0 has")
	}
}
