package main

import (
	"reflect"
	"strings"
	"testing"
)

func TestNumbersHaveTheDigitsThatCount(t *testing.T) {
	tests := []struct {
		text func(float64) string
		in   float64
		want string
	}{
		{number, 0, "0"},
		{number, 0.284, "0.28"},
		{number, 2.34, "2.3"},
		{number, 99.94, "99.9"},
		{number, 173_600.4, "173,600"},
		{whole, 2, "2"},
		{whole, 400_636, "400,636"},
		{ratioText, 1.204, "1.20"},
		{ratioText, 0.0996, "0.10"},
		{ratioText, 0.0994, "0.099"},
		{ratioText, 0.00996, "0.010"},
		{ratioText, 0.00748, "0.0075"},
	}
	for _, test := range tests {
		if got := test.text(test.in); got != test.want {
			t.Errorf("%v: got %s, want %s", test.in, got, test.want)
		}
	}
}

func TestSpreadIsBehindTheMedian(t *testing.T) {
	if got, want := spread([]float64{3, 1, 2}, number), "2.0 (1.0..3.0)"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got, want := spread([]float64{2, 2.01, 1.99}, number), "2.0"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	a, b := &figure{Values: []float64{1, 4, 2}}, &figure{Values: []float64{2, 4, 8}}
	if got, want := spreadOfRatio(a, b), "0.50 (0.25..1.00)"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestVerdicts(t *testing.T) {
	row := row{
		name: "r", what: wall, goroutines: crowds,
		sides: []side{{library: cressetName}, {library: theirsName}},
	}
	measured := &result{Name: "r", Figures: []figure{
		{Library: cressetName, Goroutines: 1, Values: []float64{50, 52, 61}, Size: 110},
		{Library: theirsName, Goroutines: 1, Values: []float64{100, 100, 100}, Size: 100},
		{Library: floor, Goroutines: 1, Values: []float64{40, 40, 40}},
		{Library: cressetName, Goroutines: 2, Values: []float64{1}, Allocs: 3},
	}}
	tests := []struct {
		name   string
		target target
		text   string
		want   string
	}{
		{"reached to the digit", alone(0.52), "0.52 (0.50..0.61)", reachedYes},
		{"reached by one run", alone(0.51), "0.52 (0.50..0.61)", reachedNoise},
		{"missed", alone(0.49), "0.52 (0.50..0.61)", reachedNo},
		{"against the floor", target{of: floorRatio, goroutines: 1, limit: 1.3}, "1.30 (1.25..1.52)", reachedYes},
		{"compressed", target{of: sizeRatio, goroutines: 1, limit: 1.1}, "1.10", reachedYes},
		{"compressed too little", target{of: sizeRatio, goroutines: 1, limit: 1.09}, "1.10", reachedNo},
		{"bytes", target{of: heapBytes, goroutines: 1, limit: 52, below: true}, "52.0", reachedNo},
		{"allocations with any goroutines", noAllocation(), "3", reachedNo},
		{"fewer allocations", target{of: allocations, goroutines: 1, limit: 4, below: true}, "3", reachedYes},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			row.targets = []target{test.target}
			got := judge(row, measured)
			if len(got) != 1 {
				t.Fatalf("got %d verdicts, want 1", len(got))
			}
			if got[0].text != test.text || got[0].reached != test.want {
				t.Errorf("got %s: %s, want %s: %s", got[0].text, got[0].reached, test.text, test.want)
			}
		})
	}
	t.Run("not measured", func(t *testing.T) {
		row.targets = []target{contended(1)}
		if got := judge(row, measured); len(got) != 0 {
			t.Errorf("got %d verdicts on a library that was not measured, want none", len(got))
		}
	})
}

func TestMergeKeepsTheOtherRows(t *testing.T) {
	groups := []group{{rows: []row{{name: "a"}, {name: "b"}}}}
	here := machine{CPU: "one"}
	old := &results{Machine: here, Rows: []result{{Name: "gone"}, {Name: "b", Date: "old"}, {Name: "a", Date: "old"}}}
	newer := &results{Machine: here, Rows: []result{{Name: "b", Date: "new"}}}
	got, err := old.merge(newer, groups)
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Rows) != 2 || got.Rows[0].Name != "a" || got.Rows[0].Date != "old" || got.Rows[1].Date != "new" {
		t.Errorf("got rows %v, want the old a and the new b, in the order of the table", got.Rows)
	}
	newer.Machine.CPU = "another"
	if _, err := old.merge(newer, groups); err == nil || !strings.Contains(err.Error(), "another machine") {
		t.Errorf("got error %v, want one about another machine", err)
	}
	newer.Rows = append(newer.Rows, result{Name: "a"})
	if _, err := old.merge(newer, groups); err != nil {
		t.Errorf("all rows anew on another machine: %v", err)
	}
}

func TestDataFileIsWhatWasWritten(t *testing.T) {
	want := &results{
		Machine:  machine{CPU: "one", Cores: 2, System: "some", Go: "1"},
		Versions: map[string]string{theirsName: "1.25.0"},
		LeftOut:  map[string]string{rust: "not here"},
		Rows: []result{{Name: `a "quoted" ± row`, Date: "2026-11-22", Figures: []figure{
			{Library: cressetName, Goroutines: 1, Values: []float64{1.5, 2}, Wall: []float64{3, 4}, Allocs: 5, Size: 6},
			{Library: theirsName, Goroutines: 1, Values: []float64{7}},
		}}},
	}
	path := t.TempDir() + "/data.json"
	if err := want.write(path); err != nil {
		t.Fatal(err)
	}
	got, err := readData(path)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}
