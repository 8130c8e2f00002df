package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

// A witness by its verifier key, as c2sp.org/tlog-cosignature has cosignatures by Ed25519.
type cosigner struct {
	name string
	id   uint32
	key  ed25519.PublicKey
}

func (c cosigner) Name() string    { return c.name }
func (c cosigner) KeyHash() uint32 { return c.id }
func (c cosigner) Verify(msg, sig []byte) bool {
	if len(sig) != 8+ed25519.SignatureSize {
		return false
	}
	message := fmt.Sprintf("cosignature/v1\ntime %d\n%s", binary.BigEndian.Uint64(sig), msg)
	return ed25519.Verify(c.key, []byte(message), sig[8:])
}

func cosignerOf(vkey string) (cosigner, error) {
	parts := strings.SplitN(vkey, "+", 3)
	if len(parts) != 3 {
		return cosigner{}, fmt.Errorf("no verifier key")
	}
	key, err := base64.StdEncoding.DecodeString(parts[2])
	if err != nil || len(key) != 33 || key[0] != 4 {
		return cosigner{}, fmt.Errorf("no key of a cosigner")
	}
	sum := sha256.Sum256(append([]byte(parts[0]+"\n"), key...))
	if fmt.Sprintf("%x", sum[:4]) != parts[1] {
		return cosigner{}, fmt.Errorf("the key is not that of its id")
	}
	return cosigner{parts[0], binary.BigEndian.Uint32(sum[:4]), key[1:]}, nil
}

// A head that its own key signed and a witness cosigned.
func cosigned(file, spki []byte, vkey string) (string, error) {
	key, err := keyOf(spki)
	if err != nil {
		return "", err
	}
	witness, err := cosignerOf(vkey)
	if err != nil {
		return "", err
	}
	origin, _, _ := bytes.Cut(file, []byte("\n"))
	key.name = string(origin)
	opened, err := note.Open(file, note.VerifierList(key, witness))
	if err != nil {
		return "", err
	}
	if len(opened.Sigs) != 2 {
		return "", fmt.Errorf("%d signatures hold, not two", len(opened.Sigs))
	}
	return "cosigned by " + witness.name, nil
}
