package storage

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	promconfig "github.com/prometheus/prometheus/config"
	"github.com/prometheus/prometheus/model/exemplar"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func open(t *testing.T, o Options) *DB {
	t.Helper()
	db, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

func add(t *testing.T, db *DB, name string, at time.Time, v float64) {
	t.Helper()
	app := db.Appender(t.Context())
	if _, err := app.Append(0, labels.FromStrings("__name__", name), at.UnixMilli(), v); err != nil {
		t.Fatal(err)
	}
	if err := app.Commit(); err != nil {
		t.Fatal(err)
	}
}

// values are all samples of a series.
func values(t *testing.T, db *DB, name string) []float64 {
	t.Helper()
	q, err := db.Querier(0, time.Now().Add(time.Hour).UnixMilli())
	if err != nil {
		t.Fatal(err)
	}
	defer q.Close()
	var out []float64
	set := q.Select(t.Context(), false, nil, labels.MustNewMatcher(labels.MatchEqual, "__name__", name))
	for set.Next() {
		it := set.At().Iterator(nil)
		for it.Next() == chunkenc.ValFloat {
			_, v := it.At()
			out = append(out, v)
		}
	}
	if err := set.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestSamplesSurviveClose(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "data")
	db, err := Open(Options{Dir: dir, Registerer: prometheus.NewRegistry()})
	if err != nil {
		t.Fatal(err)
	}
	add(t, db, "a", time.Now(), 1)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	db = open(t, Options{Dir: dir})
	if got := values(t, db, "a"); len(got) != 1 || got[0] != 1 {
		t.Errorf("after a restart got %v, want [1]", got)
	}
}

func TestOpenErrors(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	readOnly := filepath.Join(dir, "read-only")
	if err := os.Mkdir(readOnly, 0o500); err != nil {
		t.Fatal(err)
	}
	used := filepath.Join(dir, "used")
	open(t, Options{Dir: used})

	tests := []struct {
		name   string
		o      Options
		want   string
		asRoot bool // root may write everywhere
	}{
		{"no folder", Options{}, "storage folder is empty", true},
		{"below a file", Options{Dir: filepath.Join(file, "data")}, "storage folder " + filepath.Join(file, "data") + " cannot be made: not a directory", true},
		{"a file", Options{Dir: file}, "storage folder " + file + " cannot be made: not a directory", true},
		{"read-only", Options{Dir: readOnly}, "storage folder " + readOnly + " cannot be written: permission denied", false},
		{"in use", Options{Dir: used}, "storage folder " + used + " is in use by another process", true},
		{"negative time", Options{Dir: dir, Retention: -time.Second}, "retention time -1s is negative", true},
		{"negative size", Options{Dir: dir, MaxBytes: -1}, "retention size -1 is negative", true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if !test.asRoot && os.Geteuid() == 0 {
				t.Skip("root may write to every folder")
			}
			db, err := Open(test.o)
			if err == nil {
				db.Close()
				t.Fatal("opened")
			}
			if !strings.HasPrefix(err.Error(), test.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("got %q, want one line that begins with %q", err, test.want)
			}
		})
	}
}

// A second process that is refused must not disturb the first one.
func TestRefusedOpenLeavesTheFolderAlone(t *testing.T) {
	dir := t.TempDir()
	db := open(t, Options{Dir: dir})
	// the folder in which the running process writes a block at this moment
	block := filepath.Join(dir, "01HZZZZZZZZZZZZZZZZZZZZZZZ.tmp-for-creation")
	if err := os.Mkdir(block, 0o700); err != nil {
		t.Fatal(err)
	}
	if second, err := Open(Options{Dir: dir}); err == nil {
		second.Close()
		t.Fatal("opened a folder that is in use")
	}
	if _, err := os.Stat(block); err != nil {
		t.Errorf("the block under construction is gone: %v", err)
	}
	add(t, db, "a", time.Now(), 1)
}

