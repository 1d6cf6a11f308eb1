package integration

import (
	"reflect"
	"strings"

	"github.com/prometheus/alertmanager/config"
)

// text is a text of a configuration that its integration expands as a template.
type text struct {
	key     string // under which it stands, or the list or mapping that it is in
	source  string
	html    bool // expanded as HTML
	address bool // says where a notification goes, or who sends it
}

// addresses are the keys with such texts. Secrets and URLs, which have types of
// their own, belong to them, too.
var addresses = setOf(`
	to from
	channel
	routing_key
	responders
	to_user to_party to_tag agent_id corp_id
	device
	api_url topic_arn target_arn phone_number
	room_id
	project issue_type`)

// literal are the keys whose texts no integration expands, and "KIND KEY" those
// that this kind does not expand.
var literal = setOf(`
	hello smarthost auth_username auth_identity thread_by_date
	mrkdwn_in parse_mode api_type wont_fix_resolution reopen_transition resolve_transition`,
	"discord username", "discord avatar_url", "wechat message_type",
	"rocketchat type", "rocketchat imageurl", "rocketchat webviewheightratio", "rocketchat msgprocessingtype")

// setOf returns the set of all words, and of the phrases.
func setOf(words string, phrases ...string) map[string]bool {
	set := make(map[string]bool)
	for w := range strings.FieldsSeq(words) {
		set[w] = true
	}
	for _, p := range phrases {
		set[p] = true
	}
	return set
}

// textsOf returns the templates of a receiver that has one integration.
func textsOf(rc config.Receiver) []text {
	var all []text
	met := make(map[text]bool)
	rewritten(rc, func(t text) string {
		if strings.Contains(t.source, "{{") && !met[t] {
			met[t] = true
			all = append(all, t)
		}
		return t.source
	})
	return all
}

// rewritten returns a copy of a receiver that has one integration, in which each
// text is what f says.
func rewritten(rc config.Receiver, f func(text) string) config.Receiver {
	copied := reflect.New(reflect.TypeFor[config.Receiver]()).Elem()
	from := reflect.ValueOf(rc)
	for i := range from.NumField() {
		copied.Field(i).Set(from.Field(i))
		if from.Field(i).Kind() == reflect.Slice && from.Field(i).Len() > 0 {
			key, _, _ := strings.Cut(from.Type().Field(i).Tag.Get("yaml"), ",")
			kind := strings.TrimSuffix(key, "_configs")
			w := rewriter{f: f, kind: kind, html: htmlKey(rc)}
			copied.Field(i).Set(w.copy(from.Field(i), ""))
		}
	}
	return copied.Interface().(config.Receiver)
}

// htmlKey is the key whose text the integration expands as HTML.
func htmlKey(rc config.Receiver) string {
	switch {
	case len(rc.EmailConfigs) > 0:
		return "html"
	case len(rc.TelegramConfigs) > 0 && rc.TelegramConfigs[0].ParseMode == "HTML",
		len(rc.PushoverConfigs) > 0 && rc.PushoverConfigs[0].HTML:
		return "message"
	}
	return ""
}

// rewriter copies the configuration of an integration.
type rewriter struct {
	f    func(text) string
	kind string
	html string
}

// copy returns a copy of v, which stands under the key. What holds no texts is not
// copied, but shared.
func (w *rewriter) copy(v reflect.Value, key string) reflect.Value {
	if literal[key] || literal[w.kind+" "+key] || strings.HasSuffix(key, "_file") {
		return v
	}
	switch v.Kind() {
	case reflect.String:
		t := text{key: key, source: v.String(), html: key == w.html, address: addresses[key] || isForeign(v.Type())}
		return reflect.ValueOf(w.f(t)).Convert(v.Type())
	case reflect.Pointer:
		if !v.IsNil() && !isForeign(v.Type().Elem()) {
			copied := reflect.New(v.Type().Elem())
			copied.Elem().Set(w.copy(v.Elem(), key))
			return copied
		}
	case reflect.Interface:
		if !v.IsNil() {
			return w.copy(v.Elem(), key)
		}
	case reflect.Struct:
		if !isForeign(v.Type()) {
			return w.copyStruct(v)
		}
	case reflect.Slice:
		if !v.IsNil() {
			copied := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
			for i := range v.Len() {
				copied.Index(i).Set(w.copy(v.Index(i), key))
			}
			return copied
		}
	case reflect.Map:
		if !v.IsNil() {
			copied := reflect.MakeMapWithSize(v.Type(), v.Len())
			for k, value := range v.Seq2() {
				copied.SetMapIndex(k, w.copy(value, key))
			}
			return copied
		}
	}
	return v
}

func (w *rewriter) copyStruct(v reflect.Value) reflect.Value {
	copied := reflect.New(v.Type()).Elem()
	copied.Set(v)
	for i := range v.NumField() {
		field := v.Type().Field(i)
		if !field.IsExported() || field.Anonymous {
			continue
		}
		key, _, _ := strings.Cut(field.Tag.Get("yaml"), ",")
		if key == "" {
			key = strings.ToLower(field.Name)
		}
		copied.Field(i).Set(w.copy(v.Field(i), key))
	}
	return copied
}

// isForeign says whether a type is one of those that several kinds of integrations
// share: a secret, a URL, an HTTP client.
func isForeign(t reflect.Type) bool {
	switch t.PkgPath() {
	case "github.com/prometheus/common/config", "github.com/prometheus/alertmanager/config/common", "github.com/prometheus/sigv4":
		return true
	}
	return false
}
