// What Go sees in a folder of pairs: one JSON object a pair, in the order of their names.
//
//	go run judge.go FOLDER SECONDS
//
// SECONDS since 1970 is the instant at which the clients of the handshakes are asked.
// Each pair is a folder with tls.key, tls.crt and hosts (see ../witness.rs). The fields are those
// of judge.py; whoever reads the answers knows what is right.
package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/asn1"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

const stranger = "stranger.invalid"

// How long a handshake may take.
const limit = 30 * time.Second

var usages = []string{
	"digital_signature", "content_commitment", "key_encipherment", "data_encipherment",
	"key_agreement", "key_cert_sign", "crl_sign",
}

var extendedUsages = map[x509.ExtKeyUsage]string{
	x509.ExtKeyUsageServerAuth: "1.3.6.1.5.5.7.3.1",
	x509.ExtKeyUsageClientAuth: "1.3.6.1.5.5.7.3.2",
}

func main() {
	at, err := strconv.ParseInt(os.Args[2], 10, 64)
	must(err)
	// In the order of their names.
	entries, err := os.ReadDir(os.Args[1])
	must(err)
	for _, entry := range entries {
		if entry.IsDir() {
			verdict := judge(filepath.Join(os.Args[1], entry.Name()), time.Unix(at, 0))
			verdict["pair"] = entry.Name()
			must(json.NewEncoder(os.Stdout).Encode(verdict))
		}
	}
}

func judge(folder string, at time.Time) map[string]any {
	certPEM, keyPEM := read(folder, "tls.crt"), read(folder, "tls.key")
	hosts := append(strings.Fields(string(read(folder, "hosts"))), stranger)
	block, rest := pem.Decode(certPEM)
	certificate, err := x509.ParseCertificate(block.Bytes)
	must(err)
	// It refuses a key that is not the certificate's.
	pair, notPair := tls.X509KeyPair(certPEM, keyPEM)
	handshakes := map[string]any{}
	for _, host := range hosts {
		handshakes[host] = told(handshake(pair, certificate, host, at))
	}
	return map[string]any{
		"certificates":     1 + bytes.Count(rest, []byte("BEGIN")),
		"version":          certificate.Version,
		"serial":           certificate.SerialNumber.Text(16),
		"subject":          attributes(certificate.RawSubject),
		"issuer":           attributes(certificate.RawIssuer),
		"notBefore":        certificate.NotBefore.Unix(),
		"notAfter":         certificate.NotAfter.Unix(),
		"names":            names(certificate),
		"extensions":       extensions(certificate),
		"ca":               certificate.IsCA || !certificate.BasicConstraintsValid,
		"keyUsage":         usage(certificate),
		"extendedKeyUsage": extendedUsage(certificate),
		"subjectKeyId":     hex.EncodeToString(certificate.SubjectKeyId),
		"authorityKeyId":   hex.EncodeToString(certificate.AuthorityKeyId),
		"keyType":          keyType(certificate),
		"keyFile":          container(keyPEM),
		"isPair":           told(notPair),
		"signed":           told(certificate.CheckSignature(certificate.SignatureAlgorithm, certificate.RawTBSCertificate, certificate.Signature)),
		"handshakes":       handshakes,
	}
}

func attributes(raw []byte) [][]string {
	type attribute struct {
		Type  asn1.ObjectIdentifier
		Value string
	}
	var sets []asn1.RawValue
	_, err := asn1.Unmarshal(raw, &sets)
	must(err)
	found := [][]string{}
	for _, raw := range sets {
		var one attribute
		_, err := asn1.Unmarshal(raw.Bytes, &one)
		must(err)
		found = append(found, []string{one.Type.String(), one.Value})
	}
	return found
}

// Go sorts names by their kind, so they are read from the extension, in the order they stand in.
func names(certificate *x509.Certificate) []string {
	found := []string{}
	for _, extension := range certificate.Extensions {
		if !extension.Id.Equal(asn1.ObjectIdentifier{2, 5, 29, 17}) {
			continue
		}
		var values []asn1.RawValue
		_, err := asn1.Unmarshal(extension.Value, &values)
		must(err)
		for _, value := range values {
			if value.Tag == 7 {
				found = append(found, net.IP(value.Bytes).String())
			} else {
				found = append(found, string(value.Bytes))
			}
		}
	}
	if len(found) != len(certificate.DNSNames)+len(certificate.IPAddresses) {
		found = append(found, "Go sees other names")
	}
	return found
}

func extensions(certificate *x509.Certificate) map[string]bool {
	found := map[string]bool{}
	for _, extension := range certificate.Extensions {
		found[extension.Id.String()] = extension.Critical
	}
	return found
}

func usage(certificate *x509.Certificate) []string {
	found := []string{}
	for bit, name := range usages {
		if certificate.KeyUsage&(1<<bit) != 0 {
			found = append(found, name)
		}
	}
	return found
}

func extendedUsage(certificate *x509.Certificate) []string {
	found := []string{}
	for _, usage := range certificate.ExtKeyUsage {
		found = append(found, extendedUsages[usage])
	}
	for _, usage := range certificate.UnknownExtKeyUsage {
		found = append(found, usage.String())
	}
	return found
}

func keyType(certificate *x509.Certificate) string {
	switch key := certificate.PublicKey.(type) {
	case *rsa.PublicKey:
		return fmt.Sprintf("rsa-%d", key.N.BitLen())
	case *ecdsa.PublicKey:
		return map[string]string{"P-256": "p256", "P-384": "p384"}[key.Curve.Params().Name]
	case ed25519.PublicKey:
		return "ed25519"
	}
	return "unknown"
}

// The label of the PEM block, and the version number inside, which is 0 for version 1.
func container(keyPEM []byte) string {
	block, _ := pem.Decode(keyPEM)
	var outer asn1.RawValue
	_, err := asn1.Unmarshal(block.Bytes, &outer)
	must(err)
	var version int
	_, err = asn1.Unmarshal(outer.Bytes, &version)
	must(err)
	return fmt.Sprintf("%s %d", block.Type, version)
}

// A handshake with a client that trusts this certificate alone. Over the loopback interface, for
// a pipe in memory holds nothing: two sides that both write would wait for each other.
func handshake(pair tls.Certificate, certificate *x509.Certificate, host string, at time.Time) error {
	trusted := x509.NewCertPool()
	trusted.AddCert(certificate)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(err)
	defer listener.Close()
	go func() {
		far, err := listener.Accept()
		must(err)
		defer far.Close()
		must(far.SetDeadline(time.Now().Add(limit)))
		_ = tls.Server(far, &tls.Config{Certificates: []tls.Certificate{pair}}).Handshake()
	}()
	near, err := net.DialTimeout("tcp", listener.Addr().String(), limit)
	must(err)
	defer near.Close()
	must(near.SetDeadline(time.Now().Add(limit)))
	return tls.Client(near, &tls.Config{RootCAs: trusted, ServerName: host, Time: func() time.Time { return at }}).Handshake()
}

func told(err error) any {
	if err != nil {
		return err.Error()
	}
	return true
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
