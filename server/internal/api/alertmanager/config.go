package alertmanager

import (
	"fmt"
	"reflect"
	"strings"

	amconfig "github.com/prometheus/alertmanager/config"
	"go.yaml.in/yaml/v3"
)

const hidden = "<secret>"

// hiddenURL stands for a webhook's address. Newer amtools would also read the
// bare "<secret>" that hides other secrets, but those up to 0.25, which Debian
// has, know this one setting as a plain URL and refuse what is none.
const hiddenURL = "http://secret.invalid/" + hidden

// shownConfig writes a configuration as /status shows it: secrets hidden, and
// what only repeats a default or a global setting left out. That matters because
// amtool reads it with the strict reader of its own version: it must meet no
// setting that the user's file does without.
func shownConfig(c *amconfig.Config) (string, error) {
	tree, err := configTree(c)
	if err != nil {
		return "", err
	}
	defaults, err := configTree(defaultConfig())
	if err != nil {
		return "", err
	}
	global := field(tree, "global")
	for _, receiver := range items(field(tree, "receivers")) {
		trimReceiver(receiver, items(field(defaults, "receivers"))[0], global)
	}
	trim(global, field(defaults, "global"))
	if global != nil && len(global.Content) == 0 {
		remove(tree, func(key string, _ *yaml.Node) bool { return key == "global" })
	}
	b, err := yaml.Marshal(tree)
	return string(b), err
}

// configTree returns the configuration as its own package writes it, which hides
// every secret.
func configTree(c *amconfig.Config) (*yaml.Node, error) {
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(c.String()), &doc); err != nil {
		return nil, fmt.Errorf("configuration cannot be shown: %w", err)
	}
	if len(doc.Content) == 0 {
		return nil, fmt.Errorf("configuration cannot be shown: it is empty")
	}
	return doc.Content[0], nil
}

// defaultConfig returns the global defaults, and one receiver that has each kind
// of integration once with nothing set.
func defaultConfig() *amconfig.Config {
	var receiver amconfig.Receiver
	fields := reflect.ValueOf(&receiver).Elem()
	for i := range fields.NumField() {
		list := fields.Field(i)
		if list.Kind() != reflect.Slice || list.Type().Elem().Kind() != reflect.Pointer {
			continue
		}
		integration := reflect.New(list.Type().Elem().Elem())
		// Reading an empty text sets the defaults first and then finds that
		// something required is missing, which does not matter here.
		_ = yaml.Unmarshal([]byte("{}"), integration.Interface())
		list.Set(reflect.Append(list, integration))
	}
	return &amconfig.Config{Global: new(amconfig.DefaultGlobalConfig()), Receivers: []amconfig.Receiver{receiver}}
}

// trimReceiver removes from a receiver the label that only repeats its name, and
// from its integrations what they would have anyway.
func trimReceiver(receiver, defaults, global *yaml.Node) {
	remove(receiver, func(key string, v *yaml.Node) bool { return key == "labels" && len(v.Content) == 2 })
	for i := 0; i+1 < len(receiver.Content); i += 2 {
		kind, isIntegration := strings.CutSuffix(receiver.Content[i].Value, "_configs")
		if !isIntegration {
			continue
		}
		for _, integration := range items(receiver.Content[i+1]) {
			for _, d := range items(field(defaults, kind+"_configs")) {
				trim(integration, d)
			}
			remove(integration, func(key string, v *yaml.Node) bool { return inherited(global, kind, key, v) })
			if url := field(integration, "url"); kind == "webhook" && url != nil && url.Value == hidden {
				url.Value = hiddenURL
			}
		}
	}
}

// inherited says whether an integration has a value from the global section. A
// hidden one could be any.
func inherited(global *yaml.Node, kind, key string, v *yaml.Node) bool {
	if kind == "email" {
		kind = "smtp"
	}
	return v.Value != hidden && (equal(v, field(global, kind+"_"+key)) || equal(v, field(global, key)))
}

// trim removes from a mapping the entries that the defaults have too.
func trim(m, defaults *yaml.Node) {
	if m == nil {
		return
	}
	remove(m, func(key string, v *yaml.Node) bool { return equal(v, field(defaults, key)) })
}

// remove removes the entries of a mapping of which drop is true.
func remove(mapping *yaml.Node, drop func(key string, value *yaml.Node) bool) {
	kept := mapping.Content[:0]
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		if !drop(mapping.Content[i].Value, mapping.Content[i+1]) {
			kept = append(kept, mapping.Content[i], mapping.Content[i+1])
		}
	}
	mapping.Content = kept
}

// field returns the value of a mapping's key, or nil.
func field(mapping *yaml.Node, key string) *yaml.Node {
	if mapping == nil || mapping.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		if mapping.Content[i].Value == key {
			return mapping.Content[i+1]
		}
	}
	return nil
}

// items returns the entries of a list; of anything else, none.
func items(list *yaml.Node) []*yaml.Node {
	if list == nil || list.Kind != yaml.SequenceNode {
		return nil
	}
	return list.Content
}

// equal says whether two values that the same program wrote are the same.
func equal(a, b *yaml.Node) bool {
	if a == nil || b == nil || a.Kind != b.Kind || a.Tag != b.Tag || a.Value != b.Value || len(a.Content) != len(b.Content) {
		return false
	}
	for i := range a.Content {
		if !equal(a.Content[i], b.Content[i]) {
			return false
		}
	}
	return true
}
