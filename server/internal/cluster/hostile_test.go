package cluster_test

import (
	"errors"
	"net"
	"strings"
	"testing"

	"github.com/prometheus/alertmanager/cluster/clusterpb"
	"google.golang.org/protobuf/proto"

	"github.com/cresset-metrics/cresset/internal/peertest"
)

// userMessage is the first byte of a packet that memberlist hands on.
const userMessage = "\x08"

// Whatever arrives, the cluster goes on.
func TestHostileBytes(t *testing.T) {
	a := start(t, "a")
	b := start(t, "b", a)
	meet(t, "ab", a, b)
	part := func(key, data string) string {
		b, err := proto.Marshal(&clusterpb.Part{Key: key, Data: []byte(data)})
		if err != nil {
			t.Fatal(err)
		}
		return userMessage + string(b)
	}
	packets := []string{
		userMessage,
		userMessage + "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
		userMessage + "\x0a\xff\xff\xff\xff\x07words",
		part("words", "not JSON"),
		part("unheard of", `{"x":true}`),
		part("", ""),
		"", "\x00", "\x06", "\x07\xff", "\x09\xff\xff", "\x0a", "\x0c\x00\x00\x00\x00", "\xf4\x05other", strings.Repeat("\xff", 1400),
		part("words", `{"the last":true}`),
	}
	udp, err := net.Dial("udp", a.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer udp.Close()
	for _, packet := range packets {
		tcp, err := net.Dial("tcp", a.Addr())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tcp.Write([]byte(packet)); err != nil {
			t.Error(err)
		}
		if err := tcp.Close(); err != nil {
			t.Error(err)
		}
	}
	// Packets may be lost: all are sent until the last has arrived.
	peertest.Wait(t, func() bool {
		for _, packet := range packets {
			if _, err := udp.Write([]byte(packet)); err != nil {
				t.Error(err)
			}
		}
		return a.words.has("the last")
	}, "the packet behind the hostile ones was not read")
	peertest.Wait(t, func() bool { return b.words.has("the last") }, "it was not told on")
	peertest.Wait(t, func() bool { return a.log.has(`msg="decode broadcast"`) }, "it is not said that a packet cannot be read")
	peertest.Wait(t, func() bool { return a.log.has(`msg="merge remote state" component=cluster err=`) }, "it is not said that a state cannot be merged")
	if got := a.names(); got != "ab" {
		t.Errorf("the members are %s, want ab", got)
	}
}

// A state that is out of order does not keep the others from being shared, in
// either direction.
func TestOneStateFails(t *testing.T) {
	a := newMember(t, options("a"))
	a.words.refuse = errors.New("out of order")
	a.other.Add("from a")
	a.run(t)
	o := options("b", a.Addr())
	b := newMember(t, o)
	b.words.Add("word")
	b.other.Add("from b")
	b.run(t)
	peertest.Wait(t, func() bool { return a.other.has("from b") && b.other.has("from a") }, "the other state is not shared")
	peertest.Wait(t, func() bool {
		return a.log.has(`msg="merge remote state" component=cluster err="out of order" key=words`) &&
			a.log.has(`msg="encode local state" component=cluster err="out of order" key=words`)
	}, "it is not said which state fails")
}

// Copies with other labels are strangers, section 1.2.
func TestAnotherLabel(t *testing.T) {
	o := options("a")
	o.Label = "one"
	a := newMember(t, o).run(t)
	o = options("b", a.Addr())
	o.Label = "another"
	b := newMember(t, o).run(t)
	peertest.Wait(t, func() bool { return b.log.has("failed to join cluster") }, "it is not said that it could not join")
	o = options("c", a.Addr())
	o.Label = "one"
	c := newMember(t, o).run(t)
	meet(t, "ac", a, c)
	meet(t, "b", b)
}
