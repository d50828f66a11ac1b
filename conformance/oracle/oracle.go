// Package oracle makes the suite's HTTP requests and asks `gwctl route` about each of them as well: what Envoy did has
// to be one of the ends that gwctl foretells.
package oracle

import (
	"bytes"
	"fmt"
	"os/exec"
	"sort"
	"sync"
	"sync/atomic"

	"sigs.k8s.io/gateway-api/conformance/utils/roundtripper"

	"gwctl.dev/conformance/controller"
	"gwctl.dev/conformance/object"
)

// Oracle is a round tripper of the suite that compares. Requests that are made while manifests and Envoys differ are
// made, but not compared: Compared and Skipped count them.
type Oracle struct {
	roundtripper.RoundTripper
	Controller        *controller.Controller
	Compared, Skipped atomic.Int64

	mu         sync.Mutex
	foretold   map[string][]object.Object
	mismatches map[string]*mismatch
}

type mismatch struct {
	first error
	times int
}

// New is an oracle around the round tripper that makes the requests.
func New(around roundtripper.RoundTripper, controller *controller.Controller) *Oracle {
	return &Oracle{
		RoundTripper: around, Controller: controller,
		foretold: map[string][]object.Object{}, mismatches: map[string]*mismatch{},
	}
}

// CaptureRoundTrip makes the request, and compares.
func (o *Oracle) CaptureRoundTrip(request roundtripper.Request) (*roundtripper.CapturedRequest, *roundtripper.CapturedResponse, error) {
	before := o.moment()
	seen, response, err := o.RoundTripper.CaptureRoundTrip(request)
	if err != nil {
		return seen, response, err
	}
	question := append(ask(request, o.Controller.GatewayAt(request.URL.Hostname())), "--partial")
	o.compare(before, question, seen, response)
	return seen, response, nil
}

// moment is when a request is made: which state the manifests have, if the Envoys know it.
type moment struct {
	state  int64
	steady bool
}

func (o *Oracle) moment() moment {
	state, steady := o.Controller.Steady()
	return moment{state, steady}
}

// compare asks about a request that was made at a moment, and notes where it did not end as foretold.
func (o *Oracle) compare(made moment, question []string, seen *roundtripper.CapturedRequest, response *roundtripper.CapturedResponse) {
	if !made.steady {
		o.Skipped.Add(1)
		return
	}
	ends, problem := o.foretell(question, made.state)
	if o.moment() != made {
		o.Skipped.Add(1)
		return
	}
	o.Compared.Add(1)
	if problem == nil && !anyEnd(ends, o.Controller.Server.List("Pod"), seen, response) {
		problem = fmt.Errorf("Envoy gave %d from %s/%s (%s %s, host %s, headers %v), gwctl foretells %v", response.StatusCode,
			seen.Namespace, seen.Pod, seen.Method, seen.Path, seen.Host, seen.Headers, describe(ends))
	}
	if problem != nil {
		o.note(fmt.Sprintf("%q", question), problem)
	}
}

// foretell gives the ends that gwctl foretells for a question. The same one is not asked twice about one state.
func (o *Oracle) foretell(question []string, state int64) ([]object.Object, error) {
	key := fmt.Sprint(state, question)
	o.mu.Lock()
	ends := o.foretold[key]
	o.mu.Unlock()
	if ends != nil {
		return ends, nil
	}
	var output, report bytes.Buffer
	command := exec.Command(o.Controller.Gwctl, append(question,
		"-f", o.Controller.Manifests(), "--controller-name", o.Controller.Name, "-q", "-o", "json")...)
	command.Stdout, command.Stderr = &output, &report
	// Some other object may have an error, and the exit code says so beside the decision.
	if err := command.Run(); err != nil && (command.ProcessState.ExitCode() != 1 || output.Len() == 0) {
		return nil, fmt.Errorf("gwctl route: %w: %s", err, object.Tail(report.String(), 300))
	}
	decision, err := object.Parse(output.Bytes())
	if err != nil {
		return nil, fmt.Errorf("gwctl route: %w", err)
	}
	ends = object.List(decision, "outcomes")
	o.mu.Lock()
	o.foretold[key] = ends
	o.mu.Unlock()
	return ends, nil
}

// note remembers a mismatch: how often a question had one, and the first of them.
func (o *Oracle) note(question string, problem error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.mismatches[question] == nil {
		o.mismatches[question] = &mismatch{first: problem}
	}
	o.mismatches[question].times++
}

// Mismatches are the requests that ended as gwctl did not foretell, each once, with the first of such ends.
func (o *Oracle) Mismatches() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	var texts []string
	for question, found := range o.mismatches {
		texts = append(texts, fmt.Sprintf("%d× %s: %v", found.times, question, found.first))
	}
	sort.Strings(texts)
	return texts
}
