// SPDX-License-Identifier: ISC

// peer is the Go program that scripts/bench compares with: net/smtp, as in its
// documentation.  usage: peer PORT [CA.pem] < message
package main

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"log"
	"net/smtp"
	"os"
)

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func starttls(c *smtp.Client, ca string) {
	pem, err := os.ReadFile(ca)
	must(err)
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(pem)
	must(c.StartTLS(&tls.Config{ServerName: "localhost", RootCAs: pool}))
}

func main() {
	c, err := smtp.Dial("127.0.0.1:" + os.Args[1])
	must(err)
	if len(os.Args) > 2 {
		starttls(c, os.Args[2])
	}
	must(c.Mail("a@bench.test"))
	must(c.Rcpt("b@bench.test"))
	w, err := c.Data()
	must(err)
	_, err = io.Copy(w, os.Stdin)
	must(err)
	must(w.Close())
	must(c.Quit())
}
