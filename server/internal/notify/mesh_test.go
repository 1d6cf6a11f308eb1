package notify_test

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"io"
	"log/slog"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/prometheus/alertmanager/nflog"
	"github.com/prometheus/alertmanager/nflog/nflogpb"
	clientprometheus "github.com/prometheus/client_golang/prometheus"
	"google.golang.org/protobuf/encoding/protodelim"
	"google.golang.org/protobuf/types/known/timestamppb"
	"pgregory.net/rapid"

	"github.com/cresset-metrics/cresset/server/internal/notify"
)

// upstreamLog returns Alertmanager's notification log, which has read the bytes.
func upstreamLog(snapshot []byte) (*nflog.Log, error) {
	return nflog.New(nflog.Options{
		SnapshotReader: bytes.NewReader(snapshot),
		Retention:      time.Hour,
		Logger:         slog.New(slog.DiscardHandler),
		Metrics:        clientprometheus.NewRegistry(),
	})
}

var instants = rapid.Custom(func(t *rapid.T) time.Time {
	return time.Unix(rapid.Int64Range(0, 1<<33).Draw(t, "seconds"), rapid.Int64Range(0, 1e9-1).Draw(t, "nanoseconds")).UTC()
})

// disjoint draws sets that have no member in common; an empty one is nil.
func disjoint(t *rapid.T, n int) []notify.Hashes {
	sets := make([]notify.Hashes, n)
	for _, h := range rapid.SliceOfNDistinct(rapid.Uint64(), 0, 12, rapid.ID[uint64]).Draw(t, "hashes") {
		i := rapid.IntRange(0, n-1).Draw(t, "set")
		sets[i] = append(sets[i], h)
	}
	for _, set := range sets {
		slices.Sort(set)
	}
	return sets
}

var datas = rapid.Custom(func(t *rapid.T) notify.Data {
	var d notify.Data
	for _, key := range rapid.SliceOfNDistinct(rapid.String(), 0, 4, rapid.ID[string]).Draw(t, "keys") {
		switch rapid.IntRange(0, 2).Draw(t, "type") {
		case 0:
			put(&d.Strings, key, rapid.String().Draw(t, "string"))
		case 1:
			put(&d.Integers, key, rapid.Int64().Draw(t, "integer"))
		case 2:
			put(&d.Floats, key, rapid.Float64().Draw(t, "float"))
		}
	}
	return d
})

func put[V any](m *map[string]V, key string, value V) {
	if *m == nil {
		*m = make(map[string]V)
	}
	(*m)[key] = value
}

var records = rapid.SliceOfNDistinct(rapid.Custom(func(t *rapid.T) notify.Record {
	sets := disjoint(t, 3)
	return notify.Record{
		Key: notify.Key{
			GroupKey:    string(rapid.SliceOf(rapid.Byte()).Draw(t, "group key")), // labels may hold any bytes
			Receiver:    rapid.String().Draw(t, "receiver"),
			Integration: rapid.String().Draw(t, "integration"),
			Index:       rapid.IntRange(0, 1<<31-1).Draw(t, "index"),
		},
		Entry: notify.Entry{
			Firing: sets[0], Resolved: sets[1], Muted: sets[2],
			At: instants.Draw(t, "at"), ExpiresAt: instants.Draw(t, "expires at"),
			Data: datas.Draw(t, "data"),
		},
	}
}), 0, 5, func(r notify.Record) string { return r.Key.String() })

// What is written is read: by us, and by us after Alertmanager read and wrote it.
func TestRecordsAreReadAsWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := records.Draw(t, "records")
		written, err := notify.MarshalRecords(want)
		if err != nil {
			t.Fatal(err)
		}
		again, err := notify.MarshalRecords(want)
		if err != nil || !bytes.Equal(again, written) {
			t.Fatalf("the same records were written as\n%x and\n%x, %v", written, again, err)
		}
		expectRecords(t, "ours", iotest.OneByteReader(bytes.NewReader(written)), want)

		upstream, err := upstreamLog(written)
		if err != nil {
			t.Fatalf("Alertmanager cannot read it: %v", err)
		}
		var snapshot bytes.Buffer
		if _, err := upstream.Snapshot(&snapshot); err != nil {
			t.Fatal(err)
		}
		byKey := func(a, b notify.Record) int { return cmp.Compare(a.Key.String(), b.Key.String()) }
		slices.SortFunc(want, byKey)
		got, err := notify.UnmarshalRecords(&snapshot)
		if slices.SortFunc(got, byKey); err != nil || len(got)+len(want) > 0 && !reflect.DeepEqual(got, want) {
			t.Fatalf("after Alertmanager: got\n%+v, %v; want\n%+v", got, err, want)
		}
	})
}

func expectRecords(t *rapid.T, who string, r io.Reader, want []notify.Record) {
	t.Helper()
	got, err := notify.UnmarshalRecords(r)
	if err != nil || len(got)+len(want) > 0 && !reflect.DeepEqual(got, want) {
		t.Fatalf("%s: got\n%+v, %v; want\n%+v", who, got, err, want)
	}
}

