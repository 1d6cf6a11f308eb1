package notify

import (
	"reflect"
	"testing"

	"pgregory.net/rapid"
)

// Whatever an integration leaves in its store is read out of it.
func TestDataOfStore(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var want Data
		for _, key := range rapid.SliceOfDistinct(rapid.String(), rapid.ID[string]).Draw(t, "keys") {
			switch rapid.IntRange(0, 2).Draw(t, "type") {
			case 0:
				put(&want.Strings, key, rapid.String().Draw(t, "string"))
			case 1:
				put(&want.Integers, key, rapid.Int64().Draw(t, "integer"))
			case 2:
				put(&want.Floats, key, rapid.Float64().Draw(t, "float"))
			}
		}
		got, err := dataOf(want.store())
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("got %#v, want %#v", got, want)
		}
	})
}

// What an integration does with its store changes no entry of the log.
func TestStoreIsACopy(t *testing.T) {
	d := Data{Strings: map[string]string{"ts": "1"}}
	s := d.store()
	s.SetStr("ts", "2")
	s.SetInt("n", 3)
	if want := (Data{Strings: map[string]string{"ts": "1"}}); !reflect.DeepEqual(d, want) {
		t.Errorf("got %#v, want %#v", d, want)
	}
}

func TestDataThatCannotBeKept(t *testing.T) {
	if d, err := dataOf(Data{Strings: map[string]string{"ts": "\xff"}}.store()); err == nil {
		t.Errorf("got %#v, want an error: the text is not UTF-8", d)
	}
}
