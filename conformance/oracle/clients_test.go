package oracle

import (
	"strings"
	"testing"

	"gwctl.dev/conformance/mesh"
)

func TestTheQuestionOfAClientNamesItsNamespaceAndItsHost(t *testing.T) {
	for text, want := range map[string]string{
		"client http://echo -H Host:forged -H b:2 -H a:1":   "route http://echo/ -X GET --from team -H Host: forged -H A: 1 -H B: 2",
		"client http://echo.web:8080/x?y=z --method=DELETE": "route http://echo.web:8080/x?y=z -X DELETE --from team",
	} {
		request, err := mesh.Parse(strings.Fields(text))
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(askFrom("team", request), " "); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}
