package notify

import (
	"fmt"
	"log/slog"
	"time"

	"github.com/prometheus/alertmanager/nflog"
	"github.com/prometheus/alertmanager/nflog/nflogpb"
	clientprometheus "github.com/prometheus/client_golang/prometheus"
)

// Data is what an integration wants to find again when it next notifies about
// the same group, the ID of a message that it updates for instance. Data in an
// [Entry] is never changed: each notification works on a copy of its own.
type Data struct {
	Strings  map[string]string
	Integers map[string]int64
	Floats   map[string]float64
}

// store returns a copy in the form in which integrations take it.
func (d Data) store() *nflog.Store {
	s := nflog.NewStore(nil)
	for k, v := range d.Strings {
		s.SetStr(k, v)
	}
	for k, v := range d.Integers {
		s.SetInt(k, v)
	}
	for k, v := range d.Floats {
		s.SetFloat(k, v)
	}
	return s
}

// dataOf returns what an integration left in a store. A store does not tell its
// keys, but Alertmanager's own notification log gives back what it was given; so
// one is made that holds this alone.
func dataOf(s *nflog.Store) (Data, error) {
	log, err := nflog.New(nflog.Options{
		Retention: time.Hour, // longer than this function takes
		Logger:    slog.New(slog.DiscardHandler),
		Metrics:   clientprometheus.NewRegistry(),
	})
	if err != nil {
		return Data{}, fmt.Errorf("read the integration's data: %w", err)
	}
	const key = "data"
	recv := &nflogpb.Receiver{}
	if err := log.Log(recv, key, nil, nil, s, 0); err != nil {
		return Data{}, fmt.Errorf("read the integration's data: %w", err)
	}
	entries, err := log.Query(nflog.QReceiver(recv), nflog.QGroupKey(key))
	if err != nil {
		return Data{}, fmt.Errorf("read the integration's data: %w", err)
	}
	var d Data
	for k, v := range entries[0].ReceiverData {
		d.set(k, v)
	}
	return d, nil
}

func (d *Data) set(key string, value *nflogpb.ReceiverDataValue) {
	switch v := value.Value.(type) {
	case *nflogpb.ReceiverDataValue_StrVal:
		put(&d.Strings, key, v.StrVal)
	case *nflogpb.ReceiverDataValue_IntVal:
		put(&d.Integers, key, v.IntVal)
	case *nflogpb.ReceiverDataValue_DoubleVal:
		put(&d.Floats, key, v.DoubleVal)
	}
}

// put adds to a map that may have to be made.
func put[V any](m *map[string]V, key string, value V) {
	if *m == nil {
		*m = make(map[string]V)
	}
	(*m)[key] = value
}
