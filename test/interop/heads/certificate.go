package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/fxamacker/cbor/v2"
	"github.com/veraison/go-cose"
	"golang.org/x/mod/sumdb/tlog"
)

type head struct {
	Key  []byte `cbor:"key"`
	Note string `cbor:"note"`
}

type provenRow struct {
	Row  int64    `cbor:"row"`
	At   string   `cbor:"at"`
	Kind string   `cbor:"kind"`
	Run  *string  `cbor:"run"`
	Body string   `cbor:"body"`
	Prev []byte   `cbor:"prev"`
	Path [][]byte `cbor:"path"`
}

type birth struct {
	Type    string `cbor:"type"`
	Version int    `cbor:"version"`
	Issued  string `cbor:"issued"`
	Head    head   `cbor:"head"`
	Device  struct {
		Mac    string  `cbor:"mac"`
		Chip   string  `cbor:"chip"`
		Serial *string `cbor:"serial"`
	} `cbor:"device"`
	Row       provenRow `cbor:"row"`
	Assurance []struct {
		Section        string `cbor:"section"`
		Recommendation string `cbor:"recommendation"`
		Verdict        string `cbor:"verdict"`
		Evidence       string `cbor:"evidence"`
		Waiver         *struct {
			Check  string  `cbor:"check"`
			Reason string  `cbor:"reason"`
			By     *string `cbor:"by"`
		} `cbor:"waiver,omitempty"`
	} `cbor:"assurance"`
}

type recipe struct {
	Name     string `cbor:"name" json:"name"`
	Revision int64  `cbor:"revision" json:"revision"`
	Hash     string `cbor:"hash" json:"hash"`
}

type batch struct {
	Type    string `cbor:"type"`
	Version int    `cbor:"version"`
	Issued  string `cbor:"issued"`
	Head    head   `cbor:"head"`
	Batch   struct {
		Id       string  `cbor:"id"`
		Order    *string `cbor:"order"`
		Ordered  *int64  `cbor:"ordered"`
		OpenedAt string  `cbor:"openedAt"`
		ClosedAt *string `cbor:"closedAt"`
		Recipe   recipe  `cbor:"recipe"`
	} `cbor:"batch"`
	Opened provenRow  `cbor:"opened"`
	Closed *provenRow `cbor:"closed"`
	Boards []struct {
		Mac    string  `cbor:"mac"`
		Serial *string `cbor:"serial"`
		State  string  `cbor:"state"`
		Tries  int64   `cbor:"tries"`
		Row    *int64  `cbor:"row"`
		Hash   []byte  `cbor:"hash"`
	} `cbor:"boards"`
	Counts struct {
		Boards       int              `cbor:"boards"`
		States       map[string]int64 `cbor:"states"`
		Unidentified int64            `cbor:"unidentified"`
		Left         *int64           `cbor:"left"`
	} `cbor:"counts"`
}

var decoding, _ = cbor.DecOptions{
	DupMapKey: cbor.DupMapKeyEnforcedAPF, IndefLength: cbor.IndefLengthForbidden, ExtraReturnErrors: cbor.ExtraDecErrorUnknownField,
	MaxArrayElements: 1 << 24,
}.DecMode()
var encoding, _ = cbor.CoreDetEncOptions().EncMode()

// Into its form, and back into the same bytes.
func exactly(data []byte, into any) error {
	if err := decoding.Unmarshal(data, into); err != nil {
		return err
	}
	again, err := encoding.Marshal(into)
	if err != nil || !bytes.Equal(again, data) {
		return fmt.Errorf("the CBOR is not in its one form")
	}
	return nil
}

func certificate(file, spki []byte) (string, error) {
	key, err := keyOf(spki)
	if err != nil {
		return "", err
	}
	var message cose.Sign1Message
	if err := message.UnmarshalCBOR(file); err != nil {
		return "", err
	}
	if len(message.Headers.Unprotected) != 0 {
		return "", fmt.Errorf("the unprotected header is not empty")
	}
	// go-cose takes other forms of the same message: there is one
	if again, err := message.MarshalCBOR(); err != nil || !bytes.Equal(again, file) {
		return "", fmt.Errorf("the message is not in its one form")
	}
	protected := message.Headers.Protected
	kid, _ := protected[cose.HeaderLabelKeyID].([]byte)
	kind, _ := protected[cose.HeaderLabelContentType].(string)
	fingerprint := sha256.Sum256(spki)
	if len(protected) != 3 || !bytes.Equal(kid, fingerprint[:]) {
		return "", fmt.Errorf("the header names another key")
	}
	verifier, err := cose.NewVerifier(cose.AlgorithmES256, key.key)
	if err != nil {
		return "", err
	}
	if err := message.Verify(nil, verifier); err != nil {
		return "", err
	}
	switch kind {
	case "application/vnd.fuseline.birth-certificate+cbor":
		return birthCertificate(message.Payload, spki, key)
	case "application/vnd.fuseline.batch-certificate+cbor":
		return batchCertificate(message.Payload, spki, key)
	}
	return "", fmt.Errorf("the message is no certificate")
}

type signedHead struct {
	size   int64
	root   tlog.Hash
	origin string
}

// The name of the key is the origin, which is in the note.
func openHead(h head, spki []byte, key headKey) (signedHead, error) {
	if !bytes.Equal(h.Key, spki) {
		return signedHead{}, fmt.Errorf("the head is of another key")
	}
	key.name, _, _ = strings.Cut(h.Note, "\n")
	size, root, origin, err := openNote(h.Note, key)
	return signedHead{size, root, origin}, err
}

