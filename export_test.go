package cresset

import "github.com/cresset-metrics/cresset/internal/registry"

// Register lets tests register sources of their own.
func (r *Registry) Register(d *registry.Desc, s registry.Source) error { return r.register(d, s) }
