//go:build js || wasip1

package prometheus

func processSupported() bool { return false }

func (c *processCollector) known() []*Desc { return nil }

func (c *processCollector) collect(int, processReport) {}