func config(t *testing.T, text string) *promconfig.Config {
	t.Helper()
	cfg, err := promconfig.Load(text, nil)
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

func TestApplyOutOfOrder(t *testing.T) {
	db := open(t, Options{Dir: t.TempDir()})
	now := time.Now()
	add(t, db, "a", now, 2)

	late := func() error {
		app := db.Appender(t.Context())
		if _, err := app.Append(0, labels.FromStrings("__name__", "a"), now.Add(-time.Minute).UnixMilli(), 1); err != nil {
			_ = app.Rollback()
			return err
		}
		return app.Commit()
	}
	if err := late(); err == nil {
		t.Fatal("took a late sample, which nobody allowed")
	}
	if err := db.Apply(config(t, "storage: {tsdb: {out_of_order_time_window: 10m}}")); err != nil {
		t.Fatal(err)
	}
	if err := late(); err != nil {
		t.Fatalf("refused a late sample within the window: %v", err)
	}
	if got := values(t, db, "a"); len(got) != 2 || got[0] != 1 {
		t.Errorf("got %v, want [1 2]", got)
	}
}

func TestApplyRetention(t *testing.T) {
	reg := prometheus.NewRegistry()
	db := open(t, Options{Dir: t.TempDir(), Retention: 48 * time.Hour, MaxBytes: 1 << 30, Registerer: reg})
	tests := []struct {
		name, config string
		seconds      float64
		bytes        float64
	}{
		{"nothing in the file", "", 48 * 3600, 1 << 30},
		{"time in the file", "storage: {tsdb: {retention: {time: 1h}}}", 3600, 0},
		{"size in the file", "storage: {tsdb: {retention: {size: 1MB}}}", 0, 1 << 20},
		{"out of the file again", "storage: {tsdb: {}}", 48 * 3600, 1 << 30},
	}
	for _, test := range tests {
		if err := db.Apply(config(t, test.config)); err != nil {
			t.Fatal(err)
		}
		if got := gauge(t, reg, "prometheus_tsdb_retention_limit_seconds"); got != test.seconds {
			t.Errorf("%s: keeps %v seconds, want %v", test.name, got, test.seconds)
		}
		if got := gauge(t, reg, "prometheus_tsdb_retention_limit_bytes"); got != test.bytes {
			t.Errorf("%s: keeps %v bytes, want %v", test.name, got, test.bytes)
		}
	}
}

func gauge(t *testing.T, reg *prometheus.Registry, name string) float64 {
	t.Helper()
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() == name {
			return f.GetMetric()[0].GetGauge().GetValue()
		}
	}
	t.Fatalf("no metric %s", name)
	return 0
}

func TestApplyExemplars(t *testing.T) {
	db := open(t, Options{Dir: t.TempDir()})
	find := func() int {
		app := db.AppenderV2(t.Context())
		ls := labels.FromStrings("__name__", "a")
		now := time.Now().UnixMilli()
		e := exemplar.Exemplar{Labels: labels.FromStrings("trace", "x"), Value: 1, Ts: now, HasTs: true}
		if _, err := app.Append(0, ls, 0, now, 1, nil, nil, storage.AOptions{Exemplars: []exemplar.Exemplar{e}}); err != nil {
			t.Fatal(err)
		}
		if err := app.Commit(); err != nil {
			t.Fatal(err)
		}
		q, err := db.ExemplarQuerier(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		found, err := q.Select(0, now+1, []*labels.Matcher{labels.MustNewMatcher(labels.MatchEqual, "__name__", "a")})
		if err != nil {
			t.Fatal(err)
		}
		return len(found)
	}
	if err := db.Apply(config(t, "")); err != nil {
		t.Fatal(err)
	}
	if got := find(); got != 0 {
		t.Errorf("kept exemplars of %d series, want none before they have room", got)
	}
	if err := db.Apply(config(t, "storage: {exemplars: {max_exemplars: 10}}")); err != nil {
		t.Fatal(err)
	}
	if got := find(); got != 1 {
		t.Errorf("kept exemplars of %d series, want 1", got)
	}
}
