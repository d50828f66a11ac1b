package apiserver

import (
	"encoding/base64"
	"fmt"

	"gwctl.dev/conformance/object"
)

// setBuiltinDefaults sets what the API server sets in the built-in kinds, as far as somebody reads it.
func setBuiltinDefaults(kind, name string, written object.Object) {
	switch kind {
	case "Namespace":
		metadata := object.Child(written, "metadata")
		if metadata["labels"] == nil {
			metadata["labels"] = object.Object{}
		}
		object.Child(metadata, "labels")["kubernetes.io/metadata.name"] = name
		written["status"] = object.Object{"phase": "Active"}
	case "Secret":
		encodeSecret(written)
	case "Service":
		defaultService(object.Child(written, "spec"))
	case "EndpointSlice":
		for _, port := range object.List(written, "ports") {
			setDefault(port, "protocol", "TCP")
			setDefault(port, "name", "")
		}
		setDefault(written, "endpoints", []any{})
	case "Deployment":
		if spec := object.Child(written, "spec"); spec != nil {
			setDefault(spec, "replicas", int64(1))
		}
	}
}

func setDefault(part object.Object, field string, value any) {
	if part[field] == nil {
		part[field] = value
	}
}

func encodeSecret(secret object.Object) {
	setDefault(secret, "type", "Opaque")
	text := object.Child(secret, "stringData")
	if text == nil {
		return
	}
	setDefault(secret, "data", object.Object{})
	for name, value := range text {
		object.Child(secret, "data")[name] = base64.StdEncoding.EncodeToString([]byte(fmt.Sprint(value)))
	}
	delete(secret, "stringData")
}

func defaultService(spec object.Object) {
	if spec == nil {
		return
	}
	setDefault(spec, "type", "ClusterIP")
	for _, port := range object.List(spec, "ports") {
		setDefault(port, "protocol", "TCP")
		setDefault(port, "targetPort", port["port"])
	}
}
