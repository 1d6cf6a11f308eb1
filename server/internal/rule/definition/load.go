package definition

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/cresset-metrics/cresset/server/internal/query/syntax"
)

// Options say how rule files are read. The zero value is how Prometheus reads
// them.
type Options struct {
	// Names says which names of labels and metrics are valid. Unset is UTF-8.
	Names model.ValidationScheme

	// Language is the PromQL that expressions may use. Nil is syntax.Default.
	Language *parser.Options

	// IgnoreUnknownFields accepts fields that rule files do not have.
	IgnoreUnknownFields bool

	// Lenient uses what is good of a file that is not good as a whole. All errors
	// are found and returned as they are otherwise.
	Lenient bool
}

// LoadGlobs loads the rule files that match the patterns, each file once. The
// error joins all errors of all files. With any, there are no files, unless o is
// lenient: then there is a File for each path that matches. Warnings say what was
// accepted, but is perhaps not what was meant: a pattern that matches nothing, for
// instance, or a rule that repeats another.
func LoadGlobs(patterns []string, o Options) (files []*File, warnings []string, err error) {
	var errs []error
	seen := make(map[string]bool)
	for _, pattern := range patterns {
		paths, err := filepath.Glob(pattern)
		if err != nil {
			errs = append(errs, fmt.Errorf("rule_files: bad pattern %q: %w", pattern, err))
			continue
		}
		if len(paths) == 0 {
			warnings = append(warnings, fmt.Sprintf("rule_files: no file matches %q", pattern))
		}
		for _, path := range paths {
			if seen[path] {
				continue
			}
			seen[path] = true
			file, warned, err := loadRegular(path, o)
			warnings = append(warnings, warned...)
			if err != nil {
				errs = append(errs, err)
			}
			if file != nil {
				warnings = append(warnings, file.DuplicateWarnings()...)
				files = append(files, file)
			}
		}
	}
	if len(errs) > 0 && !o.Lenient {
		files = nil
	}
	return files, warnings, errors.Join(errs...)
}

// loadRegular loads a rule file that a pattern matches, unless it is something, such
// as a named pipe, that may make who opens it wait for ever.
func loadRegular(path string, o Options) (*File, []string, error) {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() && !info.IsDir() {
		return unreadable(path, errors.New("is not a regular file"), o)
	}
	return Load(path, o)
}

// Load loads one rule file; see Parse.
func Load(path string, o Options) (*File, []string, error) {
	f, err := os.Open(path)
	if err != nil {
		return unreadable(path, err, o)
	}
	defer f.Close()
	return Read(path, f, o)
}

// Read reads what a reader gives, which may have no end; see Parse.
func Read(path string, r io.Reader, o Options) (*File, []string, error) {
	content, err := io.ReadAll(io.LimitReader(r, maxBytes+1))
	if err != nil {
		return unreadable(path, err, o)
	}
	return Parse(path, content, o)
}

func unreadable(path string, err error, o Options) (*File, []string, error) {
	if pathErr, ok := errors.AsType[*fs.PathError](err); ok {
		err = pathErr.Err // the path is said already
	}
	err = fmt.Errorf("%s: %w", path, err)
	if o.Lenient {
		return &File{Path: path, Broken: err}, nil, err
	}
	return nil, nil, err
}

// Parse reads the content of a rule file; path is used for messages and as the
// file's name. The error joins all errors that were found, one line each:
// "path:line:column: reason", or "path:line: reason" where the column is not
// known. With any there is no File, unless o is lenient: then there always is one.
// Warnings begin with their position likewise; repeated rules are not among them.
func Parse(path string, content []byte, o Options) (*File, []string, error) {
	if o.Names == model.UnsetValidation {
		o.Names = model.UTF8Validation
	}
	if o.Language == nil {
		o.Language = &syntax.Default
	}
	l := &loader{path: path, options: o, expressions: syntax.NewParser(*o.Language)}
	file := l.file(content)
	err := l.since(0)
	if err != nil && !o.Lenient {
		return nil, l.warnings, err
	}
	return file, l.warnings, err
}
