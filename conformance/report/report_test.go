// Package report holds the page docs/conformance/README.md to the reports beside it.
package report

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	v1 "sigs.k8s.io/gateway-api/conformance/apis/v1"
	"sigs.k8s.io/yaml"
)

const folder = "../../docs/conformance"

// lines are what the page has to say of a report, each a line of its own.
func lines(report v1.ConformanceReport) []string {
	found := []string{fmt.Sprintf("Gateway API %s, %s channel, gwctl %s:", report.GatewayAPIVersion, report.GatewayAPIChannel, report.Implementation.Version)}
	for _, profile := range report.ProfileReports {
		row := fmt.Sprintf("| %s | %s | %s |", profile.Name, statistics(&profile.Core), "–")
		if profile.Extended != nil {
			row = fmt.Sprintf("| %s | %s | %s |", profile.Name, statistics(&profile.Core), statistics(&profile.Extended.Status))
		}
		found = append(found, row)
	}
	return found
}

func statistics(status *v1.Status) string {
	if status.Failed == 0 && status.Skipped == 0 {
		return fmt.Sprint(status.Passed)
	}
	return fmt.Sprintf("%d of %d, %d skipped", status.Passed, status.Passed+status.Failed, status.Skipped)
}

// unsupported are the features that a report says are not claimed.
func unsupported(report v1.ConformanceReport) []string {
	seen := map[string]bool{}
	var found []string
	for _, profile := range report.ProfileReports {
		if profile.Extended == nil {
			continue
		}
		for _, feature := range profile.Extended.UnsupportedFeatures {
			if name := string(feature); !seen[name] {
				seen[name] = true
				found = append(found, name)
			}
		}
	}
	return found
}

// missing are the lines and features of a report that a page does not have.
func missing(page string, report v1.ConformanceReport) []string {
	var absent []string
	has := map[string]bool{}
	for line := range strings.SplitSeq(page, "\n") {
		has[strings.TrimSpace(line)] = true
	}
	for _, line := range lines(report) {
		if !has[line] {
			absent = append(absent, "no line `"+line+"`")
		}
	}
	for _, feature := range unsupported(report) {
		if !strings.Contains(page, "| `"+feature+"` |") {
			absent = append(absent, "no reason why `"+feature+"` is not claimed")
		}
	}
	return absent
}

func TestThePageSaysWhatTheReportsSay(t *testing.T) {
	page, err := os.ReadFile(filepath.Join(folder, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(folder, "*-report.yaml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no reports: %v", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var report v1.ConformanceReport
		if err := yaml.UnmarshalStrict(text, &report); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		if len(report.ProfileReports) == 0 {
			t.Errorf("%s has no profiles", file)
		}
		for _, problem := range missing(string(page), report) {
			t.Errorf("%s: %s", filepath.Base(file), problem)
		}
		if !strings.Contains(string(page), "]("+filepath.Base(file)+")") {
			t.Errorf("the page does not link to %s", filepath.Base(file))
		}
	}
}

func TestAPageThatDisagreesIsFound(t *testing.T) {
	report := v1.ConformanceReport{
		GatewayAPIVersion: "v9", GatewayAPIChannel: "standard", Implementation: v1.Implementation{Version: "v1"},
		ProfileReports: []v1.ProfileReport{{
			Name: "GATEWAY-X",
			Core: v1.Status{Statistics: v1.Statistics{Passed: 3}},
			Extended: &v1.ExtendedStatus{
				Status:              v1.Status{Statistics: v1.Statistics{Passed: 4, Failed: 1}},
				UnsupportedFeatures: []string{"Teleport"},
			},
		}},
	}
	page := "Gateway API v9, standard channel, gwctl v1:\n| GATEWAY-X | 3 | 4 of 5, 0 skipped |\n| `Teleport` | why |\n"
	if problems := missing(page, report); len(problems) != 0 {
		t.Errorf("a page that agrees: %v", problems)
	}
	for _, change := range []string{"v9", "| 3 |", "4 of 5", "Teleport"} {
		if problems := missing(strings.Replace(page, change, "?", 1), report); len(problems) != 1 {
			t.Errorf("without %q: %v", change, problems)
		}
	}
}
