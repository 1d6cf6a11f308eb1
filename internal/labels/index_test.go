package labels_test

import (
	"fmt"
	"reflect"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"github.com/cresset-metrics/cresset/internal/labels"
)

type key struct {
	A string `label:"a"`
	N uint8  `label:"n"`
}

func newIndex(t interface{ Fatal(...any) }) *labels.Index[key, int] {
	p, err := labels.NewPlan(reflect.TypeFor[key](), nil)
	if err != nil {
		t.Fatal(err)
	}
	x := new(labels.Index[key, int])
	x.Init(p)
	return x
}

// TestIndexIsAMap compares an index with a map under any sequence of changes.
func TestIndexIsAMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x, model := newIndex(t), make(map[key]*labels.Entry[key, int])
		drawKey := rapid.Custom(func(t *rapid.T) key {
			return key{rapid.StringMatching("[ab]{0,3}").Draw(t, "a"), rapid.Uint8Max(3).Draw(t, "n")}
		})
		item := 0
		t.Repeat(map[string]func(*rapid.T){
			"add": func(t *rapid.T) {
				k := drawKey.Draw(t, "key")
				if model[k] == nil {
					item++
					model[k] = &labels.Entry[key, int]{Key: k, Item: item}
					x.Add(model[k])
				}
			},
			"remove": func(t *rapid.T) {
				k := drawKey.Draw(t, "key")
				if e := model[k]; e != nil {
					x.Remove(e)
					delete(model, k)
				}
			},
			"find": func(t *rapid.T) {
				k := drawKey.Draw(t, "key")
				if got := x.Find(&k); got != model[k] {
					t.Fatalf("found %v for %v, want %v", got, k, model[k])
				}
			},
			"": func(t *rapid.T) {
				if x.Len() != len(model) {
					t.Fatalf("there are %d entries, want %d", x.Len(), len(model))
				}
			},
		})
	})
}

func TestIndexFindsTheZeroValue(t *testing.T) {
	x := newIndex(t)
	other := &labels.Entry[key, int]{Key: key{"a", 1}}
	x.Add(other)
	x.Remove(other) // leaves a grave
	for range 2 {
		if got := x.Find(new(key)); got != nil {
			t.Fatalf("found %v in an empty index", got)
		}
		if got := x.Find(&key{"a", 1}); got != nil {
			t.Fatalf("found %v, which was removed", got)
		}
	}
	zero := &labels.Entry[key, int]{Item: 7}
	x.Add(zero)
	if got := x.Find(new(key)); got != zero {
		t.Errorf("found %v, want the entry", got)
	}
}

// TestReadersMeetChanges has readers look for entries that stay, and for others,
// while one goroutine changes the index.
func TestReadersMeetChanges(t *testing.T) {
	x := newIndex(t)
	staying := make([]*labels.Entry[key, int], 50)
	for i := range staying {
		staying[i] = &labels.Entry[key, int]{Key: key{fmt.Sprint("stays", i), 0}, Item: i}
		x.Add(staying[i])
	}
	done := make(chan struct{})
	var readers sync.WaitGroup
	for range 4 {
		readers.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				for i, e := range staying {
					if got := x.Find(&key{fmt.Sprint("stays", i), 0}); got != nil && got != e {
						t.Errorf("found %v, want %v", got, e)
						return
					}
					if got := x.Find(&key{fmt.Sprint("goes", i), 1}); got != nil && got.Item != -i {
						t.Errorf("found %v", got)
						return
					}
				}
			}
		})
	}
	for range 300 {
		var going []*labels.Entry[key, int]
		for i := range staying {
			e := &labels.Entry[key, int]{Key: key{fmt.Sprint("goes", i), 1}, Item: -i}
			going = append(going, e)
			x.Add(e)
		}
		for _, e := range going {
			x.Remove(e)
		}
	}
	close(done)
	readers.Wait()
	for i, e := range staying {
		if got := x.Find(&key{fmt.Sprint("stays", i), 0}); got != e {
			t.Errorf("found %v, want %v", got, e)
		}
	}
}

// TestAnEntryComesBack takes an entry out and puts it in again while others look
// for it: the race detector watches.
func TestAnEntryComesBack(t *testing.T) {
	x := newIndex(t)
	e := &labels.Entry[key, int]{Key: key{"a", 1}, Item: 1}
	x.Add(e)
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			for range 1000 {
				if found := x.Find(&key{"a", 1}); found != nil && found != e {
					t.Error("found another entry")
				}
			}
		})
	}
	for range 1000 {
		x.Remove(e)
		x.Add(e)
	}
	wg.Wait()
}
