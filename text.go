package cresset

import (
	"io"

	"github.com/cresset-metrics/cresset/internal/atomicfile"
	"github.com/cresset-metrics/cresset/internal/exposition"
	"github.com/cresset-metrics/cresset/internal/registry"
)

// WriteText writes what the registry exposes now in the text format 0.0.4, names
// as they are: for people and for programs that nobody scrapes.
func (r *Registry) WriteText(w io.Writer) error {
	page, err := r.Page()
	if err != nil {
		return err
	}
	return writeText(w, page)
}

// WriteTextfile writes what the registry exposes now to a file, for the textfile
// collector of the node exporter, which reads all files of a folder whose names
// end in ".prom":
//
//	err := reg.WriteTextfile("/var/lib/node_exporter/backup.prom")
//
// The file, which everybody may read, takes the place of one of that name in one
// step, so that a reader sees either the old or the new one, whole. After an error
// the old one is still there.
func (r *Registry) WriteTextfile(filename string) error {
	page, err := r.Page()
	if err != nil {
		return err
	}
	return atomicfile.Replace(filename, func(w io.Writer) error { return writeText(w, page) })
}

func writeText(w io.Writer, page *registry.Page) error {
	text := exposition.NewText(w, exposition.AllowUTF8)
	page.Write(text)
	return text.Close()
}
