package controller

import "testing"

func TestNamesAreThoseOfTheNamespacesFileOfHosts(t *testing.T) {
	c := &Controller{}
	c.hosts.Store("team", readHosts("# gwctl\n127.10.0.1 echo.web echo.web.svc # web/echo\n\n127.10.0.2\tother\n"))
	for host, want := range map[string]string{"echo.web": "127.10.0.1", "echo.web.svc": "127.10.0.1", "other": "127.10.0.2"} {
		if got, found := c.Lookup("team", host); got != want || !found {
			t.Errorf("%s: %q", host, got)
		}
	}
	for _, one := range [][2]string{{"team", "web/echo"}, {"elsewhere", "other"}} {
		if got, found := c.Lookup(one[0], one[1]); found {
			t.Errorf("%q: %q", one, got)
		}
	}
}

func TestEachNamespaceHasItsOwnRange(t *testing.T) {
	c := &Controller{Clients: func() []string { return []string{"a", "b"} }, clients: map[string]*clients{}}
	seen := map[string]bool{}
	c.syncClients(func(running *clients, _ int) { seen[running.addresses] = true })
	if len(seen) != 2 || len(c.clients) != 2 {
		t.Errorf("%v", seen)
	}
	c.Clients = func() []string { return []string{"b"} }
	c.syncClients(func(*clients, int) {})
	if c.clients["a"] != nil || c.clients["b"] == nil {
		t.Errorf("%v", c.clients)
	}
}
