package integration_test

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
)

// services are local servers in the place of those that integrations speak to:
// plain HTTP, SMTP with and without TLS, and a proxy that answers itself for all
// that is asked through it. They note what they are sent.
type services struct {
	http, proxy *httptest.Server
	smtp, smtps net.Listener
	certificate tls.Certificate
	running     sync.WaitGroup

	mu     sync.Mutex // guards the rest
	notes  []string
	issues map[string]bool // folders of Jira that have an open issue
	open   []net.Conn      // of SMTP, and tunnels
}

func newServices(t *testing.T) *services {
	t.Helper()
	s := &services{issues: make(map[string]bool)}
	s.http = httptest.NewServer(http.HandlerFunc(s.answer))
	s.proxy = httptest.NewServer(http.HandlerFunc(s.tunnel))
	borrowed := httptest.NewUnstartedServer(nil)
	borrowed.StartTLS()
	s.certificate = borrowed.TLS.Certificates[0]
	borrowed.Close()
	s.smtp, s.smtps = s.listen(t, false), s.listen(t, true)
	t.Cleanup(func() {
		s.http.Close()
		s.proxy.Close()
		s.smtp.Close()
		s.smtps.Close()
		s.mu.Lock()
		for _, c := range s.open {
			c.Close()
		}
		s.mu.Unlock()
		s.running.Wait()
	})
	return s
}

// in replaces the names of the servers in a configuration.
func (s *services) in(yaml string) string {
	return strings.NewReplacer(
		"HTTP", s.http.Listener.Addr().String(),
		"PROXY", s.proxy.Listener.Addr().String(),
		"SMTPS", s.smtps.Addr().String(),
		"SMTP", s.smtp.Addr().String(),
	).Replace(yaml)
}

func (s *services) note(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.notes = append(s.notes, text)
}

// keep remembers a connection that has to be closed at the end.
func (s *services) keep(c net.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open = append(s.open, c)
}

// sent returns the notes so far, sorted.
func (s *services) sent() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Sorted(slices.Values(s.notes))
}

// take is sent, and begins anew.
func (s *services) take() []string {
	all := s.sent()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.notes = nil
	return all
}

// differ are the headers that differ between two clients that send the same.
var differ = []string{"Authorization", "X-Amz-Date", "X-Amz-Security-Token", "Amz-Sdk-Invocation-Id", "User-Agent", "Content-Length"}

// answer notes a request and answers as the service does.
func (s *services) answer(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	headers := r.Header.Clone()
	if strings.HasPrefix(headers.Get("Authorization"), "AWS4") {
		agent, _, _ := strings.Cut(headers.Get("User-Agent"), " m/")
		headers.Set("X-Signed-By", agent)
		for _, name := range differ {
			headers.Del(name)
		}
	} else {
		agent, _, _ := strings.Cut(headers.Get("User-Agent"), "/")
		headers.Set("User-Agent", agent)
		headers.Del("Content-Length")
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s\n", r.Method, r.URL)
	_ = headers.Write(&b) // sorted; a Builder takes all
	b.Write(body)
	s.note(strings.ReplaceAll(b.String(), r.Host, "HOST"))
	s.respond(w, r)
}

func (s *services) respond(w http.ResponseWriter, r *http.Request) {
	path := r.URL.Path
	switch {
	case r.URL.Host == "slack.com" || r.Host == "slack.com":
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, `{"ok":true,"ts":"17.5","channel":"C99"}`)
	case strings.HasPrefix(path, "/slack"):
		fmt.Fprint(w, "ok")
	case strings.HasPrefix(path, "/rocketchat"):
		fmt.Fprint(w, `{"success":true}`)
	case strings.HasPrefix(path, "/telegram"):
		fmt.Fprint(w, `{"ok":true,"result":{"message_id":1,"chat":{"id":1}}}`)
	case strings.HasSuffix(path, "/gettoken"):
		fmt.Fprint(w, `{"access_token":"wechat-token"}`)
	case strings.HasPrefix(path, "/wechat"):
		fmt.Fprint(w, `{"errcode":0}`)
	case strings.HasPrefix(path, "/sns"):
		fmt.Fprint(w, `<PublishResponse><PublishResult><MessageId>1</MessageId></PublishResult></PublishResponse>`)
	case strings.HasPrefix(path, "/jira"):
		s.jira(w, r)
	default:
		fmt.Fprint(w, "{}")
	}
}

