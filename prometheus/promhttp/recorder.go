package promhttp

import (
	"bufio"
	"io"
	"net"
	"net/http"
)

// A handler finds out by type assertions what its ResponseWriter can do, and
// takes other ways if it cannot. So what it is given must be able to do what the
// writer below can, no less and no more: of five abilities, which makes 32 types.
// Each is one of the others with one ability added, and nothing else, so that
// whichever it is, one object is allocated.

// ability is a set of what a ResponseWriter can do besides.
type ability int

const (
	flushes        ability = 1 << iota // F: http.Flusher
	readsFrom                          // R: io.ReaderFrom
	notifiesClosed                     // C: http.CloseNotifier
	hijacks                            // H: http.Hijacker
	pushes                             // P: http.Pusher
)

func abilitiesOf(w http.ResponseWriter) ability {
	var all ability
	if _, ok := w.(http.Flusher); ok {
		all |= flushes
	}
	if _, ok := w.(io.ReaderFrom); ok {
		all |= readsFrom
	}
	//lint:ignore SA1019 handlers that still use it must go on working
	if _, ok := w.(http.CloseNotifier); ok {
		all |= notifiesClosed
	}
	if _, ok := w.(http.Hijacker); ok {
		all |= hijacks
	}
	if _, ok := w.(http.Pusher); ok {
		all |= pushes
	}
	return all
}

// recorder is a response, with whatever abilities.
type recorder interface {
	http.ResponseWriter
	recorded() *response
}

// record returns a recorder of what goes to a ResponseWriter from now on. Where
// an instrumented handler is all that another one contains, both share one.
func record(w http.ResponseWriter) recorder {
	if outer, ok := w.(recorder); ok && !outer.recorded().wroteHeader {
		return outer
	}
	return newRecorder(w)
}

// newRecorder returns a recorder that is not shared.
func newRecorder(w http.ResponseWriter) recorder {
	r := recorders[abilitiesOf(w)]()
	r.recorded().ResponseWriter = w
	return r
}

// recorders make a blank recorder with each set of abilities.
var recorders = [32]func() recorder{
	blank[response], blank[withF], blank[withR], blank[withFR],
	blank[withC], blank[withFC], blank[withRC], blank[withFRC],
	blank[withH], blank[withFH], blank[withRH], blank[withFRH],
	blank[withCH], blank[withFCH], blank[withRCH], blank[withFRCH],
	blank[withP], blank[withFP], blank[withRP], blank[withFRP],
	blank[withCP], blank[withFCP], blank[withRCP], blank[withFRCP],
	blank[withHP], blank[withFHP], blank[withRHP], blank[withFRHP],
	blank[withCHP], blank[withFCHP], blank[withRCHP], blank[withFRCHP],
}

func blank[T any, P interface {
	*T
	recorder
}]() recorder {
	return P(new(T))
}

type (
	withF     struct{ response }
	withR     struct{ response }
	withFR    struct{ withF }
	withC     struct{ response }
	withFC    struct{ withF }
	withRC    struct{ withR }
	withFRC   struct{ withFR }
	withH     struct{ response }
	withFH    struct{ withF }
	withRH    struct{ withR }
	withFRH   struct{ withFR }
	withCH    struct{ withC }
	withFCH   struct{ withFC }
	withRCH   struct{ withRC }
	withFRCH  struct{ withFRC }
	withP     struct{ response }
	withFP    struct{ withF }
	withRP    struct{ withR }
	withFRP   struct{ withFR }
	withCP    struct{ withC }
	withFCP   struct{ withFC }
	withRCP   struct{ withRC }
	withFRCP  struct{ withFRC }
	withHP    struct{ withH }
	withFHP   struct{ withFH }
	withRHP   struct{ withRH }
	withFRHP  struct{ withFRH }
	withCHP   struct{ withCH }
	withFCHP  struct{ withFCH }
	withRCHP  struct{ withRCH }
	withFRCHP struct{ withFRCH }
)

func (w *withF) Flush()            { w.flush() }
func (w *withF) FlushError() error { return w.flushError() }

func (w *withR) ReadFrom(r io.Reader) (int64, error)  { return w.readFrom(r) }
func (w *withFR) ReadFrom(r io.Reader) (int64, error) { return w.readFrom(r) }

func (w *withC) CloseNotify() <-chan bool   { return w.closeNotify() }
func (w *withFC) CloseNotify() <-chan bool  { return w.closeNotify() }
func (w *withRC) CloseNotify() <-chan bool  { return w.closeNotify() }
func (w *withFRC) CloseNotify() <-chan bool { return w.closeNotify() }

func (w *withH) Hijack() (net.Conn, *bufio.ReadWriter, error)    { return w.hijack() }
func (w *withFH) Hijack() (net.Conn, *bufio.ReadWriter, error)   { return w.hijack() }
func (w *withRH) Hijack() (net.Conn, *bufio.ReadWriter, error)   { return w.hijack() }
func (w *withFRH) Hijack() (net.Conn, *bufio.ReadWriter, error)  { return w.hijack() }
func (w *withCH) Hijack() (net.Conn, *bufio.ReadWriter, error)   { return w.hijack() }
func (w *withFCH) Hijack() (net.Conn, *bufio.ReadWriter, error)  { return w.hijack() }
func (w *withRCH) Hijack() (net.Conn, *bufio.ReadWriter, error)  { return w.hijack() }
func (w *withFRCH) Hijack() (net.Conn, *bufio.ReadWriter, error) { return w.hijack() }

func (w *withP) Push(s string, o *http.PushOptions) error     { return w.push(s, o) }
func (w *withFP) Push(s string, o *http.PushOptions) error    { return w.push(s, o) }
func (w *withRP) Push(s string, o *http.PushOptions) error    { return w.push(s, o) }
func (w *withFRP) Push(s string, o *http.PushOptions) error   { return w.push(s, o) }
func (w *withCP) Push(s string, o *http.PushOptions) error    { return w.push(s, o) }
func (w *withFCP) Push(s string, o *http.PushOptions) error   { return w.push(s, o) }
func (w *withRCP) Push(s string, o *http.PushOptions) error   { return w.push(s, o) }
func (w *withFRCP) Push(s string, o *http.PushOptions) error  { return w.push(s, o) }
func (w *withHP) Push(s string, o *http.PushOptions) error    { return w.push(s, o) }
func (w *withFHP) Push(s string, o *http.PushOptions) error   { return w.push(s, o) }
func (w *withRHP) Push(s string, o *http.PushOptions) error   { return w.push(s, o) }
func (w *withFRHP) Push(s string, o *http.PushOptions) error  { return w.push(s, o) }
func (w *withCHP) Push(s string, o *http.PushOptions) error   { return w.push(s, o) }
func (w *withFCHP) Push(s string, o *http.PushOptions) error  { return w.push(s, o) }
func (w *withRCHP) Push(s string, o *http.PushOptions) error  { return w.push(s, o) }
func (w *withFRCHP) Push(s string, o *http.PushOptions) error { return w.push(s, o) }
