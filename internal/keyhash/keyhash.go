// Package keyhash hashes what series are looked up by: a few texts or integers in
// fixed places, chosen by whoever calls the program.
//
// Each place has two random words of its own, which are the secret of the process:
// two numbers that stand for what is in the place are mixed with them and
// multiplied, and both halves of the product are folded into one. The sum over the
// places is mixed once more, with the lengths of all texts. As nobody outside
// knows the words, nobody can choose keys whose hashes are the same, nor would a
// few that happen to be do harm beyond a longer probe: a hash decides nothing alone.
// What is longer than Short is hashed by hash/maphash first, under a random seed.
package keyhash

import (
	"encoding/binary"
	"hash/maphash"
	"math/bits"
	"math/rand/v2"
	"unsafe"
)

// Secret is what one place is hashed with.
type Secret [2]uint64

// NewSecret returns a random one.
func NewSecret() Secret { return Secret{rand.Uint64(), rand.Uint64()} }

// Of those who hash texts, and of the last step.
var (
	seed    = maphash.MakeSeed()
	end     = NewSecret()
	secrets [Places]Secret
)

// Places is how many texts at most are hashed side by side.
const Places = 8

func init() {
	for i := range secrets {
		secrets[i] = NewSecret()
	}
}

// Mix returns what two numbers in the place of the secret add to the sum.
func (s *Secret) Mix(a, b uint64) uint64 {
	high, low := bits.Mul64(a^s[0], b^s[1])
	return high ^ low
}

// At returns the secret of one of the Places of texts.
func At(place int) *Secret { return &secrets[place%Places] }

// End makes the hash of the sum over all places, and of the lengths of the texts in
// them.
func End(sum, lengths uint64) uint64 { return end.Mix(sum, lengths) }

// Short is how long a text can be that two numbers stand for as it is.
const Short = 16

// Words returns two numbers that together tell a text, of at most Short bytes, from
// all others of that length. It reads pieces that may overlap; all are within the
// text, by its length.
//
// Whoever has not a moment to lose has the same lines in a loop of its own.
func Words(text string) (a, b uint64) {
	at := unsafe.Pointer(unsafe.StringData(text))
	switch n := len(text); {
	case n >= 8:
		return Eight(at), Eight(unsafe.Add(at, n-8))
	case n >= 4:
		return Four(at) | Four(unsafe.Add(at, n-4))<<32, 0
	case n > 0:
		return One(at) | One(unsafe.Add(at, n>>1))<<8 | One(unsafe.Add(at, n-1))<<16, 0
	}
	return 0, 0
}

// Eight, Four and One read that many bytes, the first as the lowest.
func Eight(at unsafe.Pointer) uint64 { return binary.LittleEndian.Uint64((*[8]byte)(at)[:]) }
func Four(at unsafe.Pointer) uint64  { return uint64(binary.LittleEndian.Uint32((*[4]byte)(at)[:])) }
func One(at unsafe.Pointer) uint64   { return uint64(*(*byte)(at)) }

// Long returns a number that stands for a text of any length.
func Long(text string) uint64 { return maphash.String(seed, text) }

// Irregular are the lengths of texts that are too many or too long for a byte each.
const Irregular = 1<<64 - 1

// longest is the greatest length that is told in a byte.
const longest = 254

// Texts hashes texts by their places. It also returns their lengths, a byte each,
// unless they are Irregular; no other byte of them is 255.
func Texts(texts []string) (hash, lengths uint64) {
	if len(texts) > Places {
		return longTexts(texts)
	}
	for i, text := range texts {
		if len(text) > Short {
			return longTexts(texts)
		}
		a, b := Words(text)
		hash += At(i).Mix(a, b)
		lengths = lengths<<8 | uint64(len(text))
	}
	return End(hash, lengths), lengths
}

// longTexts is Texts for those that are long or many. Each is mixed with what came
// before it, so that no two places are the same.
func longTexts(texts []string) (hash, lengths uint64) {
	regular := len(texts) <= Places
	for i, text := range texts {
		n := uint64(len(text))
		regular = regular && n <= longest
		lengths = lengths<<8 | n
		hash = At(i).Mix(hash^Long(text), n)
	}
	if !regular {
		return hash, Irregular
	}
	return hash, lengths
}
