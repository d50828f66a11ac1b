package oracle

import (
	"net/url"
	"sort"
	"strings"

	"sigs.k8s.io/gateway-api/conformance/utils/roundtripper"
)

// ask gives the arguments of `gwctl route` for a request to a Gateway.
func ask(request roundtripper.Request, gateway string) []string {
	target := request.URL
	header := request.Host
	if header == "" {
		header = target.Host
	}
	// The URL chooses the listener by its port, and the Host header is said beside it.
	host, _, _ := strings.Cut(header, ":")
	if port := target.Port(); port != "" {
		host += ":" + port
	}
	if request.Protocol == roundtripper.HTTPSProtocol || request.Protocol == roundtripper.H2Protocol {
		target.Scheme = "https"
	}
	method := request.Method
	if method == "" {
		method = "GET"
	}
	asked := url.URL{Scheme: target.Scheme, Host: host, Path: target.Path, RawPath: target.RawPath, RawQuery: target.RawQuery}
	arguments := []string{"route", asked.String(), "-X", method, "--gateway", gateway, "-H", "Host: " + header}
	if request.ServerName != "" && target.Scheme == "https" {
		arguments = append(arguments, "--sni", request.ServerName)
	}
	return append(arguments, headerFlags(request.Headers)...)
}

// headerFlags are the flags of gwctl route for headers, in the order of their names.
func headerFlags(headers map[string][]string) []string {
	names := make([]string, 0, len(headers))
	for name := range headers {
		names = append(names, name)
	}
	sort.Strings(names)
	var flags []string
	for _, name := range names {
		for _, value := range headers[name] {
			flags = append(flags, "-H", name+": "+value)
		}
	}
	return flags
}
