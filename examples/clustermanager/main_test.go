package main

import (
	"slices"
	"testing"

	"github.com/cresset-metrics/cresset/examples/internal/scrape"
)

func TestTwoZonesOnOnePage(t *testing.T) {
	db := map[string]host{}
	h := handler(
		manager{zone: "db", hosts: func() map[string]host { return db }},
		manager{zone: "ca", hosts: func() map[string]host { return map[string]host{"bar": {crashes: 80, memoryBytes: 2e6}} }},
	)
	ca := []string{
		`clustermanager_host_crashes_total{host="bar",zone="ca"} 80`,
		`clustermanager_host_memory_bytes{host="bar",zone="ca"} 2e+06`,
	}
	if got := scrape.Lines(t, h, "clustermanager_"); !slices.Equal(got, ca) {
		t.Errorf("without hosts in one zone\ngot  %q\nwant %q", got, ca)
	}
	db["foo"] = host{crashes: 42, memoryBytes: 6.5e6}
	db["bar"] = host{crashes: 1, memoryBytes: 1}
	want := []string{
		`clustermanager_host_crashes_total{host="bar",zone="ca"} 80`,
		`clustermanager_host_crashes_total{host="bar",zone="db"} 1`,
		`clustermanager_host_crashes_total{host="foo",zone="db"} 42`,
		`clustermanager_host_memory_bytes{host="bar",zone="ca"} 2e+06`,
		`clustermanager_host_memory_bytes{host="bar",zone="db"} 1`,
		`clustermanager_host_memory_bytes{host="foo",zone="db"} 6.5e+06`,
	}
	if got := scrape.Lines(t, h, "clustermanager_"); !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if got := scrape.Lines(t, h, "go_"); len(got) > 0 {
		t.Errorf("a registry of one's own has only what is registered: got %q", got)
	}
}

func TestInventedHosts(t *testing.T) {
	got := scrape.Lines(t, handler(manager{zone: "web", hosts: invented("web-1", "web-2")}), "clustermanager_")
	if len(got) != 4 {
		t.Errorf("two hosts: got %q, want 4 lines", got)
	}
}
