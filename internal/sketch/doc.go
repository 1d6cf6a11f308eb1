// Package sketch finds quantiles of the latest part of a stream of
// observations in bounded memory. It knows no clock and no locks: whoever owns a
// Window tells it when its next generation begins, and uses it from one
// goroutine at a time. A stream may go to several Windows; a Union tells the
// quantiles of all of them together.
//
// # What is kept
//
// A generation is a list of tuples in increasing order of their values. A
// tuple stands for observations that were all equal to its value (copies), and
// for others that are known to lie between the value before and its own (gap).
// Observations that came too late to be sorted in exactly may lie on either
// side of it: slack is how many of those counted in later gaps may be below.
// So the rank of each value is known up to its slack, and the rank of anything
// between two values up to gap + slack. The first and the last tuple are the
// least and the greatest observation, both with certainty.
//
// # Why the promise holds
//
// An objective is a rank q with an error e: among n observations, the answer's
// rank may differ from q*n by e*n. Each objective is made a line over the ranks
// r of a generation,
//
//	E(r) = slope*r + level*n, with E(r) = e*n at r = q*n and E >= 0 elsewhere,
//
// and gap + slack of each tuple is at most twice the least E, rounded down, of
// all the ranks that it may cover. (Lines, so that their minimum is concave
// and only the two ends need looking at.) As observations come, neither side of
// a tuple makes its E smaller, so what was within bounds stays within them.
//
// Generations are of any size and cover any values, so the rank q of all of
// them is some quite different rank r_i in each. But these ranks add up to q*n,
// the sizes to n, and the lines being of one slope and one level, their errors
// add up to slope*q*n + level*n, which is e*n. So the generations, of however
// many Windows, are looked at together as they are: of two neighbours among all
// their values, the ranks that the lower one is known to reach and the higher one
// may begin at are at most 2*e*n + 1 apart around q*n, so one of them is within e*n
// of it, and the answer is the value that is nearest for certain.
//
// A function of the rank that is not linear, loose on both sides of q, would need
// less memory for one generation, and promise nothing for several.
package sketch
