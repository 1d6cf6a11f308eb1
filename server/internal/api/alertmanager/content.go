package alertmanager

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"

	openapi "github.com/go-openapi/errors"
	"github.com/go-openapi/runtime/server-middleware/mediatype"
	mediatypes "github.com/go-openapi/runtime/server-middleware/negotiate"
)

// The only type of content that requests and answers can have.
const jsonType = "application/json"

var jsonOnly = []string{jsonType}

// negotiate checks the type of the body, if there is one, and that the client
// takes JSON, and sets the type of the answer. A client that sends JSON gets JSON
// whatever it accepts; the answer then has the empty type.
func negotiate(w http.ResponseWriter, r *http.Request) error {
	sent := ""
	if hasBody(r) {
		var err error
		if sent, err = bodyType(r.Header.Get("Content-Type")); err != nil {
			return err
		}
	}
	if mediatypes.ContentType(r, jsonOnly, sent) == "" {
		return openapi.InvalidResponseFormat(r.Header.Get("Accept"), jsonOnly)
	}
	w.Header().Set("Content-Type", mediatypes.ContentType(r, jsonOnly, ""))
	return nil
}

// bodyType returns the type that a header names, if it is one that is taken.
func bodyType(header string) (string, error) {
	if header == "" {
		header = "application/octet-stream"
	}
	named, _, err := mime.ParseMediaType(header)
	if err != nil {
		return "", openapi.NewParseError("Content-Type", "header", header, err)
	}
	switch _, ok, err := mediatype.MatchFirst(jsonOnly, named); {
	case err != nil:
		return "", openapi.NewParseError("Content-Type", "header", named, err)
	case !ok || strings.Contains(named, "*"): // a type of any kind is none
		return "", openapi.InvalidContentType(named, jsonOnly)
	}
	return named, nil
}

// hasBody says whether there is a body with at least one byte.
func hasBody(r *http.Request) bool {
	if r.ContentLength > 0 {
		return true
	}
	if r.Header.Get("Content-Length") != "" {
		return false
	}
	peeking := bufio.NewReader(r.Body)
	r.Body = struct {
		io.Reader
		io.Closer
	}{peeking, r.Body}
	_, err := peeking.Peek(1)
	return err == nil
}

// decode reads the JSON value that the body begins with; name is what errors call
// the body. It has been checked already that its type is JSON, if there is one.
func (api *API) decode(r *http.Request, name string, v any) error {
	if r.ContentLength > api.opts.MaxBodyBytes {
		return api.tooLarge()
	}
	if !hasBody(r) {
		return openapi.Required(name, "body", "")
	}
	d := json.NewDecoder(r.Body)
	d.UseNumber()
	var tooLarge *http.MaxBytesError
	switch err := d.Decode(v); {
	case err == nil:
		return nil
	case errors.As(err, &tooLarge):
		return api.tooLarge()
	case errors.Is(err, io.EOF):
		return openapi.Required(name, "body", "")
	default:
		return openapi.NewParseError(name, "body", "", err)
	}
}

func (api *API) tooLarge() error {
	return openapi.New(http.StatusRequestEntityTooLarge, "body is larger than %d bytes: send less at a time", api.opts.MaxBodyBytes)
}
