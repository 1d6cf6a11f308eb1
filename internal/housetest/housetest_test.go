package housetest

import (
	"slices"
	"testing"
)

func TestViolations(t *testing.T) {
	plan := Plan{
		Module: "example.org/house",
		Rooms: []Room{
			{Path: ".", May: []string{"cellar/..."}, Why: "the hall"},
			{Path: "cellar/...", Why: "it is below all"},
			{Path: "cellar/wine", May: []string{"cellar/rack"}, Why: "bottles lie"},
			{Path: "roof", May: []string{".", "cellar/...", "example.com/tiles/..."}, Why: "rain"},
			{Path: "garden/...", May: []string{Others}, Why: "it is apart"},
		},
		Never: map[string]string{"example.com/asbestos": "it is not healthy", "example.com/lead/...": "nor is this"},
	}
	tests := []struct {
		name    string
		pkg     string
		imports []string
		want    []string
	}{
		{"standard library", "cellar/rack", []string{"fmt", "encoding/json"}, nil},
		{"downwards", "", []string{"example.org/house/cellar/wine", "example.org/house/cellar"}, nil},
		{
			"upwards", "cellar/rack", []string{"example.org/house"},
			[]string{"cellar/rack imports ., but may import the standard library only: it is below all"},
		},
		{
			"sideways", "cellar/rack", []string{"example.org/house/cellar/wine"},
			[]string{"cellar/rack imports cellar/wine, but may import the standard library only: it is below all"},
		},
		{"an entry of its own", "cellar/wine", []string{"example.org/house/cellar/rack"}, nil},
		{
			"an entry of its own replaces the general one", "cellar/wine", []string{"example.org/house/cellar/beer"},
			[]string{"cellar/wine imports cellar/beer, but may import cellar/rack: bottles lie"},
		},
		{"a module from elsewhere", "roof", []string{"example.com/tiles/red", "example.com/tiles"}, nil},
		{
			"another module from elsewhere", "roof", []string{"example.com/tilesandmore"},
			[]string{"roof imports example.com/tilesandmore, but may import ., cellar/..., example.com/tiles/...: rain"},
		},
		{"any module from elsewhere", "garden/shed", []string{"example.com/spade"}, nil},
		{
			"any module from elsewhere, but none of ours", "garden/shed", []string{"example.org/house/roof"},
			[]string{"garden/shed imports roof, but may import *: it is apart"},
		},
		{
			"what nothing may import", "garden", []string{"example.com/asbestos"},
			[]string{"garden imports example.com/asbestos, which nothing may: it is not healthy"},
		},
		{
			"what is below what nothing may import", "garden", []string{"example.com/lead/paint"},
			[]string{"garden imports example.com/lead/paint, which nothing may: nor is this"},
		},
		{
			"a room that is not planned", "pool", []string{"fmt"},
			[]string{"pool is not in the plan: add a room for it that says what it may import, and why"},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			path := "example.org/house"
			if test.pkg != "" {
				path += "/" + test.pkg
			}
			got := plan.Violations([]Package{{ImportPath: path, Imports: test.imports}, {ImportPath: "example.com/x", Imports: []string{"example.org/house"}}})
			if !slices.Equal(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestListSeesThisPackage(t *testing.T) {
	for _, deps := range []bool{false, true} {
		packages, err := List("linux", deps, ".")
		if err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(packages, func(p Package) bool {
			return p.ImportPath == "github.com/cresset-metrics/cresset/internal/housetest"
		})
		if i < 0 || !slices.Contains(packages[i].Imports, "encoding/json") {
			t.Errorf("deps %t: got %v, want this package and its imports", deps, packages)
		}
		if got := len(packages) > 1; got != deps {
			t.Errorf("deps %t: got %d packages", deps, len(packages))
		}
	}
	if _, err := List("linux", false, "./no-such-folder"); err == nil {
		t.Error("got no error for a folder that does not exist")
	}
}
