package oracle

import (
	"fmt"
	"strings"

	"sigs.k8s.io/gateway-api/conformance/utils/roundtripper"

	"gwctl.dev/conformance/object"
)

// anyEnd says whether what was seen is one of the ends that were foretold.
func anyEnd(ends, pods []object.Object, seen *roundtripper.CapturedRequest, response *roundtripper.CapturedResponse) bool {
	for _, end := range ends {
		if isEnd(end, pods, seen, response) {
			return true
		}
	}
	return false
}

func isEnd(end object.Object, pods []object.Object, seen *roundtripper.CapturedRequest, response *roundtripper.CapturedResponse) bool {
	if object.String(end, "backend") == "" {
		return seen.Pod == "" && status(end) == int64(response.StatusCode)
	}
	// What a backend answers is its own affair; the one that echoes says which it is.
	if seen.Pod == "" {
		return response.StatusCode != 200
	}
	return isEndpoint(end, pods, seen) && isUpstream(object.Child(end, "upstream"), seen)
}

func status(end object.Object) int64 {
	number, _ := end["status"].(int64)
	return number
}

func describe(ends []object.Object) []string {
	var texts []string
	for _, end := range ends {
		texts = append(texts, fmt.Sprintf("%v from %q with %v", end["status"], object.String(end, "backend"), end["upstream"]))
	}
	return texts
}

// isEndpoint says whether the Pod that answered is an endpoint of the backend.
func isEndpoint(end object.Object, pods []object.Object, seen *roundtripper.CapturedRequest) bool {
	endpoints, _ := end["endpoints"].([]any)
	for _, pod := range pods {
		if object.ID(pod) != seen.Namespace+"/"+seen.Pod {
			continue
		}
		for _, endpoint := range endpoints {
			if strings.HasPrefix(fmt.Sprint(endpoint), object.String(pod, "status", "podIP")+":") {
				return true
			}
		}
	}
	return false
}

// isUpstream compares what a backend saw with what it should see. Headers that gwctl does not name are Envoy's own.
func isUpstream(upstream object.Object, seen *roundtripper.CapturedRequest) bool {
	if upstream == nil {
		return true
	}
	if object.String(upstream, "method") != seen.Method || object.String(upstream, "path") != seen.Path || object.String(upstream, "host") != seen.Host {
		return false
	}
	foretold := map[string][]string{}
	pairs, _ := upstream["headers"].([]any)
	for _, pair := range pairs {
		if pair, ok := pair.([]any); ok && len(pair) == 2 {
			name := strings.ToLower(fmt.Sprint(pair[0]))
			foretold[name] = append(foretold[name], fmt.Sprint(pair[1]))
		}
	}
	got := map[string][]string{}
	for name, values := range seen.Headers {
		got[strings.ToLower(name)] = values
	}
	for name, values := range foretold {
		if strings.Join(got[name], ",") != strings.Join(values, ",") {
			return false
		}
	}
	return true
}
