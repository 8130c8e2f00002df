package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
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

// The hash of a row by its members as they stand in canonical JSON.
func rowHash(at, body, kind, prev string, number int64, run string) [32]byte {
	text := fmt.Sprintf(`{"at":%s,"body":%s,"kind":%s,"prev":"%s","row":%d,"run":%s}`, at, body, kind, prev, number, run)
	return sha256.Sum256([]byte("fuseline ledger row v1\n" + text))
}

func originOf(station, ledger string) string {
	// what a path segment and encodeURIComponent escape differs in few characters
	escaped := strings.NewReplacer("+", "%20").Replace(url.QueryEscape(station))
	for _, char := range "!'()*" {
		escaped = strings.ReplaceAll(escaped, fmt.Sprintf("%%%02X", char), string(char))
	}
	return "fuseline/" + escaped + "/" + ledger
}

// changesKey tells whether an act says that a token without the key of the heads is the right one.
func changesKey(body json.RawMessage) bool {
	var act struct {
		What, About string
		Detail      map[string]json.RawMessage
	}
	if json.Unmarshal(body, &act) != nil || act.What != "token-known" || act.About != "own" {
		return false
	}
	var reason string
	if json.Unmarshal(act.Detail["reason"], &reason) != nil || reason == "" {
		return false
	}
	for _, name := range []string{"lost", "others"} {
		var labels []string
		if json.Unmarshal(act.Detail[name], &labels) != nil {
			continue
		}
		for _, label := range labels {
			if label == "ledger-heads" {
				return true
			}
		}
	}
	return false
}

// Heads may be by another key than the ones before them where a row since says so; heads by the given key are counted.
func export(file, spki []byte) (string, error) {
	if _, err := keyOf(spki); err != nil {
		return "", err
	}
	name, last, accepted := "", "", int64(0)
	if !bytes.HasSuffix(file, []byte("\n")) {
		return "", fmt.Errorf("the last line has no end")
	}
	var stored []tlog.Hash
	reader := tlog.HashReaderFunc(func(at []int64) ([]tlog.Hash, error) {
		hashes := make([]tlog.Hash, len(at))
		for i, index := range at {
			hashes[i] = stored[index]
		}
		return hashes, nil
	})
	prev, rows, heads, newest := strings.Repeat("0", 64), int64(0), 0, int64(0)
	for _, line := range bytes.Split(file[:len(file)-1], []byte("\n")) {
		var r row
		if err := json.Unmarshal(line, &r); err != nil {
			return "", err
		}
		rows++
		// the one form of a line: its members as they are, in their order, and nothing else
		form := fmt.Sprintf(`{"row":%d,"at":%s,"kind":%s,"run":%s,"body":%s,"prev":"%s","hash":"%s"}`, rows, r.At, r.Kind, r.Run, r.Body, r.Prev, r.Hash)
		if form != string(line) || r.Prev != prev {
			return "", fmt.Errorf("row %d does not follow", rows)
		}
		hash := rowHash(string(r.At), string(r.Body), string(r.Kind), r.Prev, rows, string(r.Run))
		if hex.EncodeToString(hash[:]) != r.Hash {
			return "", fmt.Errorf("row %d was changed", rows)
		}
		prev = r.Hash
		if rows == 1 {
			var genesis struct{ Station, Ledger string }
			if err := json.Unmarshal(r.Body, &genesis); err != nil || string(r.Kind) != `"genesis"` {
				return "", fmt.Errorf("the first row is no genesis row")
			}
			name = originOf(genesis.Station, genesis.Ledger)
		}
		if string(r.Kind) == `"checkpoint"` {
			var body struct{ Note, PublicKey string }
			if err := json.Unmarshal(r.Body, &body); err != nil {
				return "", err
			}
			isOther := last != "" && body.PublicKey != last
			if isOther && accepted == 0 {
				return "", fmt.Errorf("the head of row %d is of another key", rows)
			}
			named, err := hex.DecodeString(body.PublicKey)
			if err != nil {
				return "", err
			}
			key, err := keyOf(named)
			if err != nil {
				return "", err
			}
			key.name = name
			size, root, _, err := openNote(body.Note, key)
			if err != nil {
				return "", err
			}
			is, err := tlog.TreeHash(size, reader)
			if size >= rows || err != nil || is != root || (isOther && size < accepted) {
				return "", fmt.Errorf("the head of row %d does not fit", rows)
			}
			if isOther || size >= accepted {
				accepted = 0
			}
			last = body.PublicKey
			if last == hex.EncodeToString(spki) {
				heads, newest = heads+1, max(newest, size)
			}
		}
		if string(r.Kind) == `"act"` && changesKey(r.Body) {
			accepted = rows
		}
		more, err := tlog.StoredHashes(rows-1, hash[:], reader)
		if err != nil {
			return "", err
		}
		stored = append(stored, more...)
	}
	if heads == 0 {
		return "", fmt.Errorf("no head is signed by the key")
	}
	return fmt.Sprintf("%d rows, %d heads, the newest over %d", rows, heads, newest), nil
}

// A signed note of a checkpoint, by Go's own library.
func openNote(text string, key headKey) (size int64, root tlog.Hash, origin string, err error) {
	opened, err := note.Open([]byte(text), note.VerifierList(key))
	if err != nil {
		return 0, root, "", err
	}
	said := strings.Split(opened.Text, "\n")
	if len(said) < 4 || said[0] != key.name {
		return 0, root, "", fmt.Errorf("the head is not of its key's name")
	}
	size, err = strconv.ParseInt(said[1], 10, 64)
	if err != nil || strconv.FormatInt(size, 10) != said[1] || size < 0 {
		return 0, root, "", fmt.Errorf("the head has no size")
	}
	root, err = tlog.ParseHash(said[2])
	return size, root, said[0], err
}
