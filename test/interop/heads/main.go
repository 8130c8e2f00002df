// An independent reader of a ledger's export and of certificates, written from docs/ledger-format.md and docs/birth-certificate.md: the chain by
// its own hand, the tree and the notes by Go's libraries, COSE and CBOR by go-cose and fxamacker/cbor.
//
//	heads export FILE KEY       one export
//	heads cosigned FILE VKEY KEY   a head that a witness cosigned, by its verifier key
//	heads frames KEY            stdin: certificates or exports, each behind its length in four bytes; a line of answer for each
//
// KEY is the hex of the DER SubjectPublicKeyInfo.
package main

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/x509"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"os"
)

type headKey struct {
	name string
	id   uint32
	key  *ecdsa.PublicKey
}

func (k headKey) Name() string    { return k.name }
func (k headKey) KeyHash() uint32 { return k.id }
func (k headKey) Verify(msg, sig []byte) bool {
	sum := sha256.Sum256(msg)
	return ecdsa.VerifyASN1(k.key, sum[:], sig)
}

func keyOf(spki []byte) (headKey, error) {
	parsed, err := x509.ParsePKIXPublicKey(spki)
	if err != nil {
		return headKey{}, err
	}
	key, ok := parsed.(*ecdsa.PublicKey)
	if !ok || key.Curve != elliptic.P256() {
		return headKey{}, fmt.Errorf("the key is none of ECDSA P-256")
	}
	sum := sha256.Sum256(spki)
	return headKey{id: binary.BigEndian.Uint32(sum[:4]), key: key}, nil
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func judged(frame, spki []byte) (answer string, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("not of its form: %v", r)
		}
	}()
	if len(frame) > 0 && frame[0] == 0xd2 {
		return certificate(frame, spki)
	}
	return export(frame, spki)
}

func main() {
	mode, args := os.Args[1], os.Args[2:]
	spki, err := hex.DecodeString(args[len(args)-1])
	must(err)
	if mode == "cosigned" {
		bytes, err := os.ReadFile(args[0])
		must(err)
		answer, err := cosigned(bytes, spki, args[1])
		must(err)
		fmt.Println(answer)
		return
	}
	if mode == "export" {
		bytes, err := os.ReadFile(args[0])
		must(err)
		answer, err := judged(bytes, spki)
		must(err)
		fmt.Println(answer)
		return
	}
	in, out := bufio.NewReaderSize(os.Stdin, 1<<20), bufio.NewWriter(os.Stdout)
	defer out.Flush()
	for {
		var length uint32
		if err := binary.Read(in, binary.BigEndian, &length); err == io.EOF {
			return
		} else {
			must(err)
		}
		frame := make([]byte, length)
		_, err := io.ReadFull(in, frame)
		must(err)
		if answer, err := judged(frame, spki); err != nil {
			fmt.Fprintf(out, "bad %q\n", err.Error())
		} else {
			fmt.Fprintf(out, "ok %s\n", answer)
		}
	}
}
