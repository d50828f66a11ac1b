package kubelet

import (
	"testing"

	"gwctl.dev/conformance/apiserver"
)

func TestAPodThatWentWithItsNamespaceIsStartedAgain(t *testing.T) {
	server, err := apiserver.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	stopped := 0
	gone := &pod{namespace: "shop", name: "a-replica-0", stop: func() { stopped++ }}
	k := &Kubelet{Server: server, pods: map[string]*pod{"shop/a-replica-0": gone}}
	k.forgetRemoved()
	if stopped != 1 || len(k.pods) != 0 {
		t.Errorf("%d stopped, %d left", stopped, len(k.pods))
	}
	kept := runningPod("b", "127.0.2.1", nil)
	kept["apiVersion"], kept["kind"] = "v1", "Pod"
	if _, err := server.Put(kept); err != nil {
		t.Fatal(err)
	}
	k.pods["shop/b"] = &pod{namespace: "shop", name: "b", stop: func() { stopped++ }}
	if k.forgetRemoved(); stopped != 1 || len(k.pods) != 1 {
		t.Errorf("%d stopped, %d left", stopped, len(k.pods))
	}
}