// jira has at most one issue in each of its folders.
func (s *services) jira(w http.ResponseWriter, r *http.Request) {
	folder, path, _ := strings.Cut(r.URL.Path, "/rest/")
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case strings.Contains(path, "search") && s.issues[folder]:
		fmt.Fprint(w, `{"issues":[{"key":"K-1","fields":{"status":{"statusCategory":{"key":"new"}}}}]}`)
	case strings.Contains(path, "search"):
		fmt.Fprint(w, `{"issues":[]}`)
	case r.Method == http.MethodGet:
		fmt.Fprint(w, `{"transitions":[{"id":"11","name":"Close"},{"id":"12","name":"Reopen"}]}`)
	case strings.HasSuffix(path, "/issue"):
		s.issues[folder] = true
		w.WriteHeader(http.StatusCreated)
		fmt.Fprint(w, `{"key":"K-1"}`)
	default:
		w.WriteHeader(http.StatusNoContent)
	}
}

// tunnel answers what is asked through a tunnel as if it were the other end.
func (s *services) tunnel(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodConnect {
		s.answer(w, r)
		return
	}
	c, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	s.keep(c)
	s.running.Go(func() {
		defer c.Close()
		if _, err := io.WriteString(c, "HTTP/1.1 200 OK\r\n\r\n"); err != nil {
			return
		}
		secure := tls.Server(c, &tls.Config{Certificates: []tls.Certificate{s.certificate}})
		reader := bufio.NewReader(secure)
		for {
			inner, err := http.ReadRequest(reader)
			if err != nil {
				return
			}
			inner.URL.Scheme, inner.URL.Host = "https", inner.Host
			recorder := httptest.NewRecorder()
			s.answer(recorder, inner)
			response := recorder.Result()
			response.ContentLength = int64(recorder.Body.Len())
			if response.Write(secure) != nil {
				return
			}
		}
	})
}

// listen serves SMTP.
func (s *services) listen(t *testing.T, secure bool) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if secure {
		l = tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{s.certificate}})
	}
	s.running.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			s.keep(c)
			s.running.Go(func() { s.session(c) })
		}
	})
	return l
}

// session is one session of SMTP, noted when it ends.
func (s *services) session(c net.Conn) {
	var log strings.Builder
	defer func() {
		c.Close()
		s.note(log.String())
	}()
	reader := bufio.NewReader(c)
	say := func(text string) { fmt.Fprintf(c, "%s\r\n", text) }
	read := func() string {
		line, err := reader.ReadString('\n')
		if err != nil {
			return ""
		}
		fmt.Fprint(&log, line)
		return strings.TrimSpace(line)
	}
	say("220 local")
	for {
		line := read()
		verb, _, _ := strings.Cut(strings.ToUpper(line), " ")
		switch verb {
		case "":
			return
		case "EHLO":
			if _, secure := c.(*tls.Conn); secure {
				say("250-local\r\n250 AUTH PLAIN LOGIN")
			} else {
				say("250-local\r\n250-STARTTLS\r\n250 AUTH LOGIN CRAM-MD5")
			}
		case "STARTTLS":
			say("220 go on")
			c = tls.Server(c, &tls.Config{Certificates: []tls.Certificate{s.certificate}})
			reader = bufio.NewReader(c)
		case "AUTH":
			if strings.Contains(strings.ToUpper(line), "LOGIN") {
				say("334 " + base64.StdEncoding.EncodeToString([]byte("Username:")))
				read()
				say("334 " + base64.StdEncoding.EncodeToString([]byte("Password:")))
				read()
			}
			say("235 welcome")
		case "DATA":
			say("354 go on")
			for {
				line, err := reader.ReadBytes('\n')
				if err != nil {
					return
				}
				log.Write(line)
				if bytes.Equal(line, []byte(".\r\n")) {
					break
				}
			}
			say("250 taken")
		case "QUIT":
			say("221 bye")
			return
		default:
			say("250 ok")
		}
	}
}