func asJSON(value any) string {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(value)
	text := strings.TrimSuffix(out.String(), "\n")
	// encoding/json escapes two separators that canonical JSON does not
	return strings.NewReplacer(`\u2028`, "\u2028", `\u2029`, "\u2029").Replace(text)
}

func (r provenRow) in(h signedHead) error {
	if len(r.Prev) != 32 || r.Row < 1 || r.Row > h.size || !json.Valid([]byte(r.Body)) {
		return fmt.Errorf("row %d has not its form", r.Row)
	}
	hash := rowHash(asJSON(r.At), r.Body, asJSON(r.Kind), hex.EncodeToString(r.Prev), r.Row, asJSON(r.Run))
	var proof tlog.RecordProof
	for _, step := range r.Path {
		if len(step) != 32 {
			return fmt.Errorf("row %d has a path that is none", r.Row)
		}
		proof = append(proof, tlog.Hash(step))
	}
	return tlog.CheckRecord(proof, h.size, h.root, r.Row-1, tlog.RecordHash(hash[:]))
}

func same(a, b *string) bool { return (a == nil) == (b == nil) && (a == nil || *a == *b) }

func birthCertificate(payload, spki []byte, key headKey) (string, error) {
	var c birth
	if err := exactly(payload, &c); err != nil {
		return "", err
	}
	if c.Type != "fuseline birth certificate" || c.Version != 1 {
		return "", fmt.Errorf("of another type or version")
	}
	h, err := openHead(c.Head, spki, key)
	if err != nil {
		return "", err
	}
	if err := c.Row.in(h); err != nil {
		return "", err
	}
	for _, line := range c.Assurance {
		switch line.Verdict {
		case "met", "not met", "not shown", "waived", "not applicable":
		default:
			return "", fmt.Errorf("a verdict that is none")
		}
	}
	var body struct {
		Record struct {
			Run     string  `json:"run"`
			Station string  `json:"station"`
			Serial  *string `json:"serial"`
			Chip    struct {
				Mac  string `json:"mac"`
				Kind string `json:"kind"`
			} `json:"chip"`
		} `json:"record"`
	}
	if err := json.Unmarshal([]byte(c.Row.Body), &body); err != nil {
		return "", err
	}
	record := body.Record
	if c.Row.Kind != "sealed" || record.Chip.Mac != c.Device.Mac || record.Chip.Kind != c.Device.Chip || !same(record.Serial, c.Device.Serial) || !same(&record.Run, c.Row.Run) {
		return "", fmt.Errorf("the device is not that of the sealed row")
	}
	if !strings.HasPrefix(h.origin, originOf(record.Station, "")) {
		return "", fmt.Errorf("the head is of another station")
	}
	return fmt.Sprintf("birth %s %d", c.Device.Mac, h.size), nil
}

func batchCertificate(payload, spki []byte, key headKey) (string, error) {
	var c batch
	if err := exactly(payload, &c); err != nil {
		return "", err
	}
	if c.Type != "fuseline batch certificate" || c.Version != 1 {
		return "", fmt.Errorf("of another type or version")
	}
	h, err := openHead(c.Head, spki, key)
	if err != nil {
		return "", err
	}
	if err := c.Opened.in(h); err != nil {
		return "", err
	}
	var opened struct {
		Batch struct {
			Id       string  `json:"id"`
			Order    *string `json:"order"`
			Count    *int64  `json:"count"`
			OpenedAt string  `json:"openedAt"`
			ClosedAt *string `json:"closedAt"`
			Recipe   recipe  `json:"recipe"`
		} `json:"batch"`
	}
	if err := json.Unmarshal([]byte(c.Opened.Body), &opened); err != nil {
		return "", err
	}
	begun, b := opened.Batch, c.Batch
	if c.Opened.Kind != "batch-opened" || begun.Id != b.Id || !same(begun.Order, b.Order) || asJSON(begun.Count) != asJSON(b.Ordered) || begun.OpenedAt != b.OpenedAt || begun.Recipe != b.Recipe {
		return "", fmt.Errorf("the batch is not that of the row that opened it")
	}
	if c.Closed == nil {
		if !same(begun.ClosedAt, b.ClosedAt) {
			return "", fmt.Errorf("the batch was not closed")
		}
	} else {
		if err := c.Closed.in(h); err != nil {
			return "", err
		}
		var closed struct{ Id, At string }
		err := json.Unmarshal([]byte(c.Closed.Body), &closed)
		if err != nil || c.Closed.Kind != "batch-closed" || c.Closed.Row <= c.Opened.Row || closed.Id != b.Id || !same(&closed.At, b.ClosedAt) {
			return "", fmt.Errorf("the batch was not closed as it says")
		}
	}
	states, before := map[string]int64{}, ""
	for _, board := range c.Boards {
		if board.Mac <= before || (board.Row == nil) != (board.Hash == nil) || (board.Hash != nil && len(board.Hash) != 32) {
			return "", fmt.Errorf("the boards are not in their form")
		}
		if board.Row != nil && (*board.Row <= c.Opened.Row || *board.Row > h.size) || board.State == "sealed" && board.Row == nil {
			return "", fmt.Errorf("a board is not of this batch")
		}
		before = board.Mac
		states[board.State]++
	}
	var left *int64
	if b.Ordered != nil {
		rest := max(0, *b.Ordered-states["sealed"])
		left = &rest
	}
	if c.Counts.Boards != len(c.Boards) || asJSON(c.Counts.States) != asJSON(states) || asJSON(c.Counts.Left) != asJSON(left) {
		return "", fmt.Errorf("the counts are not those of the boards")
	}
	return fmt.Sprintf("batch %s %d", b.Id, h.size), nil
}
