// An independent reader of a ledger's export, written from docs/ledger-format.md: the chain by its own hand, the tree and the notes by Go's
// libraries. heads EXPORT KEY, where KEY is the hex of the DER SubjectPublicKeyInfo.
package main

import (
	"bufio"
	"bytes"
	"crypto/ecdsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type row struct {
	Row  int64           `json:"row"`
	At   json.RawMessage `json:"at"`
	Kind json.RawMessage `json:"kind"`
	Run  json.RawMessage `json:"run"`
	Body json.RawMessage `json:"body"`
	Prev string          `json:"prev"`
	Hash string          `json:"hash"`
}

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

func fail(format string, values ...any) {
	fmt.Fprintf(os.Stderr, format+"\n", values...)
	os.Exit(1)
}

func must(err error) {
	if err != nil {
		fail("%v", err)
	}
}

func main() {
	spki, err := hex.DecodeString(os.Args[2])
	must(err)
	parsed, err := x509.ParsePKIXPublicKey(spki)
	must(err)
	sum := sha256.Sum256(spki)
	key := headKey{id: binary.BigEndian.Uint32(sum[:4]), key: parsed.(*ecdsa.PublicKey)}

	file, err := os.Open(os.Args[1])
	must(err)
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<26)
	var stored []tlog.Hash
	reader := tlog.HashReaderFunc(func(at []int64) ([]tlog.Hash, error) {
		hashes := make([]tlog.Hash, len(at))
		for i, index := range at {
			hashes[i] = stored[index]
		}
		return hashes, nil
	})
	prev, rows, heads, newest := strings.Repeat("0", 64), int64(0), 0, int64(0)
	for lines.Scan() {
		var r row
		must(json.Unmarshal(lines.Bytes(), &r))
		rows++
		if r.Row != rows || r.Prev != prev {
			fail("row %d does not follow", rows)
		}
		// members in canonical order; the body is exported in its canonical form
		text := fmt.Sprintf(`{"at":%s,"body":%s,"kind":%s,"prev":"%s","row":%d,"run":%s}`, r.At, r.Body, r.Kind, r.Prev, r.Row, r.Run)
		hash := sha256.Sum256([]byte("fuseline ledger row v1\n" + text))
		if hex.EncodeToString(hash[:]) != r.Hash {
			fail("row %d was changed", rows)
		}
		prev = r.Hash
		if rows == 1 {
			var genesis struct{ Station, Ledger string }
			must(json.Unmarshal(r.Body, &genesis))
			key.name = "fuseline/" + genesis.Station + "/" + genesis.Ledger
		}
		if bytes.Equal(r.Kind, []byte(`"checkpoint"`)) {
			var body struct{ Note, PublicKey string }
			must(json.Unmarshal(r.Body, &body))
			opened, err := note.Open([]byte(body.Note), note.VerifierList(key))
			must(err)
			said := strings.Split(opened.Text, "\n")
			size, err := strconv.ParseInt(said[1], 10, 64)
			must(err)
			root, err := tlog.TreeHash(size, reader)
			must(err)
			if said[0] != key.name || size >= rows || root.String() != said[2] {
				fail("the head of row %d does not fit", rows)
			}
			heads, newest = heads+1, size
		}
		more, err := tlog.StoredHashes(rows-1, hash[:], reader)
		must(err)
		stored = append(stored, more...)
	}
	must(lines.Err())
	fmt.Printf("%d rows, %d heads, the newest over %d\n", rows, heads, newest)
}
