// Package object reads and compares Kubernetes objects as decoded JSON.
package object

import (
	"bytes"
	"encoding/json"
	"sort"
)

// Object is any Kubernetes object, or a part of one.
type Object = map[string]any

// Child is the object at a path, or nil.
func Child(object Object, path ...string) Object {
	for _, field := range path {
		object, _ = object[field].(map[string]any)
	}
	return object
}

// String is the string at a path, or "".
func String(object Object, path ...string) string {
	last := len(path) - 1
	text, _ := Child(object, path[:last]...)[path[last]].(string)
	return text
}

// List holds the objects of the list at a path. What is no object is left out.
func List(object Object, path ...string) []Object {
	last := len(path) - 1
	items, _ := Child(object, path[:last]...)[path[last]].([]any)
	var objects []Object
	for _, item := range items {
		if item, ok := item.(map[string]any); ok {
			objects = append(objects, item)
		}
	}
	return objects
}

// Name is the object's name in its metadata.
func Name(object Object) string { return String(object, "metadata", "name") }

// Namespace is the object's namespace in its metadata.
func Namespace(object Object) string { return String(object, "metadata", "namespace") }

// ID names an object among those of its kind.
func ID(object Object) string { return Namespace(object) + "/" + Name(object) }

// Parse decodes one JSON object, with integers as int64.
func Parse(text []byte) (Object, error) {
	var object Object
	if err := json.Unmarshal(text, &object); err != nil {
		return nil, err
	}
	return Normal(object), nil
}

// Normal copies an object, with the number types that apimachinery copies and validates: int64 and float64.
func Normal(object Object) Object {
	value, _ := NormalValue(object).(map[string]any)
	return value
}

// NormalValue does for any value what Normal does for objects.
func NormalValue(value any) any {
	switch value := value.(type) {
	case map[string]any:
		copied := make(map[string]any, len(value))
		for field, inner := range value {
			copied[field] = NormalValue(inner)
		}
		return copied
	case []any:
		copied := make([]any, len(value))
		for i, inner := range value {
			copied[i] = NormalValue(inner)
		}
		return copied
	case float64:
		if value == float64(int64(value)) {
			return int64(value)
		}
	case int:
		return int64(value)
	case int32:
		return int64(value)
	}
	return value
}

// Equal compares two values as JSON.
func Equal(a, b any) bool {
	left, leftErr := json.Marshal(a)
	right, rightErr := json.Marshal(b)
	return leftErr == nil && rightErr == nil && bytes.Equal(left, right)
}

// Sort orders objects by namespace, then name.
func Sort(objects []Object) {
	sort.Slice(objects, func(a, b int) bool {
		if left, right := Namespace(objects[a]), Namespace(objects[b]); left != right {
			return left < right
		}
		return Name(objects[a]) < Name(objects[b])
	})
}

// Spec copies what counts for an object's generation: all but its type, metadata and status.
func Spec(object Object) Object {
	copied := Object{}
	for field, value := range object {
		switch field {
		case "apiVersion", "kind", "metadata", "status":
		default:
			copied[field] = value
		}
	}
	return copied
}

// Merge applies a JSON merge patch (RFC 7386) to a value, which may be changed by it.
func Merge(target, patch any) any {
	fields, ok := patch.(map[string]any)
	if !ok {
		return patch
	}
	merged, ok := target.(map[string]any)
	if !ok {
		merged = Object{}
	}
	for field, value := range fields {
		if value == nil {
			delete(merged, field)
		} else {
			merged[field] = Merge(merged[field], value)
		}
	}
	return merged
}

// Selects says whether labels have every value of a selector.
func Selects(selector, labels Object) bool {
	for name, value := range selector {
		if labels[name] != value {
			return false
		}
	}
	return true
}

// Tail is the end of a text, at most so many bytes long.
func Tail(text string, length int) string {
	if len(text) > length {
		return text[len(text)-length:]
	}
	return text
}
