package promhttp_test

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"encoding/binary"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"
)

// TestPush speaks HTTP/2 by hand: the client of net/http wants nothing pushed.
func TestPush(t *testing.T) {
	s := startServer(t, 2, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/" {
			fmt.Fprint(w, "pushed")
			return
		}
		if err := w.(http.Pusher).Push("/style.css", nil); err != nil {
			t.Errorf("Push: got %v, want no error", err)
		}
		w.WriteHeader(http.StatusAccepted)
	})
	conn, err := tls.Dial("tcp", s.Listener.Addr().String(), &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"h2"}})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(deadline)); err != nil {
		t.Fatal(err)
	}
	const data, headers, settings, pushPromise = 0, 1, 4, 5
	const endStream, endHeaders = 1, 4
	var request bytes.Buffer
	request.WriteString("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
	writeFrame(&request, settings, 0, 0, nil)
	writeFrame(&request, headers, endStream|endHeaders, 1, []byte("\x82\x84\x87\x41\x01a")) // GET, /, https, authority a
	if _, err := conn.Write(request.Bytes()); err != nil {
		t.Fatal(err)
	}
	promised, pushed := false, ""
	in := bufio.NewReader(conn)
	for pushed == "" {
		kind, payload, err := readFrame(in)
		if err != nil {
			t.Fatal(err)
		}
		switch kind {
		case pushPromise:
			promised = true
		case data:
			pushed = string(payload)
		}
	}
	if !promised || pushed != "pushed" {
		t.Errorf("got promise %t, data %q, want a promise and data that was pushed", promised, pushed)
	}
	s.wait(t, 2)
	wantLines(t, "in_flight 0\n"+`requests_total{code="200",method="get"} 1`+"\n"+`requests_total{code="202",method="get"} 1`+"\n", s.inFlight, s.requests)
}

func writeFrame(out *bytes.Buffer, kind, flags byte, stream uint32, payload []byte) {
	head := binary.BigEndian.AppendUint32(nil, uint32(len(payload)))[1:]
	head = append(head, kind, flags)
	out.Write(binary.BigEndian.AppendUint32(head, stream))
	out.Write(payload)
}

func readFrame(in io.Reader) (kind byte, payload []byte, err error) {
	var head [9]byte
	if _, err := io.ReadFull(in, head[:]); err != nil {
		return 0, nil, err
	}
	payload = make([]byte, int(head[0])<<16|int(head[1])<<8|int(head[2]))
	_, err = io.ReadFull(in, payload)
	return head[3], payload, err
}
