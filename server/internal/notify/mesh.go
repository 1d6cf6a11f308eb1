package notify

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/prometheus/alertmanager/nflog/nflogpb"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// Records are written as Alertmanager writes its notification log, into the file
// nflog and to other copies: one message after another, each behind its length.
//
// What Alertmanager has no field for, the muted alerts of an entry, travels among
// the integration's data, under a key that no integration uses. Alertmanager hands
// it from entry to entry without looking at it; so what it wrote since may name an
// alert there that was told as firing or resolved meanwhile, which is then right.
const mutedKey = "cresset_muted"

// errInvalidState is said of a message without an entry or a receiver.
var errInvalidState = errors.New("invalid state")

// MarshalRecords writes records for [UnmarshalRecords] and for Alertmanager; the
// same records are always the same bytes. It fails where a name or the text of an
// integration is not UTF-8.
func MarshalRecords(records []Record) ([]byte, error) {
	var all []byte
	opts := proto.MarshalOptions{Deterministic: true}
	for _, r := range records {
		message, err := opts.Marshal(r.message())
		if err != nil {
			return nil, fmt.Errorf("write the notification log's entry %q: %w", r.Key, err)
		}
		all = binary.AppendUvarint(all, uint64(len(message)))
		all = append(all, message...)
	}
	return all, nil
}

// UnmarshalRecords reads all records in their order, or fails. No more memory is
// used than a small multiple of what is really read, whatever the lengths say.
func UnmarshalRecords(r io.Reader) ([]Record, error) {
	in := bufio.NewReader(r)
	var records []Record
	var message bytes.Buffer
	for {
		err := readMessage(in, &message)
		if errors.Is(err, io.EOF) {
			return records, nil
		}
		var record Record
		if err == nil {
			record, err = recordOf(message.Bytes())
		}
		if err != nil {
			return nil, fmt.Errorf("read entry %d of a notification log: %w", len(records)+1, err)
		}
		records = append(records, record)
	}
}

// readMessage reads the next message into the buffer. The error is io.EOF if there
// is none, and another one if its end is missing.
func readMessage(in *bufio.Reader, message *bytes.Buffer) error {
	size, err := binary.ReadUvarint(in)
	if err != nil {
		return err
	}
	if size > math.MaxInt32 {
		return fmt.Errorf("a message of %d bytes is larger than protobuf allows", size)
	}
	message.Reset()
	// The buffer grows with what arrives, not with what was announced.
	if _, err := io.CopyN(message, in, int64(size)); errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	} else if err != nil {
		return err
	}
	return nil
}

// message returns the record as Alertmanager's message.
func (r Record) message() *nflogpb.MeshEntry {
	return &nflogpb.MeshEntry{
		Entry: &nflogpb.Entry{
			GroupKey:       []byte(r.Key.GroupKey),
			Receiver:       &nflogpb.Receiver{GroupName: r.Key.Receiver, Integration: r.Key.Integration, Idx: uint32(r.Key.Index)},
			Timestamp:      timestamppb.New(r.Entry.At),
			FiringAlerts:   r.Entry.Firing,
			ResolvedAlerts: r.Entry.Resolved,
			ReceiverData:   receiverData(r.Entry.Data, r.Entry.Muted),
		},
		ExpiresAt: timestamppb.New(r.Entry.ExpiresAt),
	}
}

// recordOf returns the record that a message holds. It keeps nothing of the bytes.
func recordOf(message []byte) (Record, error) {
	var mesh nflogpb.MeshEntry
	if err := proto.Unmarshal(message, &mesh); err != nil {
		return Record{}, err
	}
	entry := mesh.GetEntry()
	receiver := entry.GetReceiver()
	if entry == nil || receiver == nil {
		return Record{}, errInvalidState
	}
	data, muted, err := dataAndMuted(entry.ReceiverData)
	if err != nil {
		return Record{}, err
	}
	r := Record{
		Key: Key{
			GroupKey:    string(entry.GroupKey),
			Receiver:    receiver.GroupName,
			Integration: receiver.Integration,
			Index:       int(receiver.Idx),
		},
		Entry: Entry{
			Firing:    setOf(entry.FiringAlerts),
			Resolved:  setOf(entry.ResolvedAlerts),
			At:        entry.Timestamp.AsTime(),
			ExpiresAt: mesh.ExpiresAt.AsTime(),
			Data:      data,
		},
	}
	r.Entry.Muted = slices.DeleteFunc(muted, func(h uint64) bool {
		one := Hashes{h}
		return one.subsetOf(r.Entry.Firing) || one.subsetOf(r.Entry.Resolved)
	})
	return r, nil
}

// setOf makes a set of hashes that may be in any order, and takes them over.
func setOf(hashes []uint64) Hashes {
	slices.Sort(hashes)
	return slices.Compact(hashes)
}

// receiverData returns what an integration keeps, and the muted alerts, as
// Alertmanager keeps the former.
func receiverData(d Data, muted Hashes) map[string]*nflogpb.ReceiverDataValue {
	values := make(map[string]*nflogpb.ReceiverDataValue)
	for k, v := range d.Strings {
		values[k] = &nflogpb.ReceiverDataValue{Value: &nflogpb.ReceiverDataValue_StrVal{StrVal: v}}
	}
	for k, v := range d.Integers {
		values[k] = &nflogpb.ReceiverDataValue{Value: &nflogpb.ReceiverDataValue_IntVal{IntVal: v}}
	}
	for k, v := range d.Floats {
		values[k] = &nflogpb.ReceiverDataValue{Value: &nflogpb.ReceiverDataValue_DoubleVal{DoubleVal: v}}
	}
	delete(values, mutedKey)
	if len(muted) > 0 {
		values[mutedKey] = &nflogpb.ReceiverDataValue{Value: &nflogpb.ReceiverDataValue_StrVal{StrVal: mutedText(muted)}}
	}
	return values
}

// dataAndMuted is the reverse of receiverData.
func dataAndMuted(values map[string]*nflogpb.ReceiverDataValue) (d Data, muted Hashes, err error) {
	for k, v := range values {
		if k != mutedKey {
			d.set(k, v)
		} else if muted, err = mutedOf(v.GetStrVal()); err != nil {
			return Data{}, nil, err
		}
	}
	return d, muted, nil
}

// mutedText writes hashes in hexadecimal with a space between two.
func mutedText(muted Hashes) string {
	var b []byte
	for i, h := range muted {
		if i > 0 {
			b = append(b, ' ')
		}
		b = strconv.AppendUint(b, h, 16)
	}
	return string(b)
}

// mutedOf is the reverse of mutedText.
func mutedOf(text string) (Hashes, error) {
	var muted []uint64
	for word := range strings.FieldsSeq(text) {
		h, err := strconv.ParseUint(word, 16, 64)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", mutedKey, err)
		}
		muted = append(muted, h)
	}
	return setOf(muted), nil
}
