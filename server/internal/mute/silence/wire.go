package silence

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/alertmanager/pkg/labels"
	pb "github.com/prometheus/alertmanager/silence/silencepb"
	"google.golang.org/protobuf/encoding/protodelim"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// Silences travel between copies and lie in files as Alertmanager has them: as
// messages that are each preceded by their length.

var errInvalidState = errors.New("invalid state")

// ReadSnapshot reads the silences of a file that [Store.WriteSnapshot] or an
// Alertmanager wrote. It returns all of them or an error. Their matchers are as
// they were written: [Store.Import] finds out whether they are valid.
func ReadSnapshot(r io.Reader) ([]*Silence, error) { return decode(r) }

// WriteSnapshot writes all silences as an Alertmanager reads them, and returns how
// many bytes that took.
func (s *Store) WriteSnapshot(w io.Writer) (int64, error) {
	begin := time.Now()
	defer func() { s.metrics.snapshotDuration.Observe(time.Since(begin).Seconds()) }()
	b, err := s.MarshalBinary()
	if err != nil {
		return 0, err
	}
	n, err := w.Write(b)
	return int64(n), err
}

// MarshalBinary returns all silences as other copies [Store.Merge] them.
func (s *Store) MarshalBinary() ([]byte, error) {
	all := s.all()
	slices.SortFunc(all, func(a, b *Silence) int { return strings.Compare(a.ID, b.ID) })
	return encodeAll(all)
}

func encodeAll(silences []*Silence) ([]byte, error) {
	var buf bytes.Buffer
	for _, sil := range silences {
		if err := encodeTo(&buf, toMessage(sil)); err != nil {
			return nil, err
		}
	}
	return buf.Bytes(), nil
}

// encodeTo writes a message, with the first set of matchers in the place too where
// older copies look for the only one.
func encodeTo(w io.Writer, m *pb.MeshSilence) error {
	if sets := m.Silence.MatcherSets; len(sets) > 0 {
		m.Silence.Matchers = sets[0].Matchers
	}
	_, err := protodelim.MarshalOptions{MarshalOptions: proto.MarshalOptions{Deterministic: true}}.MarshalTo(w, m)
	return err
}

// decode reads silences to the end.
func decode(r io.Reader) ([]*Silence, error) {
	var silences []*Silence
	br := bufio.NewReader(r)
	for {
		var m pb.MeshSilence
		switch err := protodelim.UnmarshalFrom(br, &m); {
		case errors.Is(err, io.EOF):
			return silences, nil
		case err != nil:
			return nil, err
		case m.Silence == nil:
			return nil, errInvalidState
		}
		silences = append(silences, fromMessage(&m))
	}
}

func toMessage(s *Silence) *pb.MeshSilence {
	sets := make([]*pb.MatcherSet, len(s.Matchers))
	for i, set := range s.Matchers {
		sets[i] = &pb.MatcherSet{Matchers: make([]*pb.Matcher, len(set))}
		for j, m := range set {
			sets[i].Matchers[j] = &pb.Matcher{Type: wireType(m.Type), Name: m.Name, Pattern: m.Value}
		}
	}
	return &pb.MeshSilence{
		Silence: &pb.Silence{
			Id:          s.ID,
			MatcherSets: sets,
			StartsAt:    timestamp(s.StartsAt),
			EndsAt:      timestamp(s.EndsAt),
			UpdatedAt:   timestamp(s.UpdatedAt),
			CreatedBy:   s.CreatedBy,
			Comment:     s.Comment,
			Annotations: s.Annotations,
		},
		ExpiresAt: timestamp(s.ExpiresAt),
	}
}

// fromMessage returns the silence of a message of this or an older format: there
// was a time of one set of matchers, and before it one of several comments.
func fromMessage(m *pb.MeshSilence) *Silence {
	sets := m.Silence.MatcherSets
	if len(sets) == 0 && len(m.Silence.Matchers) > 0 {
		sets = []*pb.MatcherSet{{Matchers: m.Silence.Matchers}}
	}
	s := &Silence{
		ID:          m.Silence.Id,
		Matchers:    make([]labels.Matchers, len(sets)),
		StartsAt:    instantOf(m.Silence.StartsAt),
		EndsAt:      instantOf(m.Silence.EndsAt),
		UpdatedAt:   instantOf(m.Silence.UpdatedAt),
		ExpiresAt:   instantOf(m.ExpiresAt),
		CreatedBy:   m.Silence.CreatedBy,
		Comment:     m.Silence.Comment,
		Annotations: maps.Clone(m.Silence.Annotations),
	}
	for i, set := range sets {
		s.Matchers[i] = make(labels.Matchers, len(set.GetMatchers()))
		for j, m := range set.GetMatchers() {
			s.Matchers[i][j] = &labels.Matcher{Type: matchType(m.GetType()), Name: m.GetName(), Value: m.GetPattern()}
		}
	}
	if comments := m.Silence.Comments; len(comments) > 0 {
		s.Comment, s.CreatedBy = comments[0].GetComment(), comments[0].GetAuthor()
	}
	return s
}

// wireType and matchType translate types of matchers, whose numbers differ. Types
// that neither side knows keep their number.
func wireType(t labels.MatchType) pb.Matcher_Type {
	switch t {
	case labels.MatchNotEqual:
		return pb.Matcher_NOT_EQUAL
	case labels.MatchRegexp:
		return pb.Matcher_REGEXP
	}
	return pb.Matcher_Type(t)
}

func matchType(t pb.Matcher_Type) labels.MatchType {
	switch t {
	case pb.Matcher_NOT_EQUAL:
		return labels.MatchNotEqual
	case pb.Matcher_REGEXP:
		return labels.MatchRegexp
	}
	return labels.MatchType(t)
}

// A time that is not there is the zero time.

func timestamp(t time.Time) *timestamppb.Timestamp {
	if t.IsZero() {
		return nil
	}
	return timestamppb.New(t)
}

func instantOf(t *timestamppb.Timestamp) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.AsTime()
}
