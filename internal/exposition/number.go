package exposition

import (
	"math"
	"math/bits"
	"slices"
	"strconv"
)

// The text formats write numbers as the shortest text that reads back as the same
// number, with an exponent from 10^6 on. What most values are, whole numbers and
// such with a few decimals, is written here, which takes a fraction of the time that
// finding the shortest text of any number does; the rest is left to strconv.
//
// No two numbers of up to fifteen digits are the same float. So a float that is
// read from one of them has no shorter text than that one without the zeros at its
// end.

// sureDigits is 10^15: what is below has up to fifteen digits.
const sureDigits = 1e15

// appendFloat writes the shortest text that reads back as the same number. Zero
// has no sign.
func appendFloat(buf []byte, v float64) []byte {
	if v >= 0 && v < sureDigits {
		n := uint64(v)
		if float64(n) == v {
			return appendWhole(buf, n)
		}
		if v >= 1e-4 && v < 1e6 {
			// The quotient of two numbers that are exact is the float that is
			// nearest to it, which is what reading the text gives.
			if n := uint64(v*1e6 + 0.5); float64(n)/1e6 == v {
				return appendMillionths(buf, n)
			}
		}
	}
	return appendAny(buf, v)
}

func appendAny(buf []byte, v float64) []byte {
	switch {
	case math.IsInf(v, +1):
		return append(buf, "+Inf"...)
	case math.IsInf(v, -1):
		return append(buf, "-Inf"...)
	case math.IsNaN(v):
		return append(buf, "NaN"...)
	}
	return strconv.AppendFloat(buf, v, 'g', -1, 64)
}

// appendWhole writes a whole number as appendFloat writes the float of it.
func appendWhole(buf []byte, n uint64) []byte {
	if n < 1e6 {
		return appendDigits(buf, n)
	}
	if n >= sureDigits {
		return appendAny(buf, float64(n))
	}
	exponent := digitsOf(n) - 1
	for n%10 == 0 {
		n /= 10
	}
	// The point comes after the first digit, which moves in front of it.
	start := len(buf)
	buf = appendDigits(append(buf, '.'), n)
	buf[start], buf[start+1] = buf[start+1], '.'
	if n < 10 {
		buf = buf[:start+1]
	}
	buf = append(buf, "e+"...)
	return append(buf, byte('0'+exponent/10), byte('0'+exponent%10))
}

// appendMillionths writes n/10^6, which is no whole number and less than 10^6.
func appendMillionths(buf []byte, n uint64) []byte {
	buf = appendDigits(buf, n/1e6)
	point := len(buf)
	buf = appendDigits(buf, 1e6+n%1e6) // the one keeps the zeros in front, and makes room for the point
	buf[point] = '.'
	for buf[len(buf)-1] == '0' {
		buf = buf[:len(buf)-1]
	}
	return buf
}

// appendDecimal writes the shortest text that reads back as the same number and
// is seen not to be a whole one: it has a fraction or an exponent.
func appendDecimal(buf []byte, v float64) []byte {
	if v > -1e6 && v < 1e6 && v == float64(int32(v)) {
		// Whole numbers of more than six digits have an exponent.
		if n := int32(v); n >= 0 {
			buf = appendDigits(buf, uint64(n))
		} else {
			buf = strconv.AppendInt(buf, int64(n), 10)
		}
		return append(buf, ".0"...)
	}
	return appendFloat(buf, v)
}

// twoDigits are the numbers below 100, in two digits each.
const twoDigits = "00010203040506070809" +
	"10111213141516171819" +
	"20212223242526272829" +
	"30313233343536373839" +
	"40414243444546474849" +
	"50515253545556575859" +
	"60616263646566676869" +
	"70717273747576777879" +
	"80818283848586878889" +
	"90919293949596979899"

// maxDigits is how many digits the largest number has.
const maxDigits = 20

// appendDigits writes the digits of a number, from the last one to the first, where
// they are to be.
func appendDigits(buf []byte, n uint64) []byte {
	start, count := len(buf), digitsOf(n)
	if cap(buf)-start < maxDigits {
		buf = slices.Grow(buf, maxDigits)
	}
	digits := buf[start : start+count]
	for i := len(digits); i > 0; {
		if i == 1 {
			digits[0] = byte('0' + n)
			break
		}
		pair := n % 100 * 2
		n /= 100
		i -= 2
		digits[i+1] = twoDigits[pair+1]
		digits[i] = twoDigits[pair]
	}
	return buf[:start+count]
}

// digitsOf returns how many digits a number has. That is known from the number of
// its bits, but for one: a power of ten lies among the numbers of so many bits.
func digitsOf(n uint64) int {
	count := bits.Len64(n|1) * 1233 >> 12 // of bits times the logarithm of 2
	if n >= powersOfTen[count] {
		count++
	}
	return count
}

var powersOfTen = [maxDigits]uint64{
	0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9,
	1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19,
}
