package kubelet

import (
	"testing"

	"gwctl.dev/conformance/object"
)

func runningPod(name, address string, labels object.Object) object.Object {
	return object.Object{
		"metadata": object.Object{"namespace": "shop", "name": name, "labels": labels},
		"spec": object.Object{"containers": []any{object.Object{
			"ports": []any{object.Object{"name": "web", "containerPort": int64(3000)}},
		}}},
		"status": object.Object{"podIP": address},
	}
}

func TestASliceHoldsTheSelectedPodsAndTheirPorts(t *testing.T) {
	pods := []object.Object{
		runningPod("a", "127.0.2.1", object.Object{"app": "cart", "tier": "x"}),
		runningPod("b", "127.0.2.2", object.Object{"app": "other"}),
		runningPod("c", "", object.Object{"app": "cart"}),
	}
	service := object.Object{
		"metadata": object.Object{"namespace": "shop", "name": "cart"},
		"spec": object.Object{
			"selector": object.Object{"app": "cart"},
			"ports": []any{
				object.Object{"name": "named", "protocol": "TCP", "targetPort": "web", "appProtocol": "kubernetes.io/h2c"},
				object.Object{"name": "number", "protocol": "UDP", "targetPort": int64(53)},
				object.Object{"name": "unknown", "protocol": "TCP", "targetPort": "nothing"},
			},
		},
	}
	slice := sliceOf(service, pods)
	endpoints := object.List(slice, "endpoints")
	if len(endpoints) != 1 || object.String(endpoints[0], "targetRef", "name") != "a" {
		t.Errorf("endpoints %v", endpoints)
	}
	want := []any{
		object.Object{"name": "named", "port": int64(3000), "protocol": "TCP", "appProtocol": "kubernetes.io/h2c"},
		object.Object{"name": "number", "port": int64(53), "protocol": "UDP"},
	}
	if !object.Equal(slice["ports"], want) {
		t.Errorf("ports %v", slice["ports"])
	}
}

func TestItemsChooseTheKeysOfAVolume(t *testing.T) {
	items := []object.Object{{"key": "tls.crt", "path": "server.crt"}}
	for key, want := range map[string]string{"tls.crt": "server.crt", "tls.key": ""} {
		if got := pathOf(key, items); got != want {
			t.Errorf("%s is at %q, not %q", key, got, want)
		}
	}
	if got := pathOf("tls.key", nil); got != "tls.key" {
		t.Errorf("without items a key is at %q", got)
	}
}

func TestTheEnvironmentNamesThePodAndItsFiles(t *testing.T) {
	container := object.Object{"env": []any{
		object.Object{"name": "POD_NAME", "valueFrom": object.Object{"fieldRef": object.Object{"fieldPath": "metadata.name"}}},
		object.Object{"name": "CERT", "value": "/etc/certs/tls.crt"},
		object.Object{"name": "OTHER", "value": "/etc/certs-not/tls.crt"},
	}}
	got := environment(container, &pod{namespace: "shop", name: "cart-0", address: "127.0.2.9"}, map[string]string{"/etc/certs": "/volume"})
	want := []string{"POD_IP=127.0.2.9", "POD_NAME=cart-0", "CERT=/volume/tls.crt", "OTHER=/etc/certs-not/tls.crt"}
	if !object.Equal(got, want) {
		t.Errorf("got %v", got)
	}
}