// Alertmanager finds our entry by its own query, with the integration's data.
func TestAlertmanagerFindsOurRecord(t *testing.T) {
	at := time.Now().Truncate(time.Microsecond).UTC()
	written, err := notify.MarshalRecords([]notify.Record{{
		Key: notify.Key{GroupKey: `{}:{job="api"}`, Receiver: "team", Integration: "slack", Index: 1},
		Entry: notify.Entry{
			Firing: notify.Hashes{3, 5}, Resolved: notify.Hashes{7}, Muted: notify.Hashes{11}, At: at, ExpiresAt: at.Add(time.Hour),
			Data: notify.Data{Strings: map[string]string{"threadTs": "17.1"}, Integers: map[string]int64{"n": 2}, Floats: map[string]float64{"f": 0.5}},
		},
	}})
	if err != nil {
		t.Fatal(err)
	}
	upstream, err := upstreamLog(nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := upstream.Merge(written); err != nil { // as from another copy
		t.Fatal(err)
	}
	found, err := upstream.Query(nflog.QGroupKey(`{}:{job="api"}`), nflog.QReceiver(&nflogpb.Receiver{GroupName: "team", Integration: "slack", Idx: 1}))
	if err != nil {
		t.Fatal(err)
	}
	e := found[0]
	if got, want := fmt.Sprint(e.FiringAlerts, e.ResolvedAlerts, e.Timestamp.AsTime()), fmt.Sprint([]uint64{3, 5}, []uint64{7}, at); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	store := nflog.NewStore(e)
	text, _ := store.GetStr("threadTs")
	number, _ := store.GetInt("n")
	float, _ := store.GetFloat("f")
	if text != "17.1" || number != 2 || float != 0.5 {
		t.Errorf("got the data %q, %d, %g; want 17.1, 2, 0.5", text, number, float)
	}
}

// Alertmanager hands an integration's data on from entry to entry, and lists
// hashes in any order.
func TestRecordsWrittenByAlertmanager(t *testing.T) {
	upstream, err := upstreamLog(nil)
	if err != nil {
		t.Fatal(err)
	}
	store := nflog.NewStore(nil)
	store.SetStr("threadTs", "17.1")
	store.SetStr("cresset_muted", "1 2 a ff")
	if err := upstream.Log(&nflogpb.Receiver{GroupName: "team", Integration: "slack"}, "g", []uint64{9, 2, 9, 4}, []uint64{10}, store, 0); err != nil {
		t.Fatal(err)
	}
	written, err := upstream.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	got, err := notify.UnmarshalRecords(bytes.NewReader(written))
	if err != nil {
		t.Fatal(err)
	}
	want := []notify.Record{{
		Key: notify.Key{GroupKey: "g", Receiver: "team", Integration: "slack"},
		Entry: notify.Entry{
			Firing: notify.Hashes{2, 4, 9}, Resolved: notify.Hashes{10},
			Muted: notify.Hashes{1, 0xff}, // of the others it told since
			At:    got[0].Entry.At, ExpiresAt: got[0].Entry.At.Add(time.Hour),
			Data: notify.Data{Strings: map[string]string{"threadTs": "17.1"}},
		},
	}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%+v, want\n%+v", got, want)
	}
}

// delimited returns messages as Alertmanager writes them.
func delimited(t testing.TB, entries ...*nflogpb.MeshEntry) string {
	var b bytes.Buffer
	for _, e := range entries {
		if _, err := protodelim.MarshalTo(&b, e); err != nil {
			t.Fatal(err)
		}
	}
	return b.String()
}

func TestBrokenRecords(t *testing.T) {
	receiver := &nflogpb.Receiver{GroupName: "team", Integration: "slack"}
	good := delimited(t, &nflogpb.MeshEntry{
		Entry:     &nflogpb.Entry{GroupKey: []byte("g"), Receiver: receiver, Timestamp: timestamppb.Now()},
		ExpiresAt: timestamppb.Now(),
	})
	muted := func(text string) string {
		return delimited(t, &nflogpb.MeshEntry{Entry: &nflogpb.Entry{
			Receiver:     receiver,
			ReceiverData: map[string]*nflogpb.ReceiverDataValue{"cresset_muted": {Value: &nflogpb.ReceiverDataValue_StrVal{StrVal: text}}},
		}})
	}
	for _, tc := range []struct{ name, bytes, want string }{
		{"no entry", good + delimited(t, &nflogpb.MeshEntry{ExpiresAt: timestamppb.Now()}), "entry 2 of a notification log: invalid state"},
		{"no receiver", delimited(t, &nflogpb.MeshEntry{Entry: &nflogpb.Entry{GroupKey: []byte("g")}}), "entry 1 of a notification log: invalid state"},
		{"cut off in a message", good + good[:len(good)-1], "entry 2 of a notification log: unexpected EOF"},
		{"cut off behind a length", good + good[:1], "entry 2 of a notification log: unexpected EOF"},
		{"cut off in a length", "\x80", "unexpected EOF"},
		{"a length of 11 bytes", strings.Repeat("\xff", 10) + "\x01", "overflow"},
		{"a length of 4 GiB", string(binary.AppendUvarint(nil, 1<<32)), "larger than protobuf allows"},
		{"not protobuf", "\x03abc", "proto"},
		{"a receiver that is no text", "\x07\x0a\x05\x12\x03\x0a\x01\xff", "UTF-8"},
		{"muted alerts that are no hashes", muted("1 xyz"), "cresset_muted"},
		{"muted alerts that are too large", muted("1ffffffffffffffff"), "cresset_muted"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got, err := notify.UnmarshalRecords(strings.NewReader(tc.bytes)); err == nil || !strings.Contains(err.Error(), tc.want) || got != nil {
				t.Errorf("got %v, %v; want an error with %q", got, err, tc.want)
			}
		})
	}
	t.Run("a reader that fails", func(t *testing.T) {
		failing := io.MultiReader(strings.NewReader(good+good[:4]), iotest.ErrReader(io.ErrClosedPipe))
		if _, err := notify.UnmarshalRecords(failing); err == nil || !strings.Contains(err.Error(), io.ErrClosedPipe.Error()) {
			t.Errorf("got %v, want %v", err, io.ErrClosedPipe)
		}
	})
}

