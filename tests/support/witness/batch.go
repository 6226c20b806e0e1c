// What Go sees in a batch: one JSON object a certificate, in the order of the lines.
//
//	go run batch.go FOLDER
//
// The batch is that of batch.py (see ../witness.rs), and so are the fields; Go also says for which
// of the hosts it takes the certificate.
package main

import (
	"bufio"
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

func main() {
	folder := os.Args[1]
	batch, err := os.Open(filepath.Join(folder, "certificates"))
	must(err)
	lines := bufio.NewScanner(batch)
	lines.Buffer(nil, 1<<24)
	out := bufio.NewWriter(os.Stdout)
	keys := map[string][]byte{}
	for lines.Scan() {
		parts := strings.Split(lines.Text(), " ")
		der, err := base64.StdEncoding.DecodeString(parts[0])
		must(err)
		if keys[parts[1]] == nil {
			keys[parts[1]] = publicHalf(filepath.Join(folder, "keys", parts[1]))
		}
		must(json.NewEncoder(out).Encode(verdict(der, keys[parts[1]], parts[2:])))
	}
	must(lines.Err())
	must(out.Flush())
}

func verdict(der, publicHalf []byte, hosts []string) map[string]any {
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		return map[string]any{"error": err.Error()}
	}
	public, err := x509.MarshalPKIXPublicKey(certificate.PublicKey)
	must(err)
	taken := []bool{}
	for _, host := range hosts {
		taken = append(taken, certificate.VerifyHostname(host) == nil)
	}
	return map[string]any{
		"notBefore": certificate.NotBefore.Unix(),
		"notAfter":  certificate.NotAfter.Unix(),
		"names":     names(certificate),
		"isPair":    bytes.Equal(public, publicHalf),
		"hosts":     taken,
		"error":     nil,
	}
}

func names(certificate *x509.Certificate) map[string][]string {
	found := map[string][]string{"dns": {}, "ip": {}, "email": {}, "uri": {}}
	found["dns"] = append(found["dns"], certificate.DNSNames...)
	found["email"] = append(found["email"], certificate.EmailAddresses...)
	for _, address := range certificate.IPAddresses {
		found["ip"] = append(found["ip"], address.String())
	}
	for _, uri := range certificate.URIs {
		found["uri"] = append(found["uri"], uri.String())
	}
	return found
}

func publicHalf(file string) []byte {
	text, err := os.ReadFile(file)
	must(err)
	block, _ := pem.Decode(text)
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	must(err)
	public, err := x509.MarshalPKIXPublicKey(key.(interface{ Public() crypto.PublicKey }).Public())
	must(err)
	return public
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
