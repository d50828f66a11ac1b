package kubelet

import (
	"net"

	"github.com/miekg/dns"
)

// startDNS answers all questions on an address: the address itself for A, and the question alone otherwise. It gives
// the function that ends it.
func startDNS(address string) (func(), error) {
	connection, err := net.ListenPacket("udp", net.JoinHostPort(address, "53"))
	if err != nil {
		return nil, err
	}
	server := &dns.Server{PacketConn: connection, Handler: dns.HandlerFunc(func(w dns.ResponseWriter, question *dns.Msg) {
		response := new(dns.Msg)
		response.SetReply(question)
		if len(question.Question) > 0 && question.Question[0].Qtype == dns.TypeA {
			response.Answer = append(response.Answer, &dns.A{
				Hdr: dns.RR_Header{Name: question.Question[0].Name, Rrtype: dns.TypeA, Class: dns.ClassINET, Ttl: 1},
				A:   net.ParseIP(address),
			})
		}
		_ = w.WriteMsg(response)
	})}
	go func() { _ = server.ActivateAndServe() }()
	return func() { _ = server.Shutdown() }, nil
}