func TestNamesThatCannotBeWritten(t *testing.T) {
	_, err := notify.MarshalRecords([]notify.Record{{Key: notify.Key{GroupKey: "g", Receiver: "\xff"}}})
	if err == nil || !strings.Contains(err.Error(), "UTF-8") || !strings.Contains(err.Error(), `"g:\xff//0"`) {
		t.Errorf("got %v, want an error that names the entry and says UTF-8", err)
	}
}

// Who announces much and sends little costs little.
func TestAnnouncedLengthIsNotAllocated(t *testing.T) {
	hostile := string(binary.AppendUvarint(nil, 1<<31-1)) + "abc"
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if _, err := notify.UnmarshalRecords(strings.NewReader(hostile)); err == nil {
		t.Error("got no error")
	}
	runtime.ReadMemStats(&after)
	if got := after.TotalAlloc - before.TotalAlloc; got > 1<<20 {
		t.Errorf("%d bytes were allocated for a message of 3", got)
	}
}

// Bytes that nobody vouches for never panic, are refused where Alertmanager
// refuses them, and mean the same once they are written again.
func FuzzUnmarshalRecords(f *testing.F) {
	at := time.Unix(1.7e9, 1).UTC()
	seed, err := notify.MarshalRecords([]notify.Record{
		{notify.Key{GroupKey: `{}:{a="1"}`, Receiver: "team", Integration: "webhook"}, notify.Entry{Firing: notify.Hashes{1, 2}, Muted: notify.Hashes{4}, At: at, ExpiresAt: at}},
		{notify.Key{Integration: "slack", Index: 3}, notify.Entry{Resolved: notify.Hashes{1 << 63}, Data: notify.Data{Strings: map[string]string{"ts": "1"}, Floats: map[string]float64{"f": 1}}}},
	})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(seed)
	f.Add(seed[:len(seed)-1])
	f.Add([]byte{})
	f.Add([]byte{0})
	f.Add(bytes.Repeat([]byte{0xff}, 20))
	f.Fuzz(func(t *testing.T, b []byte) {
		records, err := notify.UnmarshalRecords(bytes.NewReader(b))
		if _, theirs := upstreamLog(b); (theirs == nil) != (err == nil) && !bytes.Contains(b, []byte("cresset_muted")) {
			t.Fatalf("ours: %v; Alertmanager's: %v", err, theirs)
		}
		if err != nil {
			return
		}
		written, err := notify.MarshalRecords(records)
		if err != nil {
			t.Fatal(err)
		}
		again, err := notify.UnmarshalRecords(bytes.NewReader(written))
		if err != nil {
			t.Fatal(err)
		}
		if rewritten, err := notify.MarshalRecords(again); err != nil || !bytes.Equal(rewritten, written) {
			t.Fatalf("written as\n%x, and when that was read, as\n%x, %v", written, rewritten, err)
		}
	})
}

func ExampleMarshalRecords() {
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	told := notify.Record{
		Key:   notify.Key{GroupKey: `{}:{job="api"}`, Receiver: "team", Integration: "email"},
		Entry: notify.Entry{Firing: notify.Hashes{42}, At: at, ExpiresAt: at.Add(8 * time.Hour)},
	}
	b, err := notify.MarshalRecords([]notify.Record{told})
	if err != nil {
		fmt.Println(err)
		return
	}
	read, err := notify.UnmarshalRecords(bytes.NewReader(b))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(read[0].Key, read[0].Entry.Firing)
	// Output: {}:{job="api"}:team/email/0 [42]
}
