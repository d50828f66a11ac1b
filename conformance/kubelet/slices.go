package kubelet

import (
	"log"

	"gwctl.dev/conformance/object"
)

// What tells the EndpointSlices of this kubelet from those that tests write themselves.
const (
	managedLabel = "endpointslice.kubernetes.io/managed-by"
	managedValue = "conformance-kubelet"
)

// syncSlices writes one EndpointSlice for each Service with a selector, and removes those of Services that are gone.
func (k *Kubelet) syncSlices() {
	existing := map[string]object.Object{}
	for _, slice := range k.Server.List("EndpointSlice") {
		if object.String(slice, "metadata", "labels", managedLabel) == managedValue {
			existing[object.ID(slice)] = slice
		}
	}
	pods := k.Server.List("Pod")
	wanted := map[string]bool{}
	for _, service := range k.Server.List("Service") {
		if len(object.Child(service, "spec", "selector")) == 0 {
			continue
		}
		slice := sliceOf(service, pods)
		wanted[object.ID(slice)] = true
		if before := existing[object.ID(slice)]; before != nil && object.Equal(object.Spec(before), object.Spec(slice)) {
			continue
		}
		if _, err := k.Server.Put(slice); err != nil {
			log.Printf("kubelet: %v", err)
		}
	}
	for id, slice := range existing {
		if !wanted[id] {
			k.Server.Remove("EndpointSlice", object.Namespace(slice), object.Name(slice))
		}
	}
}

// sliceOf is the EndpointSlice of a Service: an endpoint for each Pod that it selects, and the ports that they have.
func sliceOf(service object.Object, pods []object.Object) object.Object {
	namespace, selector := object.Namespace(service), object.Child(service, "spec", "selector")
	var selected []object.Object
	endpoints := []any{}
	for _, pod := range pods {
		address := object.String(pod, "status", "podIP")
		if object.Namespace(pod) != namespace || address == "" || !object.Selects(selector, object.Child(pod, "metadata", "labels")) {
			continue
		}
		selected = append(selected, pod)
		endpoints = append(endpoints, object.Object{
			"addresses":  []any{address},
			"conditions": object.Object{"ready": true, "serving": true, "terminating": false},
			"targetRef":  object.Object{"kind": "Pod", "namespace": namespace, "name": object.Name(pod)},
		})
	}
	ports := []any{}
	for _, port := range object.List(service, "spec", "ports") {
		number, ok := port["targetPort"].(int64)
		if !ok {
			number, ok = namedPort(selected, object.String(port, "targetPort"))
		}
		if !ok {
			continue
		}
		item := object.Object{"name": object.String(port, "name"), "port": number, "protocol": object.String(port, "protocol")}
		if protocol := object.String(port, "appProtocol"); protocol != "" {
			item["appProtocol"] = protocol
		}
		ports = append(ports, item)
	}
	return object.Object{
		"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
		"metadata": object.Object{
			"name": object.Name(service) + "-managed", "namespace": namespace,
			"labels": object.Object{"kubernetes.io/service-name": object.Name(service), managedLabel: managedValue},
		},
		"addressType": "IPv4", "endpoints": endpoints, "ports": ports,
	}
}

// namedPort is the number of a container port.
func namedPort(pods []object.Object, name string) (int64, bool) {
	for _, pod := range pods {
		for _, container := range object.List(pod, "spec", "containers") {
			for _, port := range object.List(container, "ports") {
				if object.String(port, "name") == name {
					number, ok := port["containerPort"].(int64)
					return number, ok
				}
			}
		}
	}
	return 0, false
}
