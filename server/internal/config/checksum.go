package config

import (
	"crypto/sha256"
	"fmt"
	"hash"
	"os"
	"path/filepath"
	"slices"

	commonconfig "github.com/prometheus/common/config"

	"github.com/cresset-metrics/cresset/server/internal/document"
)

// Checksum stands for the content of a configuration: of its files, and of the
// files that these name as parts of themselves.
type Checksum [sha256.Size]byte

// namedParts are the keys with the patterns of those files.
var namedParts = []string{"rule_files", "scrape_config_files", "templates"}

// Checksum reads the files as they are now, good or bad: another checksum later
// means that loading them may have another outcome. Files with secrets and
// certificates are no part of it, because they are read whenever they are used.
func (f Files) Checksum() Checksum {
	sum := sha256.New()
	for _, path := range []string{f.Prometheus, f.Alertmanager} {
		if path != "" {
			addFile(sum, path)
			for _, part := range partsOf(path) {
				addFile(sum, part)
			}
		}
	}
	return Checksum(sum.Sum(nil))
}

// partsOf are the files that a file names as parts of itself, as far as that can be
// told.
func partsOf(path string) []string {
	content, err := read(path)
	if err != nil {
		return nil
	}
	root, _, err := parseTree(path, content)
	if err != nil {
		return nil
	}
	var parts []string
	for _, key := range namedParts {
		for _, pattern := range document.Elements(document.Child(root, key)) {
			// Nothing is found for a bad pattern, of which loading will tell.
			files, _ := filepath.Glob(commonconfig.JoinDir(filepath.Dir(path), document.Follow(pattern).Value))
			parts = append(parts, files...)
		}
	}
	slices.Sort(parts)
	return slices.Compact(parts)
}

// addFile adds name and content of a file, or that it cannot be read.
func addFile(sum hash.Hash, path string) {
	content, err := os.ReadFile(path)
	fmt.Fprintf(sum, "%q %t %d\n", path, err == nil, len(content)) // a hash takes everything
	sum.Write(content)
}
