package prometheus

import (
	"io"

	"github.com/cresset-metrics/cresset/internal/atomicfile"
	"github.com/cresset-metrics/cresset/internal/exposition"
	"github.com/cresset-metrics/cresset/internal/registry"
	"github.com/cresset-metrics/cresset/prometheus/internal/message"
)

// WriteToTextfile writes what the Gatherer has now to a file in the text format,
// for the textfile collector of the node exporter. The file, which everybody may
// read, takes the place of one of that name in one step, so that a reader sees
// either the old or the new one, whole. After an error the old one is still
// there.
func WriteToTextfile(filename string, g Gatherer) error {
	page, err := pageOf(g)
	if err != nil {
		return err
	}
	return atomicfile.Replace(filename, func(w io.Writer) error {
		text := exposition.NewText(w, exposition.AllowUTF8)
		page.Write(text)
		return text.Close()
	})
}

// pageOf returns all that the Gatherer has, or else an error.
func pageOf(g Gatherer) (*registry.Page, error) {
	if r, ok := g.(*Registry); ok {
		return r.Page()
	}
	families, err := g.Gather()
	if err != nil {
		return nil, err
	}
	for _, mf := range families {
		if err := message.CheckText(mf); err != nil {
			return nil, err
		}
	}
	return message.Page(families), nil
}
