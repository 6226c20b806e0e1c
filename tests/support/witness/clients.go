// What Go's TLS client makes of each case in a folder, at an instant: one JSON object a case.
//
//	go run clients.go FOLDER SECONDS
//
// Each case is a folder with tls.crt and tls.key for the server, and root.pem and host for the
// client (see ../witness.rs). A server that cannot load the pair counts as a complaint too, and is
// told of by "loads".
package main

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// How long a handshake may take.
const limit = 30 * time.Second

func main() {
	entries, err := os.ReadDir(os.Args[1])
	must(err)
	seconds, err := strconv.ParseInt(os.Args[2], 10, 64)
	must(err)
	for _, entry := range entries {
		folder := filepath.Join(os.Args[1], entry.Name())
		verdict := map[string]any{"case": entry.Name(), "complaint": nil}
		pair, err := tls.X509KeyPair(read(folder, "tls.crt"), read(folder, "tls.key"))
		verdict["loads"] = err == nil
		if err == nil {
			err = judge(folder, pair, time.Unix(seconds, 0))
		}
		if err != nil {
			verdict["complaint"] = err.Error()
		}
		must(json.NewEncoder(os.Stdout).Encode(verdict))
	}
}

func judge(folder string, pair tls.Certificate, at time.Time) error {
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(read(folder, "root.pem")) {
		return errors.New("the root cannot be read")
	}
	clock := func() time.Time { return at }
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(err)
	defer listener.Close()
	go func() {
		far, err := listener.Accept()
		must(err)
		defer far.Close()
		must(far.SetDeadline(time.Now().Add(limit)))
		_ = tls.Server(far, &tls.Config{Certificates: []tls.Certificate{pair}, Time: clock}).Handshake()
	}()
	near, err := net.DialTimeout("tcp", listener.Addr().String(), limit)
	must(err)
	defer near.Close()
	must(near.SetDeadline(time.Now().Add(limit)))
	host := strings.TrimSpace(string(read(folder, "host")))
	return tls.Client(near, &tls.Config{RootCAs: roots, ServerName: host, Time: clock}).Handshake()
}

func read(folder, name string) []byte {
	found, err := os.ReadFile(filepath.Join(folder, name))
	must(err)
	return found
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
